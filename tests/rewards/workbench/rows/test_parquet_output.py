"""Rows as parquet and back: nothing is lost, whatever JSON they hold."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.errors import DataFileError
from rewards.workbench.rows import parquet_output
from rewards.workbench.rows.parquet_output import write_parquet
from rewards.workbench.rows.readers import open_rows

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

VERDICT = {"score": 1.0, "status": "correct", "extracted": "1", "expected": "1", "reason": "same"}


def convert(folder, rows, name="out.parquet"):
    """Write rows; returns the file and the notes."""
    lines = folder / f"{name}.lines"
    if not isinstance(rows, bytes):
        rows = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    lines.write_bytes(rows)
    return folder / name, write_parquet(lines, folder / name)


def read(path):
    with open_rows(path) as reader:
        rows = list(reader)
    assert not any(row.flaw for row in rows)
    return [json.loads(row.text) for row in rows]


def essence(value):
    """A value in which null is what is not there, and a truth value is no number."""
    if isinstance(value, dict):
        parts = {name: essence(one) for name, one in value.items()}
        return {name: one for name, one in parts.items() if one is not None}
    if isinstance(value, list):
        return [essence(one) for one in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return ("truth", value) if isinstance(value, bool) else value


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(-5, 5)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["\ud800", "2020-01-01", "", "null", "é\u2028\0"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(["a", "b", "", "ü.x", "a b", "\0"])


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.dictionaries(NAMES, VALUES, max_size=4), max_size=6),
    block=st.integers(1, 4),
)
def test_rows_come_back_as_they_went(tmp_path, monkeypatch, rows, block):
    monkeypatch.setattr(parquet_output, "_BLOCK_ROWS", block)
    rows = [{"always": 1} | row for row in rows]
    path, notes = convert(tmp_path, rows)
    assert essence(read(path)) == essence(rows)
    names = dict.fromkeys(name for row in rows for name in row)
    assert len(notes) <= len(names)
    again, _ = convert(tmp_path, rows, "again.parquet")
    assert path.read_bytes() == again.read_bytes()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 2], "int64"),
        ([1, 0.5], "double"),
        ([True, False], "bool"),
        (["a", None], "string"),
        ([None, None], "string"),
        ([[], [1]], "list<element: int64>"),
        ([[], []], "list<element: string>"),
        ([{"a": 1}, {"b": "x"}], "struct<a: int64, b: string>"),
        ([VERDICT | {"score": None, "extracted": None}] * 2, None),
        ([1, "a"], "json"),
        ([1, True], "json"),
        ([0.5, True], "json"),
        ([2**53 + 1, 0.5], "json"),
        ([2**63], "json"),
        ([{}], "json"),
        ([[1, "a"]], "json"),
        ([{"a": 1}, [1]], "json"),
        ([{str(n): n} for n in range(201)], "json"),
        ([json.loads("[" * 30 + "]" * 30)], "json"),
    ],
)
@pytest.mark.parametrize("block", [1, 1000])
def test_the_type_of_a_column(tmp_path, monkeypatch, values, kind, block):
    monkeypatch.setattr(parquet_output, "_BLOCK_ROWS", block)
    path, notes = convert(tmp_path, [{"x": value} for value in values])
    found = pq.read_schema(path).field("x")
    if kind == "json":
        assert str(found.type) == "string"
        assert "'x' is written as JSON text" in notes[0]
    else:
        assert notes == ()
        assert str(found.type) == (
            kind
            or "struct<score: double, status: string, extracted: string, expected: string, "
            "reason: string>"
        )
    assert essence([row["x"] for row in read(path)]) == essence(values)


def test_numbers_that_are_not_finite(tmp_path):
    path, notes = convert(tmp_path, b'{"x": 1e999}\n{"x": -1e999}\n{"x": NaN}\n{"x": 1}\n')
    assert notes == ()
    assert [row["x"] for row in read(path)] == [math.inf, -math.inf, None, 1.0]


def test_other_readers_see_the_rows(tmp_path):
    rows = [{"n": n, "accuracy": VERDICT, "mixed": [n, "x"]} for n in range(100)]
    path, _ = convert(tmp_path, rows)
    table = pq.read_table(path)
    assert table.column("accuracy").to_pylist() == [VERDICT] * 100
    assert table.column("mixed")[3].as_py() == '[3, "x"]'


def test_row_groups_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_output, "_BLOCK_BYTES", 1000)
    path, _ = convert(tmp_path, [{"x": "y" * 99}] * 100)
    assert pq.ParquetFile(path).metadata.num_row_groups == 10


def test_names_that_are_data_do_not_become_types(tmp_path):
    """A type of 20,000 fields for 20,000 rows would take gigabytes."""
    path, notes = convert(tmp_path, [{"counts": {f"word {n}": n}} for n in range(20_000)])
    assert len(notes) == 1
    assert read(path)[19_999] == {"counts": {"word 19999": 19_999}}
    assert pa.default_memory_pool().max_memory() < 2**30


def test_more_columns_than_a_table_has_are_refused(tmp_path):
    with pytest.raises(DataFileError, match="more than 2,000 different columns"):
        convert(tmp_path, [{f"column {n}": n} for n in range(3000)])


def test_nothing_is_a_file_too(tmp_path):
    path, _ = convert(tmp_path, [])
    assert read(path) == []


def test_a_row_at_the_limit_of_nesting_is_written_or_named(tmp_path):
    for depth in (100, 900, 960, 980, 990):
        text = '{"x": ' + "[" * depth + "0.5" + "]" * depth + "}\n"
        try:
            path, notes = convert(tmp_path, text.encode())
        except DataFileError as error:
            assert "nested too deeply for parquet" in str(error)  # noqa: PT017 - or it is written
        else:
            assert notes
            with open_rows(path) as reader:
                (row,) = reader
            assert row.flaw or row.text == text.strip()
