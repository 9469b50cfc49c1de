"""Completions written to win a reward they do not deserve, or to be denied one they do."""

import pytest

from rewards import accuracy
from rewards.workbench.benchmarking.stress import load_attacks

ROWS = load_attacks().rows


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.line}:{row.kind}") for row in ROWS])
def test_attack(row):
    columns = row.columns
    verdict = accuracy.verify(columns["completion"], columns["reference"])
    assert verdict.score == row.truth, f"{verdict.reason}; {columns['why']}"
