"""What a worker process of the server does: plain JSON in, plain JSON out.

Refusals travel as values, so that a bad request is told from a reward that failed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from rewards.columns import Role, columns_for
from rewards.errors import InputError, MissingColumnError
from rewards.named import RewardFunction, reward_named
from rewards.reward import Reward
from rewards.serving import programs
from rewards.verdict import Verdict
from rlvr_cpus import usable_cpus

# What `Reward.verdicts` calls something else; a column of that name is read by nothing.
_ARGUMENTS = frozenset(("self", "completions", "prompts", "completion_ids", "trainer_state"))


def prepare(sources: Sequence[str]) -> None:
    """Before any row: import what the operator named, and be one process of several."""
    os.environ["LOCAL_WORLD_SIZE"] = str(usable_cpus())
    for source in sources:
        _resolved(source)


def perform(task: str, *arguments: Any) -> object:
    """Do one of the tasks below, by its name."""
    try:
        return _TASKS[task](*arguments)
    except InputError as error:
        return {"refused": str(error), "missing": isinstance(error, MissingColumnError)}


def judge(source: str, batch: Mapping[str, Any]) -> dict[str, object]:
    """The verdicts of a reward on a batch, just as the library gives them.

    The batch holds `completions`, and may hold `prompts`, `completion_ids`, `columns` (lists by
    name) and `trainer_state`; with `references` each completion is judged as by `Reward.verify`.
    """
    reward = _resolved(source)
    verdicts = (
        _ask_function(reward, batch)
        if isinstance(reward, RewardFunction)
        else _ask(reward, batch)
        if batch.get("references") is None
        else _verify(reward, batch)
    )
    return {"verdicts": [verdict.to_dict() for verdict in verdicts]}


def _ask(reward: Reward, batch: Mapping[str, Any]) -> list[Verdict]:
    columns = {name: cells for name, cells in batch["columns"].items() if name not in _ARGUMENTS}
    if batch.get("trainer_state"):
        columns["trainer_state"] = SimpleNamespace(**batch["trainer_state"])
    return reward.verdicts(
        completions=batch["completions"],
        prompts=batch.get("prompts"),
        completion_ids=batch.get("completion_ids"),
        **columns,
    )


def _verify(reward: Reward, batch: Mapping[str, Any]) -> list[Verdict]:
    count = len(batch["completions"])
    prompts = batch.get("prompts") or [None] * count
    ids = batch.get("completion_ids") or [None] * count
    taken = _ARGUMENTS | {"completion", "reference", "prompt"}
    names = [name for name in batch["columns"] if name in reward.also_reads and name not in taken]
    return [
        reward.verify(
            completion,
            batch["references"][at],
            prompt=prompts[at],
            completion_ids=ids[at],
            **{name: batch["columns"][name][at] for name in names},
        )
        for at, completion in enumerate(batch["completions"])
    ]


def _ask_function(reward: RewardFunction, batch: Mapping[str, Any]) -> list[Verdict]:
    count = len(batch["completions"])
    columns: dict[str, Sequence[object]] = dict(batch["columns"])
    references = batch.get("references")
    if references is None:
        names = columns_for(Role.REFERENCE, columns)
        references = [
            next((columns[name][at] for name in names if columns[name][at] is not None), None)
            for at in range(count)
        ]
    return reward.verdicts(
        completions=batch["completions"],
        prompts=batch.get("prompts") or [None] * count,
        references=references,
        columns=columns,
    )


@lru_cache(maxsize=64)
def _resolved(source: str) -> Reward | RewardFunction:
    return reward_named(source)


_TASKS: Mapping[str, Callable[..., object]] = {
    "judge": judge,
    "run_program": programs.run_program,
    "submit": programs.submit,
    "test_program": programs.test_program,
}
