"""`rlvr` as verifiers imports it: its classes and functions as doubles, the rows and verdicts ours.

`make test-adapters` runs vf-eval itself.
"""

import asyncio
import functools
import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Generic, TypeVar

import pytest
from peers import module

import rewards
import rlvr
from rewards.adapters.bridge import ENVIRONMENT_VARIABLE
from rewards.errors import InputError
from rewards.named import reward_named

T, S, C = TypeVar("T"), TypeVar("S"), TypeVar("C")
HOME = "rewards.workbench.environments.verifiers_taskset"
SPECS = ["accuracy", "accuracy(tolerance=1e-3)", "Gate(format, accuracy)"]
ROWS = [
    {"question": "row 0", "answer": "42", "id": 7, "image": {"a": [1]}, "timeout": 2**70},
    {"question": "row 1", "answer": "3.14159", "agent_user": "root"},
    {"question": "row 2", "answer": ""},
]
SAID = [r"<think>6*7</think> \boxed{42}", r"\boxed{3.1420}", r"\boxed{3}"]


class TaskData:
    """Fields by annotation, as pydantic reads them; an unknown one is refused here."""

    known = frozenset({"prompt", "image", "id", "timeout", "agent_user"})

    def __init__(self, **fields):
        assert {*fields} <= self.known | {*type(self).__annotations__}
        self.__dict__.update(fields)

    def model_dump(self, **_):
        return dict(vars(self))


class TaskConfig:
    def __init__(self, **fields):
        self.__dict__.update(fields)


class Task(Generic[T, S, C]):
    def __init__(self, data, config):
        self.data, self.config = data, config


class Taskset(Generic[T, C]):
    def __init__(self, config):
        self.config = config


class Env(Generic[C]):
    pass


class SingleAgentEnv(Env[Any]):
    pass


@pytest.fixture(autouse=True)
def no_reward_by_environment(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)


@pytest.fixture
def newer(monkeypatch):
    """verifiers 0.4.0: `_plugin_class` reads `__all__` and takes the subclasses it names."""
    made = module(
        monkeypatch, "verifiers.v1",
        TaskData=TaskData, TaskConfig=TaskConfig, Task=Task, Taskset=Taskset, Env=Env,
        State=type("State", (), {}), Trace=type("Trace", (), {}),
        TasksetConfig=TaskConfig, SingleAgentEnv=SingleAgentEnv,
        SingleAgentEnvConfig=TaskConfig, AgentConfig=SimpleNamespace,
        SubprocessConfig=SimpleNamespace,
        reward=lambda weight: lambda method: method,
    )  # fmt: skip
    sys.modules["verifiers"].v1 = made
    monkeypatch.delitem(sys.modules, HOME, raising=False)
    yield
    sys.modules.pop(HOME, None)
    vars(importlib.import_module(HOME.rpartition(".")[0])).pop("verifiers_taskset", None)


def plugin(base):
    found = [getattr(rlvr, name, None) for name in rlvr.__all__]
    (one,) = [it for it in found if isinstance(it, type) and issubclass(it, base) and it != base]
    return one


def test_the_classes_are_there_for_verifiers_alone(newer):
    assert plugin(Taskset).__name__ == "RowsTaskset"
    assert plugin(Env).__name__ == "RowsEnv"
    default = plugin(Env).__orig_bases__[1].__args__[0].agent
    assert default.harness == {"id": "null"}


def test_nothing_of_verifiers_shows_without_it():
    assert [*rlvr.__all__] == [*rewards.__all__]
    for name in ("RowsTaskset", "RowsEnv", "load_environment"):
        with pytest.raises(AttributeError):
            getattr(rlvr, name)
    code = "from rlvr import *; import sys; print(accuracy.name, 'verifiers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["accuracy", "False"]


@pytest.mark.parametrize("spec", SPECS)
def test_a_file_is_judged_by_a_reward_under_its_name(newer, formats, spec):
    reward = reward_named(spec)
    task = SimpleNamespace(reward=spec)
    data = str(formats.parquet(ROWS[1:])) if spec == "accuracy" else str(formats.jsonl(ROWS))
    rows = ROWS[1:] if spec == "accuracy" else ROWS
    taskset = plugin(Taskset)(SimpleNamespace(data=data, prompt_column=None, task=task))
    for one, row in zip(taskset.load(), rows, strict=True):
        said = SAID[int(row["question"][-1])]
        assert (one.data.prompt, one.config) == (row["question"], task)
        kept = json.loads(one.data.row)  # apart from verifiers' fields, and whatever it holds
        assert {name: kept[name] for name in row} == row
        trace = SimpleNamespace(last_reply=said, info={})
        expected = reward.verify(said, row["answer"]).score
        scored = {} if expected is None else {reward.name: expected}
        assert asyncio.run(one.rlvr(trace)) == scored
        assert trace.info["rlvr"][reward.name]["unscored"] == (expected is None)


def test_what_cannot_be_judged_is_said_before_a_model_is_asked(newer, formats):
    config = SimpleNamespace(data=str(formats.jsonl(ROWS)), prompt_column=None)
    config.task = SimpleNamespace(reward="accuracyy")
    with pytest.raises(InputError, match="accuracyy"):
        next(iter(plugin(Taskset)(config).load()))
    config.task = SimpleNamespace(reward=None)
    with pytest.raises(InputError, match=ENVIRONMENT_VARIABLE):
        next(iter(plugin(Taskset)(config).load()))


def test_the_page_names_what_is_there(newer):
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has none")
    page = (Path(__file__).parents[4] / "docs" / "adapters" / "verifiers.md").read_text()
    config, task = plugin(Taskset).__orig_bases__[0].__args__[1], importlib.import_module(HOME)
    known = {*config.__annotations__, "system_prompt"}
    known |= {f"task.{name}" for name in (*task.RowTaskConfig.__annotations__, "rewards")}
    named = re.findall(r"--env\.taskset\.([\w.-]+)", page)
    assert len({*named}) == 5
    assert {one.replace("-", "_") for one in named} <= known
    (toml,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    source = tomllib.loads(toml)["orchestrator"]["train"]["source"][0]["env"]["taskset"]
    assert source.pop("id") == "rlvr"
    assert {*source} <= known | {"task"}
    assert {f"task.{name}" for name in source["task"]} <= known
    (given,) = re.findall(r"-a '(\{.*?\})'", page)
    assert {*json.loads(given)} <= {*inspect.signature(rlvr.load_environment).parameters}


class Message:
    """A message of verifiers' own, as its later versions hand over."""

    def __init__(self, role, content):
        self.role, self.content = role, content

    def model_dump(self, **_):
        return {"role": self.role, "content": self.content}


@pytest.fixture
def older(monkeypatch):
    """verifiers 0.3.1: `Rubric` reads a function's parameters and takes nothing but numbers."""
    single = SimpleNamespace
    module(monkeypatch, "verifiers.envs.singleturn_env", SingleTurnEnv=single)
    module(monkeypatch, "verifiers.rubrics.rubric", Rubric=single)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("message", [Message, functools.partial(dict)])
def test_before_0_4_a_missing_score_is_the_number_that_was_said(older, formats, spec, message):
    pytest.importorskip("datasets")
    reward = reward_named(spec)
    made = rlvr.load_environment(data=str(formats.jsonl(ROWS)), reward=spec, unscored=-1.0)
    (judged,) = made.rubric.funcs
    assert judged.__name__ == reward.name
    for at, row in enumerate(made.eval_dataset):
        assert row["prompt"] == [{"role": "user", "content": f"row {at}"}]
        state = {}
        score = asyncio.run(
            judged(
                prompt=row["prompt"],
                completion=[message(role="assistant", content=SAID[at])],
                info=row["info"],
                state=state,
            )
        )
        expected = reward.verify(SAID[at], ROWS[at]["answer"]).score
        assert score == (-1.0 if expected is None else expected)
        assert state["rlvr"][reward.name]["unscored"] == (expected is None)


def test_a_newer_verifiers_is_told_from_an_older_one(monkeypatch, formats):
    pytest.importorskip("datasets")
    monkeypatch.setitem(sys.modules, "verifiers", ModuleType("verifiers"))
    with pytest.raises(ImportError, match=r"verifiers<0\.4"):
        rlvr.load_environment(data=str(formats.jsonl(ROWS)), reward="accuracy")
