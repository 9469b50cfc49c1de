"""One status or one reason above nine tenths of a file is said in a line, and nothing else is."""

from __future__ import annotations

import pytest

from rewards.workbench.scoring.tally import Tally, kind_of_reason
from rewards.workbench.scoring.warning_signs import warning_signs

COLUMNS = {"completion": "response", "prompt": None, "reference": "gold"}


def counted(*verdicts):
    tally = Tally.of(["accuracy"])
    for status, score, reason in verdicts:
        tally.add({"accuracy": {"status": status, "score": score, "reason": reason}})
    return tally


def test_one_reason_behind_nearly_all_rows_is_named_with_the_columns():
    rows = [("no_answer", 0.0, f'no box, no tag; read "{n}"') for n in range(95)]
    tally = counted(*rows, *[("correct", 1.0, "the same")] * 5)
    (sign,) = warning_signs(tally, COLUMNS)
    assert sign.startswith("accuracy: 95% of the rows are no_answer, 95% for one reason (no box")
    assert "completion from 'response', reference from 'gold'" in sign


@pytest.mark.parametrize(
    "rows",
    [
        [("no_answer", 0.0, "why")] * 9,  # too few
        [("correct", 1.0, "the same")] * 100,
        [("scored", 0.0, "mine returned 0")] * 100,
        [("wrong", 0.0, "differ")] * 90 + [("correct", 1.0, "the same")] * 10,
    ],
)
def test_nothing_else_is_said(rows):
    assert warning_signs(counted(*rows), COLUMNS) == ()


def test_reasons_are_counted_alike_in_parts_and_in_bounded_memory():
    rows = [("wrong", 0.0, f"reads '{n}', not '{n + 1}'") for n in range(50)]
    rows += [("wrong", 0.0, "x" * n) for n in range(1, 1000)]
    whole = counted(*rows)
    parts = Tally.of(["accuracy"])
    for start in range(0, len(rows), 64):
        parts.merge(Tally.from_dict(counted(*rows[start : start + 64]).to_dict()))
    assert parts == whole
    assert whole.rewards["accuracy"].reasons["wrong", "reads …, not …"] == 50
    assert len(whole.rewards["accuracy"].reasons) <= 200
    assert kind_of_reason("12 of 30 rows") == "… of … rows"
    assert kind_of_reason("row 12 (mine.py:30)") == "row … (mine.py:30)"
