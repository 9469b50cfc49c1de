"""Completions written to win a reward they do not deserve, or to be denied one they do."""

import json

import pytest

from rewards import accuracy
from rewards.benchmarking.labelled import shipped

CASES = shipped("attacks")


def rows():
    for line in CASES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield pytest.param(row, id=f"{row['kind']}:{row['completion'][:40]}")


@pytest.mark.parametrize("row", rows())
def test_attack(row):
    verdict = accuracy.verify(row["completion"], row["reference"])
    assert verdict.score == row["label"], f"{verdict.reason}; {row['why']}"
