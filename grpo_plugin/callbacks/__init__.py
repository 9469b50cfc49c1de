"""Callbacks: iterative GRPO (DeepSeekMath, section 4.1.4) and the curves of a run.

| callback           | what it does                                                              |
|--------------------|---------------------------------------------------------------------------|
| `RefreshReference` | makes the policy its own reference every N steps                          |
| `RefreshRewards`   | lets a function of yours renew the rewards, from samples new and replayed |
| `RewardPlot`       | draws the logs of the run                                                 |

They are passed to `GRPOTrainer(callbacks=[…])`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grpo_plugin.callbacks.history import RewardHistory, ScoredCompletion
    from grpo_plugin.callbacks.refresh_reference import RefreshReference
    from grpo_plugin.callbacks.refresh_rewards import RefreshRewards
    from grpo_plugin.callbacks.reward_plot import RewardPlot

__all__ = [
    "RefreshReference",
    "RefreshRewards",
    "RewardHistory",
    "RewardPlot",
    "ScoredCompletion",
]

_HOME = {
    "RefreshReference": "refresh_reference",
    "RefreshRewards": "refresh_rewards",
    "RewardHistory": "history",
    "RewardPlot": "reward_plot",
    "ScoredCompletion": "history",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
