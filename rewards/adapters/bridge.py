r"""What all adapters share: one reward by its spec, rows judged, and what a missing score becomes.

A peer differs from another in three decisions, which its own file takes with what is here:

* what a completion without a score becomes: the peer's own "unscored" where it has one, else the
  number `unscored`, counted and warned of (`counting`);
* where the reason goes: `Bridge.record` is a verdict as flat values under the same keys for every
  row, for peers that log what they are given;
* what waits: `Bridge.verdicts_apart` judges in a thread where the peer's event loop generates.

The door is the same for all. In a file of two lines, wherever a peer takes a file or an import
path:

```python
from rewards.adapters.verl import reward

compute_score = reward("accuracy(tolerance=1e-3)")
```

Without a file each adapter has the same thing ready under the name `rlvr`; which reward it is says
the peer's own configuration (`reward: "accuracy(tolerance=1e-3)"`) or, for peers that hand over
none, the environment variable `RLVR_REWARD`.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeAlias

from rewards.adapters.counting import count
from rewards.adapters.peer_columns import NO_CELL, cell_at, reference_paths
from rewards.columns import COLUMN_ALIASES, Role, columns_for
from rewards.composite import Combination
from rewards.errors import InputError, MissingColumnError, MissingExtraError
from rewards.named import RewardFunction, reward_named
from rewards.reward import Reward
from rewards.verdict import Status, Verdict

ENVIRONMENT_VARIABLE = "RLVR_REWARD"
"""Names the reward where a peer has no place for it in its own configuration."""


Source: TypeAlias = str | Reward | RewardFunction
"""A reward, or the spec that names it: `accuracy(tolerance=1e-3)`, `Gate(format, accuracy)`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One completion as a peer hands it over.

    Attributes:
        completion: what the model wrote: a string, or chat messages.
        cells: the dataset's row, the reference among its cells.
        prompt: the prompt, where the peer gives it.
        completion_ids: the completion's token ids, where the peer gives them.
    """

    completion: object
    cells: Mapping[str, object]
    prompt: object = None
    completion_ids: Sequence[int] | None = None


@dataclass(frozen=True)
class Bridge:
    """One reward on the way to one peer. Picklable and thread-safe, as the reward is.

    Attributes:
        peer: the peer's name, a key of the table in `rewards.adapters.peer_columns`.
        reward: the reward.
        unscored: what stands for a missing score where the peer takes nothing but numbers.

    Raises:
        InputError: `unscored` is no finite number.
    """

    peer: str
    reward: Reward | RewardFunction
    unscored: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.unscored):
            raise InputError(
                f"unscored={self.unscored}: {self.peer} averages it; give a finite number"
            )

    @property
    def name(self) -> str:
        """What the reward is called."""
        return self.reward.name

    def verdict(self, row: Row) -> Verdict:
        """Judge one completion; a failure is in the verdict, never raised."""
        return self.verdicts([row])[0]

    def verdicts(self, rows: Sequence[Row]) -> list[Verdict]:
        """Judge completions together, one verdict each, in order."""
        found = self._judge(rows) if rows else []
        count(self.peer, self.name, found, unscored=self.unscored)
        return found

    def _judge(self, rows: Sequence[Row]) -> list[Verdict]:
        completions = [row.completion for row in rows]
        prompts = [row.prompt for row in rows]
        if not isinstance(self.reward, Reward):
            references = [self._find(row.cells, Role.REFERENCE, None) for row in rows]
            return self.reward.verdicts(
                completions=completions,
                prompts=prompts,
                references=references,
                columns=_as_columns([row.cells for row in rows]),
            )
        ids = [row.completion_ids for row in rows]
        needs = _needs(self.reward)
        if len(needs) < 2:  # one reference a row
            role, column = needs[0] if needs else (None, None)
            return self.reward.verify_many(
                completions,
                [self._find(row.cells, role, column) for row in rows],
                prompts=prompts,
                completion_ids=ids,
                rows=[row.cells for row in rows],
            )
        # Parts that need different things find each its own under the name that it looks for.
        filled = [
            {
                **row.cells,
                **{
                    column or COLUMN_ALIASES[role][0]: self._find(row.cells, role, column)
                    for role, column in needs
                },
            }
            for row in rows
        ]
        columns = {
            name: cells
            for name, cells in _as_columns(filled).items()
            if name not in {"completions", "prompts", "completion_ids"}
        }
        try:
            return self.reward.verdicts(
                completions=completions, prompts=prompts, completion_ids=ids, **columns
            )
        except MissingColumnError as error:  # these rows may be the ones that have none
            missing = Verdict(None, Status.NOT_APPLICABLE, reason=str(error))
            return [missing] * len(rows)

    async def verdicts_apart(self, rows: Sequence[Row]) -> list[Verdict]:
        """Judge in a thread, so that the event loop goes on meanwhile."""
        return await asyncio.to_thread(self.verdicts, rows)

    async def verdict_apart(self, row: Row) -> Verdict:
        """Judge one completion in a thread, so that the event loop goes on meanwhile."""
        return (await self.verdicts_apart([row]))[0]

    def best(self, verdicts: Sequence[Verdict]) -> Verdict:
        """The verdict on a completion judged by several references that are right alike.

        The highest score counts. While one of them could not be judged, only a full score settles
        the row: the reference that could not be read may be the one that was met.

        Raises:
            InputError: there is no verdict.
        """
        if not verdicts:
            raise InputError(f"{self.peer}: the row has no reference at all")
        scored = [verdict for verdict in verdicts if verdict.score is not None]
        open_ones = [verdict for verdict in verdicts if verdict.score is None]
        top = max(scored, key=lambda verdict: verdict.score or 0.0, default=None)
        if top is None or (open_ones and (top.score or 0.0) < self._full):
            return open_ones[0]
        return top

    def number(self, verdict: Verdict) -> float:
        """The score, or what stands for a missing one."""
        return self.unscored if verdict.score is None else verdict.score

    def record(self, verdict: Verdict) -> dict[str, float | str]:
        """A verdict as numbers and texts, never `None`, under the same keys for every row."""
        return {
            "score": self.number(verdict),
            "status": verdict.status.value,
            "reason": verdict.reason,
            "prediction": verdict.extracted or "",
            "expected": verdict.expected or "",
            "unscored": float(verdict.score is None),
        }

    def _find(self, cells: Mapping[str, object], role: Role | None, column: str | None) -> object:
        """What the row says is right: in the reward's own `column`, or in the peer's usual ones."""
        if role is None:
            return None
        for path in (column,) if column else reference_paths(self.peer, role):
            cell = cell_at(cells, path)
            if cell is not NO_CELL and cell is not None:
                return cell
        return None

    @property
    def _full(self) -> float:
        return self.reward.bounds[1] if isinstance(self.reward, Reward) else 1.0


def bridge(peer: str, source: Source | None, *, unscored: float = 0.0) -> Bridge:
    """The bridge from a reward to a peer; a spec is read once a process.

    Args:
        peer: the peer's name.
        source: the reward or its spec; `None`: what `RLVR_REWARD` names.
        unscored: what stands for a missing score where the peer takes nothing but numbers.

    Raises:
        InputError: nothing names a reward, or there is no such reward.
    """
    if source is None:
        source = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
        if not source:
            raise InputError(
                f"which reward? Set {ENVIRONMENT_VARIABLE}='accuracy' where {peer} runs (in every "
                "process of a cluster), or write a file with "
                f"`from rewards.adapters.{peer} import reward` and `mine = reward('accuracy')`"
            )
    if isinstance(source, str):
        return _from_spec(peer, source, unscored)
    return Bridge(peer, source, unscored)


@lru_cache(maxsize=256)
def _from_spec(peer: str, spec: str, unscored: float) -> Bridge:
    return Bridge(peer, reward_named(spec), unscored)


def _needs(reward: Reward, told: str | None = None) -> list[tuple[Role, str | None]]:
    """What a reward and its parts need of the row: roles, each with the column it was told."""
    if isinstance(reward, Combination):
        found = [need for part in reward.parts for need in _needs(part, reward.column or told)]
        return [*dict.fromkeys(found)]
    if reward.role is None:
        return []
    own = told if reward.role is Role.REFERENCE else None
    return [(reward.role, reward.column or own)]


def _as_columns(rows: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def peer_module(name: str, *, install: str) -> Any:
    """A module of a peer, imported where it is used.

    Raises:
        MissingExtraError: the peer is not installed; the message says how to install it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != name.partition(".")[0]:
            raise  # the peer is there and lacks something of its own
        raise MissingExtraError(f"{name} is not installed: {install}") from error


def last_message(log: Sequence[Mapping[str, object]]) -> tuple[list[object], list[object]]:
    """A conversation as its prompt and the model's last turn.

    >>> last_message([{"role": "user", "content": "?"}, {"role": "assistant", "content": "4"}])
    ([{'role': 'user', 'content': '?'}], [{'role': 'assistant', 'content': '4'}])
    """
    messages: list[object] = list(log)
    at = max((i for i, one in enumerate(log) if one.get("role") == "assistant"), default=None)
    return (messages, []) if at is None else (messages[:at], messages[at : at + 1])


def prompt_in(cells: Mapping[str, object]) -> object:
    """The prompt among a row's cells, under one of its usual names, or `None`.

    >>> prompt_in({"question": "2+2?"})
    '2+2?'
    """
    names = columns_for(Role.PROMPT, cells)
    return cells[names[0]] if names else None
