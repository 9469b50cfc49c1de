r"""AReaL: the `reward_fn` of `RLVRWorkflow`.

```python
from rewards.adapters.areal import reward

workflow = RLVRWorkflow(reward_fn=reward("accuracy(tolerance=1e-3)"), …)
```

AReaL calls it for one sample in a process of its own pool, so it is picklable; by import path it is
`reward_fn: rewards.adapters.areal.rlvr`, and `RLVR_REWARD` names the reward. Only its number is
kept: a sample without a score counts as `unscored`, which is logged as a warning. A verdict cannot
hang: AReaL's time limit leaves the process of a reward that does to it for ever.

The row is the dataset's row; the reference its column `answer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rewards.adapters.bridge import Bridge, Row, Source, bridge


@dataclass(frozen=True)
class RlvrReward:
    """A reward of ours with AReaL's signature. Picklable.

    Attributes:
        crossed: the reward.
    """

    crossed: Bridge

    @property
    def __name__(self) -> str:
        return self.crossed.name

    def __call__(
        self,
        prompt: object,
        completions: str,
        prompt_ids: Sequence[int] | None = None,  # noqa: ARG002 - by position, as AReaL calls
        completion_ids: Sequence[int] | None = None,
        **data: object,
    ) -> float:
        """The score of one completion."""
        row = Row(completions, data, prompt, completion_ids)
        return self.crossed.number(self.crossed.verdict(row))


def reward(source: Source | None = None, *, unscored: float = 0.0) -> RlvrReward:
    """The reward function for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        unscored: the number for a sample that has no score.
    """
    return RlvrReward(bridge("areal", source, unscored=unscored))


def rlvr(
    prompt: object,
    completions: str,
    prompt_ids: Sequence[int] | None = None,
    completion_ids: Sequence[int] | None = None,
    **data: object,
) -> float:
    """The same for what `RLVR_REWARD` names."""
    return reward()(prompt, completions, prompt_ids, completion_ids, **data)
