"""Objectives whose importance ratio is that of a whole output.

log R = Σ_t log π_θ(o_t)/π_old(o_t) over the live tokens of a completion, and s = R^(1/|o|).
Advantages that differ along a row (process supervision) are taken token by token and averaged.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.exponential import bounded_exp
from grpo_plugin.kl import KLLevel
from grpo_plugin.objectives.aggregation import Aggregation
from grpo_plugin.objectives.config import ObjectiveConfig, RatioLevel
from grpo_plugin.objectives.registry import CLIP, TERMS, Coupling, Dependence, objective
from grpo_plugin.objectives.terms import (
    clipped_surrogate,
    finish,
    ratio,
    token_log_ratio,
)


@objective(
    coupling=Coupling.SEQUENCE,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.SEQUENCE_SUM,
    kl_level=KLLevel.SEQUENCE,
    options=CLIP | TERMS,
    paper="DeepSeek-V2 eq. 32, DeepSeek-V3 eq. 26, DeepSeek-R1 eq. 1",
    aliases=("deepseek_r1", "deepseek_v3", "deepseek_v2"),
)
def sequence_grpo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """GRPO as DeepSeek-V2, V3 and R1 print it: ratio and KL are those of whole outputs.

    J = 1/N Σ_i {min[R_i A_i, clip(R_i, 1−ε, 1+ε) A_i] − β D_i}
    R_i = π_θ(o_i|q)/π_old(o_i|q) = exp Σ_t log r_t
    D_i = π_ref(o_i|q)/π_θ(o_i|q) − log(π_ref(o_i|q)/π_θ(o_i|q)) − 1   (R1's eq. 2)

    ∂loss/∂logp_t = −A R/N for every live token where the clip does not hold, plus
    β (1 − π_ref(o)/π_θ(o))/N.

    Both exponentials continue as their tangent where the summed log-ratio exceeds
    `log_ratio_cap` (20 by default; `bounded_exp`): float32 would overflow at 88.7, which 4,096
    tokens at 0.03 exceed. There the gradient coefficient stays at e^cap instead of growing, so an
    output the policy has run away with, or has forgotten, is still pulled back. `ratio_overflow`
    and `kl_overflow` in the metrics count such outputs. Below the cap nothing is changed.
    """
    surrogate = clipped_surrogate(ratio(logp, batch, config), batch, config)
    return finish(surrogate, logp, batch, config, Aggregation.SEQUENCE_MEAN)


@objective(
    coupling=Coupling.SEQUENCE,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.SEQUENCE_MEAN,
    options=CLIP | TERMS,
    defaults=ObjectiveConfig(clip_low=3e-4, clip_high=4e-4),
    paper="GSPO, arXiv 2507.18071, eq. 5-7",
)
def gspo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """GSPO: one ratio per output, its length-normalised s = exp(1/|o| Σ_t log r_t).

    J = 1/N Σ_i min[s_i A_i, clip(s_i, 1−ε_low, 1+ε_high) A_i], ε = 3e-4 and 4e-4

    ∂loss/∂logp_t = −A s/(N |o|) for every live token where the clip does not hold.
    """
    surrogate = clipped_surrogate(ratio(logp, batch, config), batch, config)
    return finish(surrogate, logp, batch, config, Aggregation.SEQUENCE_MEAN)


@objective(
    coupling=Coupling.SEQUENCE,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.SEQUENCE_MEAN,
    options=(CLIP | TERMS) - {"ratio_level"},
    defaults=ObjectiveConfig(clip_low=3e-4, clip_high=4e-4),
    paper="GSPO, arXiv 2507.18071, eq. 13-14",
)
def gspo_token(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """GSPO-token: GSPO's value for the ratio, its own gradient and advantage for each token.

    J = 1/N Σ_i 1/|o_i| Σ_t min[s_t A_t, clip(s_t) A_t],  s_t = sg[s_i] · π_θ(o_t)/sg[π_θ(o_t)]

    ∂loss/∂logp_t = −A_t s/(N |o|) where the clip does not hold; equal to GSPO's when the
    advantage is the same along a row.
    """
    importance = ratio(logp, batch, config).detach() * torch.exp(logp - logp.detach())
    surrogate = clipped_surrogate(importance, batch, config)
    return finish(surrogate, logp, batch, config, Aggregation.SEQUENCE_MEAN)


@objective(
    coupling=Coupling.SEQUENCE,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.SEQUENCE_MEAN,
    options=({"clip_low", "clip_high"} | TERMS) - {"kl_weighted"},
    defaults=ObjectiveConfig(clip_low=0.4, clip_high=0.4),
    paper="GMPO, arXiv 2507.20673",
)
def gmpo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """GMPO: the geometric mean of token ratios, each clipped in log space on PPO's side.

    J = 1/N Σ_i A_i exp(1/|o_i| Σ_t ρ_t),  ρ_t = min(log r_t, ε_high) if A > 0,
    max(log r_t, −ε_low) otherwise; ε = 0.4, so ratios are clipped to (e^−0.4, e^0.4).

    ∂loss/∂logp_t = −A G/(N |o|), G the geometric mean, where the token is not clipped. Where
    advantages differ along a row, A_i is their mean.
    """
    advantage = batch.advantages.sum(dim=1, keepdim=True) / batch.lengths
    per_token = token_log_ratio(logp, batch)
    clipped = torch.where(
        advantage > 0,
        per_token.clamp(max=config.upper_clip),
        per_token.clamp(min=-config.clip_low),
    )
    count = batch.lengths
    if batch.policy_weight is not None:
        clipped = clipped * batch.policy_weight
        count = (batch.live * batch.policy_weight).sum(dim=1, keepdim=True).clamp(min=1)
        batch = replace(batch, policy_weight=None)
    mean = bounded_exp(clipped.sum(dim=1, keepdim=True) / count, config.log_ratio_cap)
    return finish(-mean * advantage, logp, batch, config, Aggregation.SEQUENCE_MEAN)


@objective(
    coupling=Coupling.SEQUENCE,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.SEQUENCE_MEAN,
    options=CLIP | TERMS,
    defaults=ObjectiveConfig(clip_low=3e-4, clip_high=4e-4),
    paper="LUSPO, arXiv 2602.05261",
)
def luspo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """LUSPO: GSPO with each completion's loss times its length, which undoes its length bias.

    J = 1/N Σ_i |o_i| min[s_i A_i, clip(s_i) A_i]

    ∂loss/∂logp_t = −A s/N for every live token where the clip does not hold.
    """
    surrogate = clipped_surrogate(ratio(logp, batch, config), batch, config)
    return finish(surrogate, logp, batch, config, Aggregation.SEQUENCE_SUM)


_VESPO = frozenset({"vespo_k_pos", "vespo_lambda_pos", "vespo_k_neg", "vespo_lambda_neg"})
_VESPO_LOW, _VESPO_HIGH = -18.420680743952367, 20.0  # log 1e-8, as the authors' code; log-space cap


@objective(
    coupling=Coupling.SEQUENCE,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    options=_VESPO | TERMS,
    paper="VESPO, arXiv 2602.10693",
)
def vespo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """VESPO: whole-output ratios, softly weighted by a gamma kernel instead of clipped.

    J = 1/M Σ_i Σ_t sg[φ(R_i)] A log π_θ(o_t),  φ(R) = R^k e^{λ(1−R)},  φ(1) = 1
    (k, λ) = (2, 3) for A ≥ 0 and (3, 2) for A < 0

    log R is summed from token log-ratios clamped to ±20 and kept in [log 1e-8, 20]; a sampler
    correction (`batch.sampling_ratio`) enters R, and does not multiply the loss again.
    ∂loss/∂logp = −φ(R) A/M.
    """
    phi = vespo_weight(logp, batch, config)
    policy = -phi * batch.advantages * logp
    plain = replace(batch, sampling_ratio=None)
    return finish(policy, logp, plain, config, Aggregation.TOKEN_MEAN)


@torch.no_grad()
def vespo_weight(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """VESPO's φ(R), (B, T): the same along a row whose advantages are of one sign."""
    log_weight = token_log_ratio(logp, batch).clamp(-20.0, 20.0).sum(dim=1, keepdim=True)
    if batch.sampling_ratio is not None:
        correction = batch.sampling_ratio.log().clamp(_VESPO_LOW, _VESPO_HIGH)
        if correction.shape == batch.live.shape:
            correction = torch.where(batch.live, correction, torch.zeros_like(correction))
        log_weight = log_weight + correction.sum(dim=1, keepdim=True)
    log_weight = log_weight.clamp(_VESPO_LOW, _VESPO_HIGH)
    gain = batch.advantages >= 0
    one = torch.ones_like(batch.advantages)
    power = torch.where(gain, config.vespo_k_pos * one, config.vespo_k_neg * one)
    decay = torch.where(gain, config.vespo_lambda_pos * one, config.vespo_lambda_neg * one)
    return torch.exp(decay + power * log_weight - decay * log_weight.exp())
