"""Parquet with a column for each field of a verdict."""

from __future__ import annotations

import json

import pytest

from rewards.errors import InputError
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row
from rewards.workbench.scoring import ScoreOptions, score_file


def score(tmp_path, output, **options):
    source = tmp_path / "in.jsonl"
    rows = [{"completion": rf"\boxed{{{n}}}", "answer": "1"} for n in range(3)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = tmp_path / output
    score_file(
        ScoreOptions(
            input=source, output=path, rewards=["accuracy", "format"], workers=0, **options
        )
    )
    return path


def test_fields_are_columns_and_are_read_back(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    path = score(tmp_path, "out.parquet", flat=True)
    table = pq.read_table(path)
    assert table["accuracy.score"].to_pylist() == [0, 1, 0]
    assert {"format.status", "accuracy.reason"} <= set(table.column_names)
    nested = score(tmp_path, "nested.parquet")
    with open_rows(path) as flat, open_rows(nested) as usual:
        for one, other in zip(map(parse_row, flat), map(parse_row, usual), strict=True):
            assert {name: one[name] for name in other} == other


def test_only_parquet_is_flat(tmp_path):
    with pytest.raises(InputError, match="--flat is for parquet"):
        score(tmp_path, "out.jsonl", flat=True)
