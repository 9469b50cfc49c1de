"""Science answers in plain text, and what a tolerance must not let through."""

import json
from pathlib import Path
from time import process_time

import pytest

from rewards import Accuracy, accuracy
from rewards.answers.read.plain_science import plain_pair

CASES = Path(__file__).resolve().parents[2] / "cases" / "science.jsonl"
ROWS = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
science = Accuracy(preset="science")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['reference']}|{row['answer']}"[:60])
def test_case(row):
    verdict = science.verify(f"\\boxed{{{row['answer']}}}", row["reference"])
    assert (verdict.score == 1) == row["expected"], verdict.reason


def test_the_preset_takes_nothing_away():
    for row in ROWS:
        completion = f"\\boxed{{{row['answer']}}}"
        if accuracy.verify(completion, row["reference"]).score == 1:
            assert science.verify(completion, row["reference"]).score == 1, row


@pytest.mark.parametrize(
    "text",
    ["(a) " * 500, "1 " * 900, "10^" * 600, "9" * 1900, "a: b, " * 300, "1 A" * 600, "∝" * 999],
)
def test_hostile_text_takes_bounded_time(text):
    started = process_time()
    plain_pair(text, text[::-1])
    assert process_time() - started < 1.5
