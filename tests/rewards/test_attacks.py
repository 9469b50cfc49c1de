"""Completions written to win a reward they do not deserve, or to be denied one they do.

A row whose `status` is `open` is known to be judged wrongly: take the status away with the mend.
"""

import json
from pathlib import Path

import pytest

from rewards import accuracy

CASES = Path(__file__).resolve().parents[1] / "cases" / "attacks.jsonl"
OPEN = pytest.mark.xfail(reason="known to be judged wrongly", strict=False)


def rows():
    for line in CASES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        marks = [OPEN] if row.get("status") == "open" else []
        yield pytest.param(row, marks=marks, id=f"{row['kind']}:{row['completion'][:40]}")


@pytest.mark.parametrize("row", rows())
def test_attack(row):
    verdict = accuracy.verify(row["completion"], row["reference"])
    assert verdict.score == row["expected"], f"{verdict.reason}; {row['why']}"
