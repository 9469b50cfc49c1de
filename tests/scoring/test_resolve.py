"""Rewards by name and by import path."""

from __future__ import annotations

import pytest

from rewards import Accuracy, accuracy
from rewards.errors import InputError
from rewards.scoring.resolve import (
    RewardFunction,
    known_rewards,
    read_reward_argument,
    resolve_reward,
)


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """Writes a module under a name of its own and returns that name."""
    monkeypatch.chdir(tmp_path)

    def write(source):
        name = f"user_{abs(hash(request.node.name))}"
        (tmp_path / f"{name}.py").write_text(source)
        return name

    return write


def verdicts(function, completions, **columns):
    reward = RewardFunction(name="mine", function=function)
    return reward.verdicts(
        completions=completions,
        prompts=[None] * len(completions),
        references=[f"ref {n}" for n in range(len(completions))],
        columns=columns,
    )


def test_known_names():
    assert resolve_reward("accuracy") is accuracy
    assert {"accuracy", "format"} <= set(known_rewards())


def test_objects_by_import_path(module):
    name = module(
        "from rewards import Accuracy, Reward\n"
        "mine = Accuracy(column='final')\n"
        "class box:\n"
        "    @staticmethod\n"
        "    def inner(completions, **k): return [0.0]\n"
    )
    assert resolve_reward(f"{name}:mine") == Accuracy(column="final")
    assert resolve_reward("rewards:Accuracy") == accuracy
    assert isinstance(resolve_reward(f"{name}:box.inner"), RewardFunction)


def test_labels():
    assert read_reward_argument("accuracy").label == "accuracy"
    assert read_reward_argument("pkg.mod:box.inner").label == "inner"
    assert read_reward_argument("b=pkg.mod:inner").label == "b"
    with pytest.raises(InputError, match="cannot name a column"):
        read_reward_argument("=accuracy")


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


def test_a_wrong_length_or_a_wrong_value_is_an_error_of_the_row():
    assert [v.status.value for v in verdicts(lambda **_: [1.0, 1.0], ["a", "b"])] == ["correct"] * 2
    short = verdicts(lambda **_: [], ["a", "b"])
    assert [v.reason for v in short] == ["mine returned 0 values for 2 completions"] * 2
    for value in (float("nan"), float("inf"), "high", [1]):
        (verdict,) = verdicts(lambda value=value, **_: [value], ["a"])
        assert verdict.score is None
        assert verdict.status.value == "error"
    (verdict,) = verdicts(lambda **_: 5, ["a"])
    assert verdict.status.value == "error"


def test_one_value_for_many_completions_is_no_reward_of_each():
    # Called again row by row, the one value would fit every row.
    found = verdicts(lambda **_: [1.0], ["a", "b", "c"])
    assert [v.score for v in found] == [None] * 3
    assert found[0].reason == "mine returned 1 values for 3 completions"


@pytest.mark.parametrize(
    "result", [{0: 1.0, 1: 1.0}, {1.0, 2.0}, "11", b"11", None, 1.0, True, ["1.0", "0.5"]]
)
def test_what_is_no_list_of_numbers_scores_nothing(result):
    found = verdicts(lambda **_: result, ["a", "b"])
    assert [v.status.value for v in found] == ["error"] * 2


def test_an_exception_costs_only_its_row():
    def careful(completions, **kwargs):
        if "bad" in completions:
            raise ValueError("no bad ones")
        return [0.0] * len(completions)

    found = verdicts(careful, ["a", "bad", "b"])
    assert [v.score for v in found] == [0.0, None, 0.0]
    assert found[1].reason == "ValueError: no bad ones"
