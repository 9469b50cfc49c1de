"""Whether a function returns one value per completion, however many completions there are.

Not covered: a function that miscounts only in batches larger than the largest of `BATCH_SIZES`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from functools import wraps

from rewards.named.reward_function import RewardFunction
from rewards.reward import Reward
from rewards.workbench.benchmarking.correlation import SAME
from rewards.workbench.scoring.judge import ask_reward
from rewards.workbench.scoring.row_parts import Job

# A pair, an odd number, and the sizes of a small and a large batch in training.
BATCH_SIZES = (2, 3, 8, 33)


def find_misshapen(
    reward: Reward | RewardFunction, rows: Sequence[Mapping[str, object]], job: Job
) -> tuple[str, list[float | None]]:
    """How a function returns a wrong number of values for a batch, and its scores.

    Args:
        reward: a function; a `Reward` makes its list itself and needs no proof.
        rows: a batch of rows that it can judge.
        job: as for `ask_reward`.

    Returns:
        In words what is wrong, or ""; and the rows' scores in this batch.
    """
    returned: list[int] = []
    if isinstance(reward, RewardFunction):
        reward = replace(reward, function=_counted(reward.function, returned))
    verdicts = ask_reward(reward, rows, job)
    # A batch that fails is taken apart by calls of their own, which come later.
    if not returned or returned[0] == len(rows):
        return "", [verdict.score for verdict in verdicts]
    values = "1 value" if returned[0] == 1 else f"{returned[0]} values"
    flaw = (
        f"{reward.name} does not return one value per completion: it returned {values} for "
        f"{len(rows)} completions"
    )
    return flaw, []


def find_differences(alone: Sequence[float | None], together: Sequence[float | None]) -> str:
    """How scores of rows asked for one by one differ from those of the same rows in a batch.

    >>> find_differences([1.0, 0.0], [1.0, 0.0])
    ''
    >>> find_differences([1.0, 1.0], [1.0, None])
    'gave 1 of 2 rows another score in a batch than alone'
    """
    other = sum(
        one != two if one is None or two is None else abs(one - two) > SAME
        for one, two in zip(alone, together, strict=True)
    )
    if not other:
        return ""
    return f"gave {other:,} of {len(alone):,} rows another score in a batch than alone"


def _counted(function: Callable[..., object], returned: list[int]) -> Callable[..., object]:
    """A function, writing down how many values each of its calls returned."""

    @wraps(function)
    def counted(**columns: object) -> object:
        result = function(**columns)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        if isinstance(result, Iterator):
            result = list(result)
        if isinstance(result, Sized) and not isinstance(result, str | bytes | Mapping):
            returned.append(len(result))
        return result

    return counted
