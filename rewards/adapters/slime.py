r"""slime: `--custom-rm-path`, for one sample and for a group.

```bash
export RLVR_REWARD='accuracy(tolerance=1e-3)'
python train.py … --custom-rm-path rewards.adapters.slime.rlvr --reward-key score
```

slime 0.3 awaits the function on the loop that generates, with one sample or, with `--group-rm`,
with a list: verdicts are made in a thread meanwhile. The reward is a number, or with `--reward-key`
a dict that holds it; the verdict goes into `sample.metadata["rlvr"]`. A sample without a score is
marked `remove_sample`, which masks its loss; in the group's mean it counts as `unscored`.

The row is `sample.metadata` and `sample.label`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rewards.adapters.bridge import Bridge, Row, Source, bridge, prompt_in
from rewards.verdict import Verdict


def reward(source: Source | None = None, *, unscored: float = 0.0) -> Callable[..., Awaitable[Any]]:
    """The coroutine function that `--custom-rm-path` names, for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        unscored: the number for a sample that has no score and is masked.
    """
    crossed = bridge("slime", source, unscored=unscored)

    async def custom_rm(args: Any, sample: Any, **_: object) -> Any:
        return await _judge(crossed, args, sample)

    return custom_rm


async def rlvr(args: Any, sample: Any, **_: object) -> Any:
    """The same for what `RLVR_REWARD` names."""
    return await _judge(bridge("slime", None), args, sample)


async def _judge(crossed: Bridge, args: Any, sample: Any) -> Any:
    samples = sample if isinstance(sample, list) else [sample]
    verdicts = await crossed.verdicts_apart([_row(one) for one in samples])
    pairs = zip(samples, verdicts, strict=True)
    rewards = [_settle(crossed, args, one, verdict) for one, verdict in pairs]
    return rewards if isinstance(sample, list) else rewards[0]


def _row(sample: Any) -> Row:
    cells = {**(sample.metadata or {}), "label": sample.label}
    return Row(sample.response, cells, sample.prompt or prompt_in(cells))


def _settle(crossed: Bridge, args: Any, sample: Any, verdict: Verdict) -> Any:
    record = crossed.record(verdict)
    sample.metadata = {**(sample.metadata or {}), "rlvr": record}
    if verdict.score is None:
        sample.remove_sample = True
    key = getattr(args, "reward_key", None)
    return {**record, key: record["score"]} if key else record["score"]
