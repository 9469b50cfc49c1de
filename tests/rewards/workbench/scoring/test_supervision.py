"""Which rows a reward's bad ends cost, and when it is given up: a function of the rows alone."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.workbench.scoring.chunk_judge import ChunkJudge
from rewards.workbench.scoring.judge import error_fields
from rewards.workbench.scoring.row_limits import PATIENCE_ROWS, RowLimits, expect_patience
from rewards.workbench.scoring.supervision import BatchSize, ask_batch
from rewards.worker import Ending, TaskResult

JOB = {
    "rewards": [("one", "mine:one"), ("two", "mine:two")],
    "completion": "completion",
    "prompt": None,
    "reference": None,
    "search_path": "/nowhere",
}
ENDINGS = {
    "h": Ending.WALL_LIMIT,
    "m": Ending.MEMORY_LIMIT,
    "d": Ending.DIED,
    "f": Ending.FAILED,
}
LIMITS = RowLimits(timeout_s=7, memory_mb=99)


def _result(ending, value=None, error=""):
    return TaskResult(ending, value, error, cpu_s=0.0, wall_s=0.0, attempts=1)


class FakePool:
    """Ends as the rows say: `one` as the first letter of a completion, `two` as the second."""

    def __init__(self):
        self.calls = 0

    def run(self, job, rows, known, labels):
        (label,) = labels
        self.calls += 1
        letters = [json.loads(text)["completion"][label == "two"] for _, text, *_ in rows]
        for letter in letters:
            if letter in ENDINGS:
                return _result(ending=ENDINGS[letter], value=None, error="KeyError: 1")
        value = {label: [error_fields("fine") | {"status": "scored", "score": 1.0}] * len(rows)}
        return _result(ending=Ending.DONE, value=value, error="")


def judge(texts, cuts, done=()):
    """The verdicts of chunks that end at `cuts`, judged ahead of being written; `done` are rows
    that an earlier run wrote."""
    patience = expect_patience(JOB, LIMITS)
    for row in done:
        patience.count(row)
    chunk_judge = ChunkJudge(JOB, workers=1, limits=LIMITS, patience=patience)
    chunk_judge._users_pool = pool = FakePool()
    rows = [(n, json.dumps({"completion": text}), "") for n, text in enumerate(texts, 1)]
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    chunks = [rows[a:b] for a, b in itertools.pairwise(edges)]
    judged = [chunk_judge.judge(chunk) for chunk in chunks]
    lines = [line for one in judged for line in chunk_judge.write(one)["lines"]]
    return [json.loads(line) for line in lines], pool.calls


endings = st.lists(
    st.sampled_from(["..", "..", "h.", "h.", "h.", "h.", ".h", "hh", "m.", ".d", "f."]), max_size=40
)


@settings(max_examples=200, deadline=None)
@given(endings, st.sets(st.integers(1, 39)), st.integers(0, 39))
def test_how_rows_are_grouped_and_where_a_run_is_resumed_changes_nothing(texts, cuts, resumed_at):
    whole, _ = judge(texts, ())
    assert judge(texts, cuts)[0] == whole
    done = whole[:resumed_at]
    assert done + judge(texts[resumed_at:], cuts, done)[0] == whole


@settings(max_examples=100, deadline=None)
@given(endings)
def test_each_row_gets_what_it_did_until_a_reward_is_given_up(texts):
    found, _ = judge(texts, (5, 20))
    for at, label in enumerate(("one", "two")):
        given_up, streak = False, 0
        for text, row in zip(texts, found, strict=True):
            reason = row[label]["reason"]
            expected = {
                "h": f"mine:{label} was ended after 7 s (its limit)",
                "m": f"mine:{label} took more than 99 MB (its limit)",
                "d": f"mine:{label} ended its worker process",
                "f": f"mine:{label} failed: KeyError: 1",
                ".": "fine",
            }[text[at]]
            if given_up:
                expected = (
                    f"not called: mine:{label} was ended after 7 s on {PATIENCE_ROWS} rows one "
                    "after another"
                )
            assert reason == expected
            streak = streak + 1 if text[at] == "h" else 0
            given_up = given_up or streak == PATIENCE_ROWS


def test_a_reward_that_always_hangs_is_called_few_times():
    found, calls = judge(["h."] * 1000, range(0, 1000, 50))
    assert len(found) == 1000
    # The first chunk once together. Then, in each of the chunks that were judged before the first
    # was written, one by one until patience is spent. The other reward: once each.
    assert calls == 1 + 20 * (PATIENCE_ROWS + 1)


def test_a_row_whose_process_is_killed_from_outside_is_asked_for_again():
    asked = []

    def ask(row):
        asked.append(row)
        killed = len(asked) < 3
        ending = Ending.DIED if killed else Ending.DONE
        return _result(ending=ending, error="its process was ended by SIGKILL")

    (answer,) = ask_batch(["row"], ask, ask, BatchSize(4))
    assert answer.is_done
    assert len(asked) == 3


def test_a_row_that_ends_its_process_by_itself_is_not():
    asked = []

    def ask(row):
        asked.append(row)
        return _result(ending=Ending.DIED, error="its process was ended by itself")

    (answer,) = ask_batch(["row"], ask, ask, BatchSize(4))
    assert not answer.is_done
    assert len(asked) == 1


@pytest.mark.parametrize("ending", [Ending.CPU_LIMIT, Ending.MEMORY_LIMIT])
def test_a_bomb_costs_its_own_row_the_reward_of_ours_and_no_other_row(ending):
    job = JOB | {"rewards": [("format", "format")]}

    class OurPool(FakePool):
        def run(self, _job, rows, _known, labels):
            if any("bomb" in text for _, text, *_ in rows):
                return _result(ending=ending, value=None, error="")
            fields = [error_fields("fine") | {"status": "correct", "score": 1.0}] * len(rows)
            assert labels == ["format"]
            return _result(ending=Ending.DONE, value={"format": fields}, error="")

    judging = ChunkJudge(job, workers=1, limits=LIMITS, patience=expect_patience(job, LIMITS))
    judging._our_pool = OurPool()
    texts = ["a", "b", "bomb", "c"]
    chunk = [(n, json.dumps({"completion": text}), "") for n, text in enumerate(texts, 1)]
    lines = judging.write(judging.judge(chunk))["lines"]
    found = [json.loads(line)["format"] for line in lines]
    assert [one["score"] for one in found] == [1.0, 1.0, 0.0, 1.0]
    assert found[2]["status"] == "timeout"
    assert "(its limit)" in found[2]["reason"]
