"""What objectives are made of: ratios, the clipped surrogate, KL, entropy, and their sum."""

from __future__ import annotations

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.exponential import bounded_exp
from grpo_plugin.kl import KLLevel, estimate_kl
from grpo_plugin.objectives.aggregation import Aggregation, aggregate
from grpo_plugin.objectives.config import EntropyMean, ObjectiveConfig, RatioLevel


def token_log_ratio(logp: Tensor, batch: Batch) -> Tensor:
    """(B, T): log π_θ − log π_old; without π_old it is zero with the gradient of log π_θ."""
    return logp - (logp.detach() if batch.old_logp is None else batch.old_logp)


def log_ratio(logp: Tensor, batch: Batch, level: RatioLevel) -> Tensor:
    """The log of the importance ratio: (B, T) at token level, (B, 1) for whole outputs."""
    per_token = token_log_ratio(logp, batch)
    if level is RatioLevel.TOKEN:
        return per_token
    total = per_token.sum(dim=1, keepdim=True)
    return total if level is RatioLevel.SEQUENCE_SUM else total / batch.lengths


def ratio(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """The importance ratio at the configured level, finite for finite log-probs."""
    level = config.ratio_level or RatioLevel.TOKEN
    return bounded_exp(log_ratio(logp, batch, level), config.log_ratio_cap)


def clipped_surrogate(importance: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """−min(min(r, δ) A, clip(r, 1 − ε_low, 1 + ε_high) A): PPO eq. 7, with INTELLECT-2's δ."""
    clipped = importance.clamp(1 - config.clip_low, 1 + config.upper_clip)
    unclipped = importance if config.delta is None else importance.clamp(max=config.delta)
    return -torch.minimum(unclipped * batch.advantages, clipped * batch.advantages)


def off_policy_keep(logp: Tensor, batch: Batch, threshold: float) -> Tensor:
    """(B, T) bool: false at A < 0 in completions that have drifted too far.

    M = 0 where A < 0 and mean_t log(π_sampler / π_θ) > threshold (DeepSeek-V3.2, eq. 9). The
    sampler is `sampling_logp` where given, else π_old. Unknown (NaN) log-probs count as no drift.
    """
    behaviour = batch.sampling_logp if batch.sampling_logp is not None else batch.old_logp
    if behaviour is None:
        return torch.ones_like(batch.live)
    drift = torch.nan_to_num(behaviour - logp.detach(), nan=0.0)
    mean = torch.where(batch.live, drift, torch.zeros_like(drift)).sum(1, keepdim=True)
    return (batch.advantages >= 0) | (mean / batch.lengths <= threshold)


def kl_term(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """KL(π_θ‖π_ref) per token (B, T), or of the whole output (B, 1); see `grpo_plugin.kl`."""
    if batch.ref_logp is None:
        raise ValueError(f"beta = {config.beta} needs batch.ref_logp, which is None")
    if config.kl_level is KLLevel.SEQUENCE:
        difference = (logp - batch.ref_logp).sum(dim=1, keepdim=True)
    else:
        difference = logp - batch.ref_logp
    zero = difference.new_zeros(())
    divergence = estimate_kl(difference, zero, config.kl, cap=config.log_ratio_cap)
    if not config.kl_weighted:
        return divergence
    return divergence * ratio(logp, batch, config)


def entropy_bonus(batch: Batch, config: ObjectiveConfig) -> Tensor:
    """The mean entropy of the live tokens, in nats, each times its `policy_weight` where given."""
    if batch.entropy is None:
        raise ValueError(f"entropy_coef = {config.entropy_coef} needs batch.entropy, which is None")
    entropy = batch.entropy
    if batch.policy_weight is not None:
        entropy = entropy * batch.policy_weight
    if config.entropy_mean is EntropyMean.WINDOW:
        return entropy.sum() * (batch.world_size / batch.window_tokens)
    return entropy.sum() / (batch.local_weight * batch.accumulation)


def finish(
    policy: Tensor, logp: Tensor, batch: Batch, config: ObjectiveConfig, how: Aggregation
) -> Tensor:
    """The scalar loss: policy term, sampler correction, + β KL, aggregated, − entropy bonus.

    Args:
        policy: (B, T) or (B, 1), the policy term to minimise.
        logp: (B, T).
        batch: masked (zeros outside the mask).
        config: settled (no `None` that means "the objective's own").
        how: the objective's own aggregation, of policy and KL term alike, unless the options name
            another.
    """
    losses = policy
    if config.off_policy_threshold is not None:
        losses = losses * off_policy_keep(logp, batch, config.off_policy_threshold)
    if batch.policy_weight is not None:
        losses = losses * batch.policy_weight
    if batch.sampling_ratio is not None:
        losses = losses * batch.sampling_ratio
    if config.beta != 0:
        losses = losses + config.beta * kl_term(logp, batch, config)
    loss = aggregate(losses, batch, config.aggregation or how)
    if config.entropy_coef != 0:
        loss = loss - config.entropy_coef * entropy_bonus(batch, config)
    return loss
