"""Reading and comparing answers: the golden cases, row by row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rewards.answers import compare, read_answer, read_reference

CASES = sorted((Path(__file__).resolve().parents[2] / "cases").glob("answers_*.jsonl"))


def load(path):
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


ROWS = [(path.stem, row) for path in CASES for row in load(path)]


@pytest.mark.parametrize(
    ("row"), [pytest.param(row, id=f"{name}:{row['reference'][:30]}") for name, row in ROWS]
)
def test_case(row):
    verdict = compare(read_reference(row["reference"]), read_answer(row["answer"]))
    assert verdict.outcome.value == row["expected"], verdict.reason
