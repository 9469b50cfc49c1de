"""Advantages from rewards, as pure functions.

| from                    | functions                                     | result |
|-------------------------|-----------------------------------------------|--------|
| one reward a completion | grpo, dr_grpo, rloo, opo, batch_normalized,   | (B,)   |
|                         | reinforce_plus_plus_baseline, pass_at_k, gpg, |        |
|                         | maxrl                                         |        |
| several of a completion | gdpo                                          | (B,)   |
| rewards of steps        | process_supervision                           | (B, T) |
| rewards and values      | gae                                           | (B, T) |
| rewards and token KL    | reinforce_plus_plus                           | (B, T) |
| rewards and Σπ²         | optimal_token_baseline                        | (B, T) |

Those of the first row can be had by name with one signature: `resolve("rloo")(rewards, group,
lengths)`. KL in the reward comes first (`grpo_plugin.kl.penalize_rewards`), then one of these.
"""

from __future__ import annotations

from grpo_plugin.advantages.estimators import OutcomeEstimator, available, resolve
from grpo_plugin.advantages.groups import GroupStatistics, dead_groups, group_statistics
from grpo_plugin.advantages.outcome import (
    batch_normalized,
    dr_grpo,
    gdpo,
    gpg,
    grpo,
    maxrl,
    opo,
    reinforce_plus_plus_baseline,
    rloo,
)
from grpo_plugin.advantages.pass_at_k import pass_at_k
from grpo_plugin.advantages.per_token import (
    Gae,
    gae,
    reinforce_plus_plus,
    reinforce_plus_plus_outcome,
    spread_outcomes,
)
from grpo_plugin.advantages.process import normalize_steps, process_supervision, spread_steps
from grpo_plugin.advantages.token_baseline import optimal_token_baseline

__all__ = [
    "Gae",
    "GroupStatistics",
    "OutcomeEstimator",
    "available",
    "batch_normalized",
    "dead_groups",
    "dr_grpo",
    "gae",
    "gdpo",
    "gpg",
    "group_statistics",
    "grpo",
    "maxrl",
    "normalize_steps",
    "opo",
    "optimal_token_baseline",
    "pass_at_k",
    "process_supervision",
    "reinforce_plus_plus",
    "reinforce_plus_plus_baseline",
    "reinforce_plus_plus_outcome",
    "resolve",
    "rloo",
    "spread_outcomes",
    "spread_steps",
]
