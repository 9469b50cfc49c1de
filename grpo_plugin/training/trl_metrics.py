"""TRL's own names in the logs, beside ours, so that a dashboard made for TRL's trainer goes on.

Values are TRL's for the losses it has, whatever was left out of the model: shares are of all tokens
(or completions) of a micro-batch, those that stayed out counting as not clipped.

| name                                     | meaning                                            |
|------------------------------------------|----------------------------------------------------|
| `kl`                                     | mean of the KL term as it stands in the loss       |
| `clip_ratio/low_mean`, `/high_mean`      | shares held back by the clip                       |
| `clip_ratio/region_mean`                 | both together                                      |
| `clip_ratio/low_min`, `/high_max`        | least and greatest share of a completion           |
| `cispo_clip_ratio`, `vespo/phi_seq_mean` | of those objectives                                |
| `policy_loss`, `entropy_coef`            | where there is an entropy bonus                    |
| `aux_loss`                               | the router's, in a mixture of experts              |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from grpo_plugin.objectives import ObjectiveConfig
from grpo_plugin.objectives.metrics import clipped
from grpo_plugin.objectives.sequence_level import vespo_weight
from grpo_plugin.objectives.terms import entropy_bonus, kl_term
from grpo_plugin.training.loss import PolicyLoss
from grpo_plugin.training.microbatch import MicroBatch

_UNSCALED = frozenset({"cispo", "dapo", "vespo"})
"""TRL's policy losses whose divisor is the window's, accumulation included."""


@dataclass(kw_only=True)
class TRLMetrics:
    """One process's share: totals with what they are to be divided by, and extremes."""

    totals: dict[str, Tensor] = field(default_factory=dict)
    counts: dict[str, Tensor] = field(default_factory=dict)
    extremes: dict[str, Tensor] = field(default_factory=dict)

    def mean(self, name: str, total: Tensor, count: Tensor | float) -> None:
        """Add a mean over all processes."""
        self.totals[name] = total.float()
        self.counts[name] = count.float() if isinstance(count, Tensor) else _constant(total, count)


@torch.no_grad()
def trl_metrics(
    trainer: Any, micro: MicroBatch, found: PolicyLoss, options: ObjectiveConfig
) -> TRLMetrics:
    """What TRL would log of a micro-batch."""
    objective, batch = trainer.plan.objective, found.batch.masked()
    logp = torch.where(batch.live, found.logp, torch.zeros_like(found.logp))
    made = TRLMetrics()

    def of_all(values: Tensor) -> tuple[Tensor, Tensor | float]:
        return values.sum(), batch.local_tokens if values.shape[1] > 1 else float(micro.rows)

    if options.beta != 0 and "beta" in objective.options:
        divergence = kl_term(logp, batch, options)
        if divergence.shape[1] > 1:
            divergence = divergence * batch.live
        made.mean("kl", *of_all(divergence))
    if "clip_high" in objective.options:
        _clip(made, clipped(objective, logp, batch, options), micro, of_all)
    elif "cispo_cap" in objective.options:
        made.mean("cispo_clip_ratio", *of_all(clipped(objective, logp, batch, options).above))
    elif objective.name == "vespo":
        weight = vespo_weight(logp, batch, options)[:, :1]
        made.mean("vespo/phi_seq_mean", weight.sum(), float(weight.shape[0]))
    if options.entropy_coef != 0 and batch.entropy is not None:
        policy = found.value + options.entropy_coef * entropy_bonus(batch, options)
        scale = 1 if objective.name in _UNSCALED else batch.accumulation
        made.mean("policy_loss", policy * scale, 1.0)
        if trainer.accelerator.sync_gradients and trainer.model.training:
            made.mean("entropy_coef", _constant(policy, options.entropy_coef), 1.0)
    if found.auxiliary is not None:
        made.mean("aux_loss", found.auxiliary, 1.0)
    return made


def _clip(made: TRLMetrics, held: Any, micro: MicroBatch, of_all: Any) -> None:
    made.mean("clip_ratio/low_mean", *of_all(held.below))
    made.mean("clip_ratio/high_mean", *of_all(held.above))
    made.mean("clip_ratio/region_mean", *of_all(held.below | held.above))
    size = held.counted.sum(dim=1)
    absent = torch.full_like(size, torch.nan, dtype=torch.float)
    low, high = (
        torch.where(size > 0, flags.sum(dim=1) / size.clamp(min=1), absent)
        for flags in (held.below, held.above)
    )
    if len(low) < micro.rows:  # completions that stayed out are not clipped
        low, high = (torch.cat([values, values.new_zeros(1)]) for values in (low, high))
    made.extremes["clip_ratio/low_min"] = torch.nan_to_num(low, nan=torch.inf).amin()
    made.extremes["clip_ratio/high_max"] = torch.nan_to_num(high, nan=-torch.inf).amax()


def _constant(like: Tensor, value: float) -> Tensor:
    """A number on a tensor's device; filled there, which nobody waits for."""
    return torch.full((), value, dtype=torch.float, device=like.device)
