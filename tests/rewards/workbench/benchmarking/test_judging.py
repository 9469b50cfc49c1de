"""Each reward on each row, alone or with its group."""

import json

import pytest

from rewards.workbench.benchmarking.judging import BATCH_ROWS, Record, judge_set
from rewards.workbench.benchmarking.labelled import load_labelled
from rewards.workbench.scoring.row_limits import PATIENCE_ROWS, RowLimits

REWARDS = """
import os, time

def length_of_batch(completions, **_):
    return [float(len(completions))] * len(completions)

def hangs_on_threes(completions, **_):
    if any("3" in text for text in completions):
        time.sleep(1000)
    return [1.0] * len(completions)

def hangs_on_many(completions, **_):
    time.sleep(1000 if len(completions) > 2 else 0)
    return [1.0] * len(completions)

def miscounts_threes(completions, **_):
    return [1.0] * (2 if len(completions) == 3 else len(completions))

calls = 0

def is_first_call(completions, **_):
    global calls
    calls += 1
    return [float(calls == 1)] * len(completions)
"""


@pytest.fixture
def judge(tmp_path):
    (tmp_path / "judged_rewards.py").write_text(REWARDS)

    def judged(name, count=20, record=None, groups=None):
        path = tmp_path / "rows.jsonl"
        rows = [{"completion": str(n), "label": True} for n in range(count)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return judge_set(
            f"judged_rewards:{name}",
            load_labelled(path),
            search_path=str(tmp_path),
            limits=RowLimits(timeout_s=0.4 if "hangs" in name else 5.0),
            record=record,
            groups=groups,
        ).judgements

    return judged


def test_alone_or_with_its_group(judge):
    assert {one.score for one in judge("length_of_batch")} == {1.0}
    found = judge("length_of_batch", count=6, groups=[(4, 0), (1, 2, 5), (3,)])
    assert [one.score for one in found] == [2, 3, 3, 1, 2, 3]


def test_a_row_that_hangs_loses_that_row_only(judge):
    found = judge("hangs_on_threes", count=2 * BATCH_ROWS)
    hung = {at: one.status for at, one in enumerate(found) if one.score is None}
    assert hung == dict.fromkeys((3, 13, 23, 30, 31), "timeout")


def test_a_group_that_is_too_large_is_judged_row_by_row(judge):
    found = judge("hangs_on_many", count=5, groups=[(0, 1), (2, 3, 4)])
    assert [one.score for one in found] == [1.0] * 5


def test_what_a_reward_did_is_remembered(judge):
    record = Record()
    judge("length_of_batch", record=record)
    assert record.batch_dependent == "gave 33 of 33 rows another score in a batch than alone"
    assert not record.misshapen
    record = Record(hung=PATIENCE_ROWS)
    assert {one.status for one in judge("length_of_batch", record=record)} == {"not_run"}


@pytest.mark.parametrize("groups", [None, [(0, 1, 2), (3, 4)]])
def test_a_wrong_number_of_values_for_some_sizes_is_an_error_everywhere(judge, groups):
    found = judge("miscounts_threes", count=5, groups=groups)
    assert {one.status for one in found} == {"error"}
    (reason,) = {one.reason for one in found}
    assert reason.endswith("one value per completion: it returned 2 values for 3 completions")


def test_group_relative_scores_are_no_finding_in_groups(judge):
    record = Record()
    judge("length_of_batch", count=4, record=record, groups=[(0, 1), (2, 3)])
    assert record == Record(shape_known=True)


def test_what_is_loaded_at_the_first_call_is_no_row_s_own_time(judge):
    assert {one.score for one in judge("is_first_call")} == {0.0}
