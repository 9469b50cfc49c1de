"""Which rows a reward's bad ends cost, and when it is given up: a function of the rows alone."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.workbench.scoring.judge import error_fields
from rewards.workbench.scoring.row_limits import PATIENCE_ROWS, RowLimits, expect_patience
from rewards.workbench.scoring.supervision import Isolation
from rewards.worker import Ending

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
                return SimpleNamespace(ending=ENDINGS[letter], value=None, error="KeyError: 1")
        value = {label: [error_fields("fine") | {"status": "scored", "score": 1.0}] * len(rows)}
        return SimpleNamespace(ending=Ending.DONE, value=value, error="")


def judge(texts, cuts, done=()):
    """The verdicts of chunks that end at `cuts`, judged ahead of being written; `done` are rows
    that an earlier run wrote."""
    patience = expect_patience(JOB, LIMITS)
    for row in done:
        patience.count(row)
    isolation = Isolation(JOB, workers=1, limits=LIMITS, patience=patience)
    isolation._users_pool = pool = FakePool()
    rows = [(n, json.dumps({"completion": text}), "") for n, text in enumerate(texts, 1)]
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    chunks = [rows[a:b] for a, b in itertools.pairwise(edges)]
    judged = [isolation.judge(chunk) for chunk in chunks]
    lines = [line for one in judged for line in isolation.write(one)["lines"]]
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
    # In each of the chunks that were judged before the first was written: once together, and one
    # by one until patience is spent. The other reward: once each.
    assert calls == 20 * (1 + PATIENCE_ROWS + 1)
