"""Rewards by name and by import path."""

from __future__ import annotations

import pytest

from rewards import Accuracy, accuracy
from rewards.errors import InputError
from rewards.workbench.scoring.resolve import (
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


def test_a_class_that_is_no_reward_is_refused(module):
    name = module("class Mine:\n    def __call__(self, completions, **k): return []\n")
    with pytest.raises(InputError, match=r"is a class.*name an instance"):
        resolve_reward(f"{name}:Mine")
