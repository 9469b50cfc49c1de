r"""verl: `custom_reward_function`, sync and async, with status and reason among the logged extras.

```yaml
reward:
  custom_reward_function:
    path: pkg://rewards.adapters.verl
    name: rlvr                      # or rlvr_async
    reward_kwargs: {reward: "accuracy(tolerance=1e-3)"}
```

verl 0.9 calls the function for one sample, by keyword: a sync one in the thread pool of a Ray
actor, an async one on the actor's event loop. It takes a number or a dict with `score`; the other
values are logged and dumped, and every row must have the same keys. It has no missing scores: such
a row scores `unscored` and says 1 under that name, so the logged mean is the share of them. `acc`
and `pred` are what verl's validation averages and votes on.

The row is `data_source`, the dataset's `extra_info` and `reward_model.ground_truth`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from rewards.adapters.bridge import Bridge, Row, Source, bridge, prompt_in
from rewards.verdict import Verdict

Extras: TypeAlias = dict[str, float | str]


def reward(source: Source | None = None, *, unscored: float = 0.0) -> Callable[..., Extras]:
    """The function that `custom_reward_function.name` names, for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        unscored: the score of a row that has none.
    """
    crossed = bridge("verl", source, unscored=unscored)

    def compute_score(
        data_source: str,
        solution_str: str,
        ground_truth: object,
        extra_info: Mapping[str, object] | None = None,
        **_: object,
    ) -> Extras:
        row = _row(data_source, solution_str, ground_truth, extra_info)
        return _extras(crossed, crossed.verdict(row))

    return compute_score


def reward_async(
    source: Source | None = None, *, unscored: float = 0.0
) -> Callable[..., Awaitable[Extras]]:
    """The same as a coroutine function; it judges in a thread, so nothing else waits."""
    crossed = bridge("verl", source, unscored=unscored)

    async def compute_score(
        data_source: str,
        solution_str: str,
        ground_truth: object,
        extra_info: Mapping[str, object] | None = None,
        **_: object,
    ) -> Extras:
        row = _row(data_source, solution_str, ground_truth, extra_info)
        return _extras(crossed, await crossed.verdict_apart(row))

    return compute_score


def rlvr(  # noqa: PLR0913, PLR0917 - verl's four and two of ours
    data_source: str,
    solution_str: str,
    ground_truth: object,
    extra_info: Mapping[str, object] | None = None,
    reward: str | None = None,
    unscored: float = 0.0,
    **_: object,
) -> Extras:
    """What needs no file: `reward_kwargs` or `RLVR_REWARD` name the reward."""
    crossed = bridge("verl", reward, unscored=unscored)
    row = _row(data_source, solution_str, ground_truth, extra_info)
    return _extras(crossed, crossed.verdict(row))


async def rlvr_async(  # noqa: PLR0913, PLR0917 - as above
    data_source: str,
    solution_str: str,
    ground_truth: object,
    extra_info: Mapping[str, object] | None = None,
    reward: str | None = None,
    unscored: float = 0.0,
    **_: object,
) -> Extras:
    """`rlvr` as a coroutine function."""
    crossed = bridge("verl", reward, unscored=unscored)
    row = _row(data_source, solution_str, ground_truth, extra_info)
    return _extras(crossed, await crossed.verdict_apart(row))


def _row(
    data_source: str, text: str, ground_truth: object, extra_info: Mapping[str, object] | None
) -> Row:
    extra = dict(extra_info or {})
    cells = {
        **extra,
        "data_source": data_source,
        "reward_model": {"ground_truth": ground_truth},
    }
    return Row(text, cells, prompt_in(extra))


def _extras(crossed: Bridge, verdict: Verdict) -> Extras:
    record = crossed.record(verdict)
    return {**record, "acc": record["score"], "pred": record["prediction"]}
