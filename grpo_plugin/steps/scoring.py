"""Calling step reward functions, and checking what they return."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from grpo_plugin.errors import StepError

StepReward = Callable[
    ...,
    Sequence[Sequence[float | None] | None] | Awaitable[Sequence[Sequence[float | None] | None]],
]
"""Called as TRL calls rewards, with `steps: list[list[str]]` besides: one reward per step.

`None` or NaN for a step leaves it out; `None` for a completion leaves all its steps out. May be a
coroutine function.
"""

Scores = list[list[float]]
"""One list per completion, one number per step, NaN where there is no reward."""


def name_of(function: StepReward) -> str:
    """The name under which a step reward is logged."""
    inner = getattr(function, "func", function)  # functools.partial
    return str(getattr(inner, "__name__", type(inner).__name__))


def score_steps(
    functions: Sequence[StepReward], steps: list[list[str]], arguments: Mapping[str, Any]
) -> list[Scores]:
    """The rewards that each function gives to each step.

    Args:
        functions: called one after the other, those that are coroutines together.
        steps: the texts of the steps of each completion.
        arguments: what else they are called with.

    Raises:
        StepError: a function returned something else than a number or `None` per step.
    """
    found = [function(**arguments, steps=[list(row) for row in steps]) for function in functions]
    waiting = [result for result in found if inspect.isawaitable(result)]
    if waiting:
        # In a thread of its own: this one may already run an event loop, as notebooks do.
        with ThreadPoolExecutor(max_workers=1) as thread:
            answers = iter(thread.submit(asyncio.run, _all_of(waiting)).result())
        found = [next(answers) if inspect.isawaitable(result) else result for result in found]
    return [
        _checked(name_of(function), result, steps)
        for function, result in zip(functions, found, strict=True)
    ]


async def _all_of(waiting: Sequence[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*(cast("Coroutine[Any, Any, Any]", w) for w in waiting)))


def _checked(name: str, result: Any, steps: list[list[str]]) -> Scores:
    if not _is_list(result) or len(result) != len(steps):
        shape = f"{len(result)} entries" if _is_list(result) else f"a {type(result).__name__}"
        raise StepError(
            f"the step reward {name!r} returned {shape} for {len(steps)} completions; return a "
            "list with one list per completion, holding one reward per step"
        )
    return [
        _checked_row(name, number, row, len(texts))
        for number, (row, texts) in enumerate(zip(result, steps, strict=True))
    ]


def _checked_row(name: str, number: int, row: Any, expected: int) -> list[float]:
    if row is None:
        return [math.nan] * expected
    if not _is_list(row) or len(row) != expected:
        shape = f"{len(row)} rewards" if _is_list(row) else f"a {type(row).__name__}"
        raise StepError(
            f"the step reward {name!r} returned {shape} for sample {number}, which has {expected} "
            "steps; return one number or None per step of `steps[i]`"
        )
    return [_number(name, number, place, value) for place, value in enumerate(row)]


def _number(name: str, number: int, place: int, value: Any) -> float:
    try:
        reward = math.nan if value is None else float(value)
    except (TypeError, ValueError):
        reward = math.inf
    if math.isinf(reward):
        raise StepError(
            f"the step reward {name!r} returned {value!r} for step {place} of sample {number}; "
            "a reward is a finite number, or None to leave the step out"
        )
    return reward


def _is_list(value: Any) -> bool:
    return hasattr(value, "__len__") and hasattr(value, "__iter__") and not isinstance(value, str)
