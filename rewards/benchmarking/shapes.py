"""Whether a function returns one value per completion, however many completions there are."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from functools import wraps

from rewards.reward import Reward
from rewards.scoring.judge import Job, ask_reward
from rewards.scoring.reward_function import RewardFunction

# A pair, an odd number, and the sizes of a small and a large batch in training.
BATCH_SIZES = (2, 3, 8, 33)


def find_misshapen(
    reward: Reward | RewardFunction, rows: Sequence[Mapping[str, object]], job: Job
) -> str:
    """In words, how a function returns a wrong number of values for a batch; "" if it does not.

    Args:
        reward: a function; a `Reward` makes its list itself and needs no proof.
        rows: a batch of rows that it can judge.
        job: as for `ask_reward`.
    """
    if isinstance(reward, Reward):
        return ""
    returned: list[int] = []
    ask_reward(replace(reward, function=_counted(reward.function, returned)), rows, job)
    # A batch that fails is taken apart by calls of their own, which come later.
    if not returned or returned[0] == len(rows):
        return ""
    values = "1 value" if returned[0] == 1 else f"{returned[0]} values"
    return (
        f"{reward.name} does not return one value per completion: it returned {values} for "
        f"{len(rows)} completions"
    )


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
