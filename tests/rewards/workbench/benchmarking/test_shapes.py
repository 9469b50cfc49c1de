"""Functions that return a wrong number of values for some sizes of batches."""

import pytest

from rewards import accuracy
from rewards.named.reward_function import RewardFunction
from rewards.workbench.benchmarking.shapes import find_misshapen

JOB = {"rewards": [], "completion": "completion", "prompt": None, "reference": None}


def honest(completions, **_):
    return [1.0] * len(completions)


async def honest_later(completions, **_):
    return [1.0] * len(completions)


def honest_of_messages(completions, **_):
    return [float(one[0]["content"] == "4") for one in completions]


def honest_iterator(completions, **_):
    return iter([1.0] * len(completions))


def one_value(completions, **_):
    return [1.0]


def two_at_most(completions, **_):
    return [1.0] * min(2, len(completions))


async def two_at_most_later(completions, **_):
    return [1.0] * min(2, len(completions))


def two_at_most_of_messages(completions, **_):
    return [float(one[0]["content"] == "4") for one in completions[:2]]


def rounds_up(completions, **_):
    return [1.0] * (-(-len(completions) // 2) * 2)


def raises(completions, **_):
    raise RuntimeError("no")


def found_with(function, size):
    reward = RewardFunction(name=function.__name__, function=function)
    flaw, scores = find_misshapen(reward, [{"completion": "4"}] * size, JOB)
    assert len(scores) == (0 if flaw else size)
    return flaw


@pytest.mark.parametrize("function", [honest, honest_later, honest_of_messages, raises])
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_honest_ones(function, size):
    assert found_with(function, size) == ""


@pytest.mark.parametrize(
    ("function", "size", "values"),
    [
        (one_value, 2, "1 value"),
        (two_at_most, 3, "2 values"),
        (two_at_most_later, 8, "2 values"),
        (two_at_most_of_messages, 3, "2 values"),
        (rounds_up, 3, "4 values"),
    ],
)
def test_others_are_found(function, size, values):
    found = found_with(function, size)
    assert "does not return one value per completion" in found
    assert f"returned {values} for {size} completions" in found


def test_small_batches_show_nothing():
    assert found_with(two_at_most, 2) == ""
    assert found_with(honest_iterator, 3) == ""


def test_a_reward_makes_its_list_itself():
    rows = [{"completion": r"\boxed{4}", "answer": "4"}] * 3
    assert find_misshapen(accuracy, rows, JOB) == ("", [1.0] * 3)
