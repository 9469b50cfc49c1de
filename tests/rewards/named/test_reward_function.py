"""A user's function called as TRL calls it; whatever it does costs only the rows concerned."""

from __future__ import annotations

import asyncio
import functools
import json
import re
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.errors import TerminatedError
from rewards.named.reward_function import RewardFunction


def verdicts(function, completions, *, prompts=None, **columns):
    reward = RewardFunction(name="mine", function=function)
    return reward.verdicts(
        completions=completions,
        prompts=prompts or ["?"] * len(completions),
        references=[f"ref {n}" for n in range(len(completions))],
        columns=columns,
    )


def test_a_function_gets_what_it_asks_for():
    def picky(completions, number):
        return [float(one) for one in number]

    assert [v.score for v in verdicts(picky, ["a", "b"], number=[1, 2], other=[3, 4])] == [1.0, 2.0]


def test_a_function_gets_references_under_the_name_it_asks_for():
    def by_name(completions, ground_truth, **kwargs):
        return [float(truth == "ref 1") for truth in ground_truth]

    assert [v.score for v in verdicts(by_name, ["a", "b"])] == [0.0, 1.0]


def test_logging_callbacks_are_there_for_those_who_name_them():
    def logs(completions, log_metric, log_extra, **kwargs):
        log_metric("x", 1.0)
        log_extra("y", list(completions))
        return [1.0] * len(completions)

    assert [v.score for v in verdicts(logs, ["a"])] == [1.0]


def test_coroutine_functions():
    async def later(completions, **kwargs):
        return [1.0 for _ in completions]

    assert [v.status.value for v in verdicts(later, ["a"])] == ["correct"]


def test_the_trainers_state_is_there_for_those_who_name_it():
    assert [v.score for v in verdicts(lambda completions, trainer_state: [1.0], ["a"])] == [1.0]


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (1.0, "correct"), (1, "correct"), (True, "correct"), (0.0, "wrong"), (-0.0, "wrong"),
        (False, "wrong"), (0.3, "scored"), (-1.0, "scored"), (2, "scored"),
        (None, "not_applicable"), (np.float32(1), "correct"), (np.array(0.5), "scored"),
        (np.array([1, 2]), "error"), (float("nan"), "error"), (float("inf"), "error"),
        ("high", "error"), (b"1", "error"), ([1], "error"), (10**400, "error"), (1j, "error"),
    ],
)  # fmt: skip
def test_what_a_value_means(value, status):
    (verdict,) = verdicts(lambda **_: [value], ["a"])
    assert verdict.status.value == status
    assert (verdict.score is None) == (status in {"not_applicable", "error"})


LIARS = {
    "none": lambda completions, **_: [],
    "one": lambda completions, **_: [1.0],
    "one too few": lambda completions, **_: [1.0] * (len(completions) - 1),
    "one too many": lambda completions, **_: [1.0] * (len(completions) + 1),
    "a number": lambda completions, **_: 1.0,
    "nothing": lambda completions, **_: None,
    "a mapping": lambda completions, **_: dict.fromkeys(range(len(completions)), 1.0),
    "a set": lambda completions, **_: {1.0, 2.0},
    "text": lambda completions, **_: "1" * len(completions),
    "bytes": lambda completions, **_: b"1" * len(completions),
    "texts": lambda completions, **_: ["1.0"] * len(completions),
    "an object": lambda completions, **_: object(),
    "a scalar array": lambda completions, **_: np.array(1.0),
}


@pytest.mark.parametrize("kind", LIARS)
def test_what_is_not_one_number_per_completion_scores_nothing(kind):
    found = verdicts(LIARS[kind], ["a", "b", "c"])
    assert [v.status.value for v in found] == ["error"] * 3
    assert "mine " in found[0].reason
    # Reasons do not tell with how many others a row was judged: that depends on where a run was
    # interrupted.
    assert verdicts(LIARS[kind], ["a", "b"])[0] == found[0]


def test_a_row_that_is_left_out_costs_only_itself():
    def skips(completions, **_):
        return [1.0 for text in completions if text != "bad"]

    found = verdicts(skips, ["a", "bad", "b"])
    assert [v.score for v in found] == [1.0, None, 1.0]
    assert "returned 0 values for this row given twice" in found[1].reason


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["good", "skip", "raise", "exit", "text"]), max_size=8), st.data())
def test_a_row_gets_the_same_whatever_it_is_called_with(kinds, data):
    def moody(completions, **_):
        for text in completions:
            if text == "raise":
                raise ValueError("raised")
            if text == "exit":
                raise SystemExit(3)
        return ["1" if text == "text" else 1.0 for text in completions if text != "skip"]

    at = data.draw(st.integers(0, len(kinds)))
    assert verdicts(moody, kinds) == verdicts(moody, kinds[:at]) + verdicts(moody, kinds[at:])


class _UnprintableError(Exception):
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("no bad ones"), "ValueError: no bad ones"),
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit(), "GeneratorExit: "),
        (asyncio.CancelledError(), "CancelledError: "),
        (_UnprintableError(), "_UnprintableError: <its message cannot be printed>"),
    ],
)
def test_what_it_raises_costs_only_its_row(error, reason):
    def careful(completions, **kwargs):
        if "bad" in completions:
            raise error
        return [0.0] * len(completions)

    found = verdicts(careful, ["a", "bad", "b"])
    assert [v.score for v in found] == [0.0, None, 0.0]
    assert re.sub(r" \(test_reward_function\.py:\d+\)$", "", found[1].reason) == reason
    assert found[1].reason != reason  # it says where


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt, TerminatedError])
def test_what_concerns_the_process_is_not_swallowed(error):
    def ends(completions, **_):
        raise error

    with pytest.raises(error):
        verdicts(ends, ["a", "b"])


READERS = {
    "first": lambda completions, **_: [float("x" in c[0]["content"]) for c in completions],
    "last": lambda completions, **_: [float("x" in c[-1]["content"]) for c in completions],
    "each": lambda completions, **_: [
        float(any("x" in m["content"] for m in c)) for c in completions
    ],
    "get": lambda completions, **_: [float("x" in c[0].get("content")) for c in completions],
    "prompts": lambda prompts, completions, **_: [
        float("x" in c[0]["content"] and p[0]["role"] == "user")
        for p, c in zip(prompts, completions, strict=True)
    ],
}


@pytest.mark.parametrize("kind", READERS)
def test_a_function_that_reads_messages_gets_messages(kind):
    texts = ["x", "", "y"]
    assert [v.score for v in verdicts(READERS[kind], texts)] == [1.0, 0.0, 0.0]
    messages = [[{"role": "assistant", "content": text}] for text in texts]
    asked = [[{"role": "user", "content": "?"}]] * 3
    for written in (messages, [message for (message,) in messages]):
        found = verdicts(READERS[kind], written, prompts=asked)
        assert [v.score for v in found] == [1.0, 0.0, 0.0]


def test_a_function_that_takes_both_gets_what_the_row_has():
    seen = []

    def either(completions, **_):
        seen.extend(completions)
        return [1.0] * len(completions)

    verdicts(either, ["a", [{"role": "assistant", "content": "b"}]])
    assert seen == ["a", [{"role": "assistant", "content": "b"}]]


def test_an_error_that_messages_do_not_mend_is_the_functions_own():
    def reads_json(completions, **_):
        return [float(json.loads(text)["score"]) for text in completions]

    found = verdicts(reads_json, ['{"score": 1}', '"a string"'])
    assert found[0].score == 1.0
    assert found[1].reason.startswith("TypeError: string indices must be integers")


def test_what_cannot_be_pickled_is_called():
    class Counter:
        def __init__(self):
            self.lock = threading.Lock()

        def __call__(self, completions, **_):
            with self.lock:
                return (float(len(text)) for text in completions)

        def bound(self, completions, **_):
            return self(completions)

    counter = Counter()
    for function in (counter, counter.bound, functools.partial(counter.bound)):
        assert [v.score for v in verdicts(function, ["", "a"])] == [0.0, 1.0]
