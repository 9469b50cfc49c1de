"""Completions written to win a reward they do not deserve, or to be denied one they do."""

import json
from pathlib import Path

import pytest

from rewards import accuracy

CASES = Path(__file__).resolve().parents[1] / "cases" / "attacks.jsonl"


def rows():
    for line in CASES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield pytest.param(row, id=f"{row['kind']}:{row['completion'][:40]}")


@pytest.mark.parametrize("row", rows())
def test_attack(row):
    verdict = accuracy.verify(row["completion"], row["reference"])
    assert verdict.score == row["expected"], f"{verdict.reason}; {row['why']}"
