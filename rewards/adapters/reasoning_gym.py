r"""reasoning-gym: its scorers as rewards of ours, for any trainer here.

```python
from rewards.adapters.reasoning_gym import reward

trainer = GRPOTrainer(reward_funcs=[reward()], …)   # rows with `answer` and `metadata`
```

On a command line it is `rewards.adapters.reasoning_gym:rlvr`.

A row is an entry of reasoning-gym's: its `answer` and its `metadata` (a dict, or the JSON that a
data set file holds), whose `source_dataset` says which scorer judges. The scorer runs in a process
with CPU and memory limits. Scorers that run text as Python (`eval`,
`parse_expr`: n_queens, countdown and others in version 0.1.25, found by reading the installed
source) are refused: their rows are not applicable.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from textwrap import dedent
from typing import Any, ClassVar

from rewards.adapters.bridge import peer_module
from rewards.columns import Role
from rewards.errors import MissingExtraError
from rewards.extraction.places import AnswerPlace
from rewards.extraction.stated import check_places, stated_answer
from rewards.limited import JudgedApart, Task
from rewards.reward import Sample
from rewards.text.shorten import shown
from rewards.verdict import Status, Verdict
from rewards.worker.result import TaskResult

# What runs text as code. A scorer that reaches one of them, in its own file or in another of
# reasoning-gym's, is not given a model's answer.
_EVALUATING = frozenset({"eval", "exec", "compile", "parse_expr", "sympify", "loads", "__import__"})
_HARMLESS_OWNERS = frozenset({"json", "re"})


@dataclass(frozen=True, kw_only=True)
class ReasoningGym(JudgedApart):
    """The score that reasoning-gym's own scorer gives to the answer that a completion states.

    Attributes:
        dataset: whose scorer judges; `None`: the one that `metadata.source_dataset` names.
        answer_in: where the answer is looked for, in order; see `rewards.extraction.places`.
        cpu_s, memory_mb: limits for one completion, see `JudgedApart`.

    Raises:
        InputError: `answer_in` is no tuple of known places, or a limit is not above 0.
    """

    name: str = "reasoning_gym"
    dataset: str | None = None
    answer_in: tuple[AnswerPlace, ...] = ("answer_tag", "box")
    cpu_s: float = 10.0  # the first task of a scorer makes its data set
    memory_mb: int = 1024

    role: ClassVar[Role | None] = Role.REFERENCE
    also_reads: ClassVar[tuple[str, ...]] = ("metadata", "question", "source_dataset")
    function: ClassVar[str] = "rewards.adapters.reasoning_gym:score_apart"
    preload: ClassVar[tuple[str, ...]] = ("reasoning_gym",)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_places(self.answer_in)

    def prepare(self, sample: Sample) -> Task | Verdict:
        """The answer and the entry that it is scored by."""
        expected = shown(str(sample.reference))
        try:
            metadata = _metadata(sample.row.get("metadata"))
        except ValueError as error:
            reason = f"the row's metadata cannot be read: {error}"
            return Verdict(None, Status.BAD_REFERENCE, expected=expected, reason=reason)
        dataset = self.dataset or sample.row.get("source_dataset")
        dataset = dataset or metadata.get("source_dataset")
        if not isinstance(dataset, str):
            reason = "the row names no source_dataset"
            return Verdict(None, Status.NOT_APPLICABLE, expected=expected, reason=reason)
        if refused := why_refused(dataset):
            return Verdict(None, Status.NOT_APPLICABLE, expected=expected, reason=refused)
        found = stated_answer(sample, self.answer_in)
        if found.text is None:
            return Verdict(0.0, Status.NO_ANSWER, expected=expected, reason=found.note)
        entry: dict[str, Any] = {
            "question": sample.row.get("question"),
            "answer": sample.reference,
            "metadata": metadata,
        }
        return Task([dataset, found.text, entry], shown(found.text), expected)

    def _concluded(self, task: Task, result: TaskResult) -> Verdict:
        if not result.is_done or not isinstance(result.value, float | int):
            return super()._concluded(task, result)
        score = float(result.value)
        status = {1.0: Status.CORRECT, 0.0: Status.WRONG}.get(score, Status.SCORED)
        reason = f"reasoning-gym's scorer of {task.arguments[0]} gives {score:g}"
        return Verdict(score, status, task.extracted, task.expected, reason)


def reward(dataset: str | None = None, **options: Any) -> ReasoningGym:
    """The reward for one data set's scorer, or for the one that each row names.

    Args:
        dataset: reasoning-gym's name of it.
        **options: the other fields of `ReasoningGym`.

    Raises:
        MissingExtraError: reasoning-gym is not installed.
    """
    peer_module("reasoning_gym", install="pip install reasoning-gym")
    return ReasoningGym(dataset=dataset, **options)


rlvr = ReasoningGym()


def score_apart(dataset: str, answer: str, entry: dict[str, Any]) -> float:
    """Score an answer with a data set's scorer; runs in a worker.

    Raises:
        ValueError: there is no such data set.
    """
    return float(_scorer(dataset)(answer, entry))


@cache
def _scorer(dataset: str) -> Any:
    factory = import_module("reasoning_gym.factory")
    return factory.get_score_answer_fn(dataset)


@cache
def why_refused(dataset: str) -> str:
    """Why a data set's scorer is given no answer of a model, or "" where it is."""
    try:
        factory = peer_module("reasoning_gym.factory", install="pip install reasoning-gym")
    except MissingExtraError as error:
        return str(error)
    if dataset not in factory.DATASETS:
        return f"reasoning-gym has no data set {dataset!r}"
    cls = factory.DATASETS[dataset][0]
    called = _evaluating(cls.score_answer, cls, set())
    if not called:
        return ""
    return (
        f"reasoning-gym's scorer of {dataset} uses {called}, which runs text as Python; judge "
        "these rows by `accuracy` or a function of your own"
    )


def _evaluating(function: Any, cls: type, seen: set[Any]) -> str:
    """What runs text as code among all that a function of reasoning-gym's mentions, or "".

    Followed: its own functions and classes, in whichever of its files, and methods of `self`.
    """
    if isinstance(function, type):
        methods = [one for one in vars(function).values() if inspect.isfunction(one)]
        return next(filter(None, (_evaluating(one, function, seen) for one in methods)), "")
    function = inspect.unwrap(function)
    if function in seen or not inspect.isfunction(function):
        return ""
    seen.add(function)
    names = function.__globals__
    try:
        source = inspect.getsource(function)
    except OSError:  # a data class's own methods have none; anything else is not trusted
        made = function.__name__.startswith("__")
        return "" if made else f"{function.__qualname__}, whose source is not there,"
    for node in ast.walk(ast.parse(dedent(source))):
        word, found = _mentioned(node, cls, names)
        if str(getattr(found, "__module__", "")).partition(".")[0] == "reasoning_gym":
            if reached := _evaluating(found, cls, seen):
                return reached
        elif word in _EVALUATING:
            return word
    return ""


def _mentioned(node: ast.AST, cls: type, names: Mapping[str, Any]) -> tuple[str, Any]:
    """The name that a piece of source mentions, and what it stands for there, if that is known."""
    if isinstance(node, ast.Name):
        return node.id, names.get(node.id)
    if not isinstance(node, ast.Attribute):
        return "", None
    owner = ast.unparse(node.value)
    if owner in _HARMLESS_OWNERS:
        return "", None
    of_itself = owner in {"self", "cls", "super()"}
    return node.attr, getattr(cls if of_itself else names.get(owner), node.attr, None)


def _metadata(cell: object) -> Mapping[str, Any]:
    if isinstance(cell, str):
        cell = json.loads(cell)
    if cell is None:
        return {}
    if not isinstance(cell, Mapping):
        raise ValueError(f"it is a {type(cell).__name__}, not an object")  # noqa: TRY004
    return cell
