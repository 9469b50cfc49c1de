"""What to watch while training: ratios, clipping, KL, dead groups, overflows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from grpo_plugin.advantages.groups import dead_groups
from grpo_plugin.batch import Batch
from grpo_plugin.exponential import bounded_exp
from grpo_plugin.kl import KLEstimator, KLLevel, estimate_kl
from grpo_plugin.objectives.config import ObjectiveConfig, RatioLevel
from grpo_plugin.objectives.registry import Objective
from grpo_plugin.objectives.terms import log_ratio

QUANTILES = {"min": 0.0, "q01": 0.01, "q50": 0.5, "q99": 0.99, "max": 1.0}


@torch.no_grad()
def objective_metrics(
    objective: Objective, logp: Tensor, batch: Batch, config: ObjectiveConfig | None = None
) -> dict[str, Tensor]:
    """Scalars of one micro-batch under stable names, as tensors without gradient.

    | name                       | meaning                                                        |
    |----------------------------|----------------------------------------------------------------|
    | `ratio/min … q50 … max`    | of the importance ratio at the objective's level               |
    | `clip/low`, `clip/high`    | share held back by the clip: A < 0 below, A > 0 above          |
    | `ratio_overflow`           | how many log-ratios exceed `log_ratio_cap`, at that level      |
    | `kl_overflow`              | how many log π_ref − log π_θ do, at the level of the KL term   |
    | `kl/k1`, `k2`, `k3`, `abs` | mean over tokens of each estimate of KL(π_θ‖π_ref)             |
    | `entropy`                  | mean over tokens, in nats                                      |
    | `dead_groups`              | share of groups that teach nothing: all rewards equal          |
    | `kept_tokens`              | share of positions that are live                               |

    Shares are over live tokens for token-level ratios (and GMPO's clip), over completions with a
    live token otherwise. Names for which the batch lacks a field are left out. With nothing live
    all are zero and quantiles NaN.
    """
    settled = objective.settle(config)
    clean = torch.where(batch.live, logp, torch.zeros_like(logp)).detach()
    masked = batch.masked()
    found = {"kept_tokens": masked.live.to(logp.dtype).mean()}
    if objective.ratio_level is not None:
        found |= _ratio_metrics(clean, masked, settled)
        if objective.options & {"clip_high", "cispo_cap"}:
            found |= _clip_metrics(objective, clean, masked, settled)
    if masked.ref_logp is not None:
        found |= _kl_metrics(clean, masked.ref_logp, masked, settled)
    if masked.entropy is not None:
        found["entropy"] = _mean(masked.entropy, masked.live)
    if batch.rewards is not None and batch.group is not None:
        found["dead_groups"] = _share_of_groups(
            dead_groups(batch.rewards, batch.group), batch.group
        )
    return found


def _ratio_metrics(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> dict[str, Tensor]:
    level = config.ratio_level or RatioLevel.TOKEN
    exponent = log_ratio(logp, batch, level)
    counted = _counted(batch, level)
    values = torch.where(counted, exponent, torch.full_like(exponent, torch.nan)).flatten()
    found = {
        f"ratio/{name}": bounded_exp(mark, config.log_ratio_cap)
        for name, mark in _quantiles(values).items()
    }
    found["ratio_overflow"] = (counted & (exponent > config.log_ratio_cap)).sum()
    return found


def _quantiles(values: Tensor) -> dict[str, Tensor]:
    """Those of `QUANTILES` of the numbers among (n,) values, interpolated; NaN where none is.

    `torch.nanquantile` makes the host wait for the device, and takes 2^24 values at most.
    """
    ordered = values.sort().values  # NaN last
    last = ((~values.isnan()).sum() - 1).clamp(min=0)
    found = {}
    for name, share in QUANTILES.items():
        place = share * last.double()
        below = place.floor().long()
        low = ordered.gather(0, below[None])[0]
        high = ordered.gather(0, torch.minimum(below + 1, last)[None])[0]
        found[name] = torch.lerp(low, high, (place - below).to(low.dtype))
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Clipped:
    """What a clip holds back, token by token (B, T) or completion by completion (B, 1), as bool.

    Attributes:
        below: A < 0 and the ratio under its lower bound.
        above: A > 0 and the ratio over its upper bound.
        counted: what shares are of.
    """

    below: Tensor
    above: Tensor
    counted: Tensor


def clipped(objective: Objective, logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Clipped:
    """Where the clip of an objective holds.

    Args:
        objective: one with `clip_high` or `cispo_cap` among its options.
        logp: (B, T), zero outside the mask.
        batch: masked.
        config: settled.
    """
    level = config.ratio_level or RatioLevel.TOKEN
    advantage = batch.advantages
    if level is not RatioLevel.TOKEN:
        advantage = advantage.sum(dim=1, keepdim=True) / batch.lengths
    if objective.name == "gmpo":  # clips token by token, in log space
        level = RatioLevel.TOKEN
        value = log_ratio(logp, batch, level)
        low, high = -config.clip_low, config.upper_clip
    else:
        value = bounded_exp(log_ratio(logp, batch, level), config.log_ratio_cap)
        low, high = 1 - config.clip_low, 1 + config.upper_clip
    if "cispo_cap" in objective.options:
        low, high = 0.0, config.cispo_cap
    counted = _counted(batch, level)
    return Clipped(
        below=counted & (value < low) & (advantage < 0),
        above=counted & (value > high) & (advantage > 0),
        counted=counted,
    )


def _clip_metrics(
    objective: Objective, logp: Tensor, batch: Batch, config: ObjectiveConfig
) -> dict[str, Tensor]:
    held = clipped(objective, logp, batch, config)
    return {
        "clip/low": _mean(held.below.to(logp.dtype), held.counted),
        "clip/high": _mean(held.above.to(logp.dtype), held.counted),
    }


def _kl_metrics(
    logp: Tensor, ref_logp: Tensor, batch: Batch, config: ObjectiveConfig
) -> dict[str, Tensor]:
    found = {}
    for estimator in (KLEstimator.K1, KLEstimator.K2, KLEstimator.K3, KLEstimator.ABS):
        values = estimate_kl(logp, ref_logp, estimator, cap=config.log_ratio_cap)
        found[f"kl/{estimator.value}"] = _mean(values, batch.live)
    behind = ref_logp - logp
    if config.kl_level is KLLevel.SEQUENCE:
        behind = behind.sum(dim=1, keepdim=True)
    found["kl_overflow"] = (behind > config.log_ratio_cap).sum()
    return found


def _counted(batch: Batch, level: RatioLevel) -> Tensor:
    return batch.live if level is RatioLevel.TOKEN else batch.live.any(dim=1, keepdim=True)


def _mean(values: Tensor, counted: Tensor) -> Tensor:
    chosen = torch.where(counted, values, torch.zeros_like(values))
    return chosen.sum() / counted.sum().clamp(min=1)


def _share_of_groups(flags: Tensor, group: Tensor) -> Tensor:
    weight = 1 / (group[:, None] == group[None, :]).sum(dim=1).float()
    return (flags * weight).sum() / weight.sum().clamp(min=1)
