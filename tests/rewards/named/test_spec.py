"""Rewards by name and by import path."""

from __future__ import annotations

import re

import pytest

from rewards import (
    Accuracy,
    ChatJudge,
    Clip,
    Gate,
    Route,
    SecondOpinion,
    WeightedSum,
    accuracy,
    code,
    format,
    tag_count,
)
from rewards.errors import InputError
from rewards.named import RewardFunction, known_rewards, own_code_in, reward_named
from rewards.workbench.scoring.reward_arguments import read_reward_argument


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
    assert reward_named("accuracy") is accuracy
    assert {"accuracy", "format"} <= set(known_rewards())


def test_objects_by_import_path(module):
    name = module(
        "from rewards import Accuracy, Reward\n"
        "mine = Accuracy(column='final')\n"
        "class box:\n"
        "    @staticmethod\n"
        "    def inner(completions, **k): return [0.0]\n"
    )
    assert reward_named(f"{name}:mine") == Accuracy(column="final")
    assert reward_named("rewards:Accuracy") == accuracy
    assert isinstance(reward_named(f"{name}:box.inner"), RewardFunction)


def test_labels():
    assert read_reward_argument("accuracy").label == "accuracy"
    assert read_reward_argument("pkg.mod:box.inner").label == "inner"
    assert read_reward_argument("b=pkg.mod:inner").label == "b"
    with pytest.raises(InputError, match="cannot name a column"):
        read_reward_argument("=accuracy")


def test_a_class_that_is_no_reward_is_refused(module):
    name = module("class Mine:\n    def __call__(self, completions, **k): return []\n")
    with pytest.raises(InputError, match=r"is a class.*name an instance"):
        reward_named(f"{name}:Mine")


def test_a_reward_by_its_file(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mine.py").write_text(
        "from beside import WORTH\n"
        "def fn(completions, **_):\n    return [WORTH] * len(completions)\n"
    )
    (tmp_path / "lib" / "beside.py").write_text("WORTH = 0.25\n")
    for source in ("lib/mine.py:fn", f"{tmp_path}/lib/mine.py:fn"):
        reward = reward_named(source, search_path=tmp_path)
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
        reward_named(f"{folder}/json.py:fn", search_path=tmp_path).function(completions=["x"])
        for folder in "ab"
    ]
    assert found == [[1], [2]]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.py: no such file"):
        reward_named("gone.py:fn", search_path=tmp_path)


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("accuracy(tolerance=1e-3)", Accuracy(tolerance=1e-3)),
        ("Accuracy(tolerance=-0.0, units='require')", Accuracy(tolerance=0.0, units="require")),
        (" Accuracy ", Accuracy()),
        ("Gate(format, accuracy)", Gate(format, accuracy)),
        ("Gate(reward=accuracy, gate=format, shut=-1)", Gate(format, accuracy, shut=-1)),
        ("WeightedSum([accuracy, format], [1, .5])", WeightedSum((accuracy, format), (1, 0.5))),
        (
            "Clip(WeightedSum((Gate(format, accuracy(tolerance=0.1)), tag_count)), 0, 1)",
            Clip(WeightedSum((Gate(format, Accuracy(tolerance=0.1)), tag_count)), 0, 1),
        ),
        (
            "Route({'math': accuracy, 'code': code}, by='kind', otherwise=None)",
            Route({"math": accuracy, "code": code}, by="kind"),
        ),
        (
            "SecondOpinion(accuracy, judge=ChatJudge(url='http://localhost:1/v1', model='m'))",
            SecondOpinion(accuracy, judge=ChatJudge(url="http://localhost:1/v1", model="m")),
        ),
    ],
)
def test_a_spec_is_what_python_would_build(source, meant):
    assert reward_named(source) == meant
    assert own_code_in(source) == ()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Gate(format, acuracy)", "acuracy: no such reward; did you mean 'accuracy'"),
        ("Gate(format)", "missing"),
        ("Gate(format, accuracy, 1, 2, 3)", "name=value"),
        ("Gate(format, accuracy, gate=format)", "'gate' is given twice"),
        ("Gate(format, accuracy, ajar=1)", "no option 'ajar'; there are"),
        ("accuracy(format)", "name=value"),
        ("accuracy(tolerance=open('x'))", "no literal"),
        ("accuracy(**{'tolerance': 1})", "name=value"),
        ("accuracy(", "no such reward"),
        ("accuracy()()", "no such reward"),
        ("accuracy.judge", "no such reward"),
        ("[accuracy]", "no such reward"),
        ("Gate(format, 3)", "no such reward"),
        ("Route({**{}})", "source"),
        ("Reward()", "no such reward"),
        ("__import__('os').system('true')", "no such reward"),
        ("SecondOpinion(accuracy, judge=print)", "a judge is"),
        ("Gate(" * 5000, "reward"),
        ("-" * 19_000 + "1", "reward"),
        ("", "no such reward"),
    ],
)
def test_what_is_no_spec_is_said_so(source, said):
    with pytest.raises(InputError, match=re.escape(said)):
        reward_named(source)


def test_own_code_inside_of_a_combination(tmp_path):
    (tmp_path / "own_gate.py").write_text(
        "from dataclasses import dataclass\n"
        "from rewards import Format\n"
        "@dataclass(frozen=True)\n"
        "class Mine(Format):\n    name: str = 'mine'\n"
    )
    source = "Gate('own_gate.py:Mine(prefilled=True)', accuracy)"
    gate = reward_named(source, search_path=tmp_path)
    assert (gate.gate.name, gate.gate.prefilled, gate.reward) == ("mine", True, accuracy)
    assert own_code_in(source) == ("own_gate.py:Mine",)
    with pytest.raises(InputError, match="combines rewards"):
        reward_named("Gate('json:loads', accuracy)")


@pytest.mark.parametrize(
    "source",
    [
        "json:loads",
        "mine.py:fn",
        "Gate('json:loads', accuracy)",
        "WeightedSum([accuracy, 'os:system'])",
        "Route({'a': 'os:system'})",
        "SecondOpinion(accuracy, judge='os:system')",
        "SecondOpinion(accuracy, judge=ChatJudge(url='http://10.0.0.1', model='m'))",
    ],
)
def test_a_text_from_elsewhere_imports_nothing_and_calls_nobody(source, monkeypatch):
    monkeypatch.setattr("rewards.named.spec.import_object", lambda *_: pytest.fail("imported"))
    with pytest.raises(InputError, match="not allowed here"):
        reward_named(source, trusted=False)
    assert reward_named("Gate(format, accuracy)", trusted=False) == Gate(format, accuracy)
