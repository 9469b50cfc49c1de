"""reasoning-gym's scorers as a reward; a package of the same shape stands for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rewards.adapters import reasoning_gym as adapter
from rewards.errors import InputError
from rewards.sample import Sample
from rewards.verdict import Status

ROOT = Path(__file__).resolve().parents[3]

PACKAGE = {
    "__init__.py": "",
    "factory.py": """
from . import scorers

DATASETS = {name: (cls, None) for name, cls in vars(scorers).items() if isinstance(cls, type)}

def get_score_answer_fn(name):
    return DATASETS[name][0]().score_answer
""",
    "utils.py": """
from sympy import parse_expr

def value_of(text):
    return parse_expr(text)

def length_of(text):
    return len(text)
""",
    "scorers.py": """
import json
import pickle
from dataclasses import dataclass
from .utils import length_of, value_of

def parse_expr(text):
    return text[::-1]

def measured(text):
    return eval(text)

class Same:
    def score_answer(self, answer, entry):
        return float(answer == entry["answer"])

class Graded(Same):
    def score_answer(self, answer, entry):
        return min(length_of(answer) / len(entry["metadata"]["wanted"]), 1.0)

class Makes(Same):
    def make(self):
        return eval("1 + 1")

class OwnParser(Same):
    def score_answer(self, answer, entry):
        return float(parse_expr(answer) == entry["answer"])

class ReadsJson(Same):
    def score_answer(self, answer, entry):
        return float(json.loads(answer) == json.loads(entry["answer"]))

class Evaluates(Same):
    def score_answer(self, answer, entry):
        return float(eval(answer) == entry["answer"])

class ByHelper(Same):
    def score_answer(self, answer, entry):
        return self.compare(answer)
    def compare(self, answer):
        return float(measured(answer))

class InOtherFile(Same):
    def score_answer(self, answer, entry):
        return float(value_of(answer) == 1)

class Unpickles(Same):
    def score_answer(self, answer, entry):
        return float(pickle.loads(answer) == 1)

@dataclass
class Point:
    x: int

class Builds(Same):
    def score_answer(self, answer, entry):
        return float(Point(answer) == Point(entry["answer"]))

class BuildsByEval(Same):
    def score_answer(self, answer, entry):
        return float(Number(answer).value == 1)

class Number:
    def __init__(self, text):
        self.value = eval(text)

class Hangs(Same):
    def score_answer(self, answer, entry):
        while True:
            pass
""",
}


@pytest.fixture
def peer(tmp_path, monkeypatch):
    folder = tmp_path / "reasoning_gym"
    folder.mkdir()
    for name, text in PACKAGE.items():
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for cached in (adapter.why_refused, adapter._scorer):
        cached.cache_clear()
    yield tmp_path
    for cached in (adapter.why_refused, adapter._scorer):
        cached.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "reasoning_gym"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "dataset", ["Same", "Graded", "Makes", "OwnParser", "ReadsJson", "Builds", "Hangs"]
)
def test_a_scorer_that_only_looks_is_used(peer, dataset):
    assert adapter.why_refused(dataset) == ""


@pytest.mark.parametrize(
    "dataset", ["Evaluates", "ByHelper", "InOtherFile", "Unpickles", "BuildsByEval"]
)
def test_a_scorer_that_runs_the_answer_is_refused(peer, dataset):
    assert "runs text as Python" in adapter.why_refused(dataset)
    judge = adapter.reward(dataset)
    verdict = judge.verify("<answer>__import__('os').system('true')</answer>", "1")
    assert verdict.status is Status.NOT_APPLICABLE
    assert dataset in verdict.reason


def test_what_it_does_not_have_is_no_ones(peer):
    assert "no data set" in adapter.why_refused("Nowhere")


def test_scorers_score_apart(peer):
    entry = {"answer": "12", "metadata": {"wanted": "1234"}}
    assert adapter.score_apart("Same", "12", entry) == 1.0
    assert adapter.score_apart("Graded", "1", entry) == 0.25


def test_rows_that_cannot_be_judged_have_no_score(peer):
    judge = adapter.reward()
    answer = "<answer>12</answer>"
    assert judge.verify(answer, "12", metadata="{broken").status is Status.BAD_REFERENCE
    assert judge.verify(answer, "12", metadata="[1]").status is Status.BAD_REFERENCE
    assert judge.verify(answer, "12").status is Status.NOT_APPLICABLE
    assert judge.verify(answer, None).status is Status.NOT_APPLICABLE
    named = judge.prepare(Sample(answer, "12", row={"metadata": {"source_dataset": "Same"}}))
    assert named.arguments[:2] == ["Same", "12"]
    silent = judge.verify("12", "12", source_dataset="Same")
    assert (silent.score, silent.status) == (0.0, Status.NO_ANSWER)


def test_places_are_checked():
    with pytest.raises(InputError, match="answer_in"):
        adapter.ReasoningGym(answer_in=("nowhere",))


def test_a_batch_in_a_process_of_its_own(peer):
    code = """
import json
from rewards.adapters.reasoning_gym import ReasoningGym
judge = ReasoningGym(cpu_s=0.5)
names = ["Same", "Same", "Graded", "Evaluates", "Hangs"]
verdicts = judge.verdicts(
    completions=["<answer>12</answer>", "<answer>13</answer>"] + ["<answer>12</answer>"] * 3,
    answer=["12"] * 5,
    metadata=[json.dumps({"source_dataset": name, "wanted": "1234"}) for name in names],
)
print(json.dumps([[v.score, v.status.value] for v in verdicts]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": f"{peer}{os.pathsep}{ROOT}"},
    )
    assert json.loads(done.stdout) == [
        [1.0, "correct"],
        [0.0, "wrong"],
        [0.5, "scored"],
        [None, "not_applicable"],
        [0.0, "timeout"],
    ]
