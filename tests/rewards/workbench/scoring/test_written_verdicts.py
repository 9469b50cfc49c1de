"""Verdicts read back from a scored file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.verdict import Status, Verdict
from rewards.workbench.scoring.written_verdicts import dump_row, read_verdict, verdict_columns

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["score", "status"]), inner),
    max_leaves=5,
)


@given(JSON)
def test_never_raises(value):
    found = read_verdict(value)
    assert found is None or isinstance(found, Verdict)


@given(
    st.sampled_from(Status), st.floats(allow_nan=False, allow_infinity=False), st.none() | st.text()
)
def test_reads_what_was_written(status, score, text):
    verdict = Verdict(score if status.is_scored else None, status, text, text, text or "")
    assert read_verdict(json.loads(json.dumps(verdict.to_dict()))) == verdict


@pytest.mark.parametrize(
    "value",
    [
        None,
        1.0,
        {"score": 1.0},
        {"score": True, "status": "correct"},
        {"score": "1", "status": "correct"},
        {"score": float("nan"), "status": "correct"},
        {"score": 10**400, "status": "correct"},
        {"score": 1.0, "status": "fine"},
        {"score": 1.0, "status": ["correct"]},
        {"score": None, "status": "correct"},
        {"score": 1.0, "status": "error"},
    ],
)
def test_what_is_no_verdict(value):
    assert read_verdict(value) is None


def test_columns_in_order_of_appearance():
    good = {"score": 1, "status": "correct"}
    rows = [{"a": 1, "b": good}, {"c": good, "b": good, "d": {"score": 1}}]
    assert verdict_columns(rows) == ["b", "c"]


@given(st.dictionaries(st.text(st.characters()), st.text(st.characters())))
def test_dumped_rows_are_one_line_of_utf_8(row):
    line = dump_row(row)
    assert "\n" not in line
    assert json.loads(line.encode()) == row
