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


def test_a_reward_by_its_file(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mine.py").write_text(
        "from beside import WORTH\n"
        "def fn(completions, **_):\n    return [WORTH] * len(completions)\n"
    )
    (tmp_path / "lib" / "beside.py").write_text("WORTH = 0.25\n")
    for source in ("lib/mine.py:fn", f"{tmp_path}/lib/mine.py:fn"):
        reward = resolve_reward(source, search_path=tmp_path)
        (verdict,) = reward.verdicts(
            completions=["a"], prompts=[None], references=[None], columns={}
        )
        assert (reward.name, verdict.score) == ("fn", 0.25)
    assert read_reward_argument("lib/mine.py:fn").label == "fn"
    assert read_reward_argument("x=lib/mine.py:fn").label == "x"


def test_two_files_of_one_name_are_two(tmp_path):
    for folder, worth in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "json.py").write_text(f"def fn(completions):\n    return [{worth}]\n")
    found = [
        resolve_reward(f"{folder}/json.py:fn", search_path=tmp_path).function(completions=["x"])
        for folder in "ab"
    ]
    assert found == [[1], [2]]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.py: no such file"):
        resolve_reward("gone.py:fn", search_path=tmp_path)
