"""Callbacks: iterative GRPO (DeepSeekMath, section 4.1.4) and the curves of a run.

| callback           | what it does                                                              |
|--------------------|---------------------------------------------------------------------------|
| `RefreshReference` | makes the policy its own reference every N steps                          |
| `RefreshRewards`   | lets a function of yours renew the rewards, from samples new and replayed |
| `RewardPlot`       | draws the logs of the run                                                 |

They are passed to `GRPOTrainer(callbacks=[…])`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grpo_plugin.lazy import lazy_attributes

if TYPE_CHECKING:
    from grpo_plugin.callbacks.history import RewardHistory as RewardHistory
    from grpo_plugin.callbacks.history import ScoredCompletion as ScoredCompletion
    from grpo_plugin.callbacks.refresh_reference import RefreshReference as RefreshReference
    from grpo_plugin.callbacks.refresh_rewards import RefreshRewards as RefreshRewards
    from grpo_plugin.callbacks.reward_plot import RewardPlot as RewardPlot

_HOMES = {
    "RefreshReference": "refresh_reference",
    "RefreshRewards": "refresh_rewards",
    "RewardHistory": "history",
    "RewardPlot": "reward_plot",
    "ScoredCompletion": "history",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the table above is the list
__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
