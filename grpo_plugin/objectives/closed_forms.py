"""∂loss/∂logp written out, where it can be: what automatic differentiation must give.

With c_t = −w_t g_t + w_t β κ_t, w the aggregation weights, these functions give g, the derivative
of a token's term with respect to log π_θ(o_t), and κ that of its KL. They are for reading, for
checking, and for kernels that want the formula; `gradient_coefficient` is exact for everything.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.exponential import bounded_exp
from grpo_plugin.kl import KLEstimator, KLLevel
from grpo_plugin.objectives.aggregation import Aggregation, aggregation_weights
from grpo_plugin.objectives.config import ObjectiveConfig, RatioLevel
from grpo_plugin.objectives.registry import Coupling, Objective, coupling_of
from grpo_plugin.objectives.terms import log_ratio, ratio, token_log_ratio
from grpo_plugin.objectives.unified import paradigm_coefficient

_Gain = Callable[[Tensor, Batch, ObjectiveConfig], Tensor]


def clipped_gain(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """r′ A where the minimum is not a clipped branch: A > 0 up to 1 + ε, A < 0 down to 1 − ε.

    r′ is the ratio's derivative with respect to its logarithm: r, or e^cap beyond the cap.
    """
    level = config.ratio_level or RatioLevel.TOKEN
    exponent = log_ratio(logp, batch, level)
    importance = bounded_exp(exponent, config.log_ratio_cap)
    slope = exponent.clamp(max=config.log_ratio_cap).exp()
    gain = slope * batch.advantages * _is_free(importance, batch, config)
    if level is RatioLevel.SEQUENCE_MEAN:
        # Each of the |o| tokens moves the one ratio by 1/|o|, under every token's advantage.
        return (gain.sum(dim=1, keepdim=True) / batch.lengths).expand_as(logp)
    if level is RatioLevel.SEQUENCE_SUM:
        return gain.sum(dim=1, keepdim=True).expand_as(logp)
    return gain


def dual_clip_gain(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """PPO's, and nothing for A < 0 beyond r = c."""
    beyond = (batch.advantages < 0) & (ratio(logp, batch, config) > config.dual_clip)
    return clipped_gain(logp, batch, config) * ~beyond


def cispo_gain(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """min(r, cap) A."""
    return ratio(logp, batch, config).clamp(max=config.cispo_cap) * batch.advantages


def sapo_gain(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """4 σ(x)(1 − σ(x)) r A with x = τ (r − 1)."""
    importance = ratio(logp, batch, config)
    one = torch.ones_like(batch.advantages)
    tau = torch.where(batch.advantages > 0, config.sapo_tau_pos * one, config.sapo_tau_neg * one)
    gate = torch.sigmoid(tau * (importance - 1))
    return 4 * gate * (1 - gate) * importance * batch.advantages


def advantage_gain(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:  # noqa: ARG001
    """A itself: REINFORCE, GPG."""
    return batch.advantages


def gspo_token_gain(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """Just s A_t where the clip does not hold."""
    importance = ratio(logp, batch, config)
    return importance * batch.advantages * _is_free(importance, batch, config)


def gmpo_gain(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """G A, G the geometric mean, at tokens that are not clipped."""
    change = token_log_ratio(logp, batch)
    advantage = batch.advantages.sum(dim=1, keepdim=True) / batch.lengths
    inside = torch.where(advantage > 0, change <= config.upper_clip, change >= -config.clip_low)
    low, high = change.clamp(min=-config.clip_low), change.clamp(max=config.upper_clip)
    clipped = torch.where(advantage > 0, high, low)
    mean = torch.exp(clipped.sum(dim=1, keepdim=True) / batch.lengths)
    return mean * advantage * inside


def _paradigm(name: str) -> _Gain:
    def gain(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
        return paradigm_coefficient(name, logp, batch, config)

    return gain


CLOSED_FORMS: dict[str, tuple[_Gain, Aggregation]] = {
    "grpo": (clipped_gain, Aggregation.SEQUENCE_MEAN),
    "bnpo": (clipped_gain, Aggregation.MICRO_BATCH_TOKEN_MEAN),
    "dr_grpo": (clipped_gain, Aggregation.FIXED_LENGTH),
    "dapo": (clipped_gain, Aggregation.TOKEN_MEAN),
    "ppo_clip": (clipped_gain, Aggregation.TOKEN_MEAN),
    "dual_clip": (dual_clip_gain, Aggregation.TOKEN_MEAN),
    "cispo": (cispo_gain, Aggregation.TOKEN_MEAN),
    "sapo": (sapo_gain, Aggregation.SEQUENCE_MEAN),
    "gpg": (advantage_gain, Aggregation.TOKEN_MEAN),
    "reinforce": (advantage_gain, Aggregation.SEQUENCE_SUM),
    "sequence_grpo": (clipped_gain, Aggregation.SEQUENCE_MEAN),
    "gspo": (clipped_gain, Aggregation.SEQUENCE_MEAN),
    "gspo_token": (gspo_token_gain, Aggregation.SEQUENCE_MEAN),
    "gmpo": (gmpo_gain, Aggregation.SEQUENCE_MEAN),
    "luspo": (clipped_gain, Aggregation.SEQUENCE_SUM),
    "sft": (_paradigm("sft"), Aggregation.SEQUENCE_MEAN),
    "rft": (_paradigm("rft"), Aggregation.SEQUENCE_MEAN),
    "online_rft": (_paradigm("online_rft"), Aggregation.SEQUENCE_MEAN),
    "dpo": (_paradigm("dpo"), Aggregation.SEQUENCE_MEAN),
}


def closed_form_coefficient(
    objective: Objective, logp: Tensor, batch: Batch, config: ObjectiveConfig | None = None
) -> Tensor:
    """(B, T): ∂loss/∂logp by formula.

    Raises:
        ValueError: no closed form is written down for the objective or for an option.
    """
    settled = objective.settle(config)
    if objective.name not in CLOSED_FORMS:
        raise ValueError(f"no closed form for {objective.name!r}; use gradient_coefficient")
    if settled.off_policy_threshold is not None or settled.kl_weighted:
        raise ValueError("no closed form with off_policy_threshold or kl_weighted")
    weighted = batch.policy_weight is not None or batch.sampling_ratio is not None
    if weighted and coupling_of(objective, settled) is not Coupling.TOKEN:
        raise ValueError("no closed form with token weights in a sequence-level objective")
    gain, how = CLOSED_FORMS[objective.name]
    clean = torch.where(batch.live, logp, torch.zeros_like(logp)).detach()
    masked = batch.masked()
    slope = -gain(clean, masked, settled)
    for factor in (batch.policy_weight, batch.sampling_ratio):
        slope = slope if factor is None else slope * factor
    if settled.beta != 0:
        slope = slope + settled.beta * _kl_slope(clean, masked, settled)
    return torch.where(batch.live, slope, torch.zeros_like(slope)) * aggregation_weights(
        masked, settled.aggregation or how
    )


def _is_free(importance: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """Where neither the clip nor δ holds the ratio back."""
    up = (batch.advantages > 0) & (importance <= 1 + config.upper_clip)
    down = (batch.advantages < 0) & (importance >= 1 - config.clip_low)
    free = up | down
    return free if config.delta is None else free & (importance <= config.delta)


def _kl_slope(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """κ: of k3, 1 − π_ref/π_θ; of k2 and the straight-through estimators, d; of k1, 1; of abs, ±1.

    At sequence level the |o| tokens share it, each moving the whole output's KL fully.
    """
    if batch.ref_logp is None:
        raise ValueError(f"beta = {config.beta} needs batch.ref_logp, which is None")
    difference = logp - batch.ref_logp
    if config.kl_level is KLLevel.SEQUENCE:
        difference = difference.sum(dim=1, keepdim=True)
    if config.kl is KLEstimator.K3:
        slope = 1 - (-difference).clamp(max=config.log_ratio_cap).exp()
    elif config.kl is KLEstimator.K1:
        slope = torch.ones_like(difference)
    elif config.kl is KLEstimator.ABS:
        slope = difference.sign()
    else:
        slope = difference
    if config.kl_level is KLLevel.SEQUENCE:
        slope = slope * batch.lengths
    return slope.expand_as(logp)
