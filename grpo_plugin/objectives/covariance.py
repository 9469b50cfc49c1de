"""Clip-Cov and KL-Cov: hold back the few tokens that drive the policy's entropy down.

Cui et al., "The Entropy Mechanism of RL for Reasoning Language Models" (arXiv 2505.22617,
section 4): under policy gradients entropy falls with the covariance of log-prob and advantage, and
a tiny share of tokens carries almost all of it. For token y of the N live tokens in a micro-batch

Cov(y) = (log π_θ(y) − mean log π_θ) · (A(y) − mean A)

Both objectives pick tokens by it, so they couple a micro-batch by definition.
"""

from __future__ import annotations

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.host import send
from grpo_plugin.kl import KLEstimator, estimate_kl
from grpo_plugin.objectives.aggregation import Aggregation
from grpo_plugin.objectives.config import ObjectiveConfig, RatioLevel
from grpo_plugin.objectives.registry import CLIP, TERMS, Coupling, Dependence, objective
from grpo_plugin.objectives.terms import clipped_surrogate, finish, ratio, token_log_ratio


@objective(
    coupling=Coupling.BATCH,
    dependence=Dependence.VALUE,
    splits=False,
    ratio_level=RatioLevel.TOKEN,
    options=((CLIP | TERMS) - {"ratio_level"}) | {"cov_fraction", "cov_low", "cov_high"},
    paper="arXiv 2505.22617, section 4.2 (Clip-Cov)",
)
def clip_cov(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """Clip-Cov: PPO's clip, and a few random tokens of high covariance get no gradient.

    J = 1/M Σ_t {0 if t ∈ I, min[r_t A, clip(r_t) A] otherwise},
    I: ⌊fraction · N⌋ tokens (at least 1), uniformly among those not clipped already whose
    covariance lies in (cov_low, cov_high); the paper takes 2e-4 of the tokens, 1 and 5.

    The choice is random but reproducible: `batch.seed` decides it.
    """
    importance = ratio(logp, batch, config)
    surrogate = clipped_surrogate(importance, batch, config)
    held_back = importance.clamp(1 - config.clip_low, 1 + config.upper_clip) != importance
    clipped = held_back & (surrogate > -importance * batch.advantages)
    spread = token_covariance(logp, batch)
    candidate = batch.live & ~clipped & (spread > config.cov_low) & (spread < config.cov_high)
    generator = torch.Generator().manual_seed(batch.seed)
    draw = send(torch.rand(spread.shape, generator=generator), spread.device)
    dropped = candidate & _highest(draw.masked_fill(~candidate, -1.0), batch, config.cov_fraction)
    policy = torch.where(dropped, torch.zeros_like(surrogate), surrogate)
    return finish(policy, logp, batch, config, Aggregation.TOKEN_MEAN)


@objective(
    coupling=Coupling.BATCH,
    dependence=Dependence.VALUE,
    splits=False,
    ratio_level=RatioLevel.TOKEN,
    options=TERMS | {"cov_fraction", "cov_kl_coef"},
    defaults=ObjectiveConfig(cov_fraction=2e-3),
    paper="arXiv 2505.22617, section 4.2 (KL-Cov)",
)
def kl_cov(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """KL-Cov: no clip; the tokens of highest covariance are tied to π_old by a KL penalty.

    J = 1/M Σ_t {r_t A − β KL_t if t ∈ I, r_t A otherwise},
    I: the ⌊fraction · N⌋ tokens (at least 1) of highest covariance; the paper takes 2e-3 (7B) or
    2e-4 (32B) and β = 1, and its code estimates the KL between π_old and π_θ by |log r_t|.
    """
    surrogate = -ratio(logp, batch, config) * batch.advantages
    spread = token_covariance(logp, batch).masked_fill(~batch.live, -torch.inf)
    chosen = batch.live & _highest(spread, batch, config.cov_fraction)
    change = token_log_ratio(logp, batch)
    penalty = config.cov_kl_coef * estimate_kl(change, torch.zeros_like(change), KLEstimator.ABS)
    policy = surrogate + torch.where(chosen, penalty, torch.zeros_like(penalty))
    return finish(policy, logp, batch, config, Aggregation.TOKEN_MEAN)


def token_covariance(logp: Tensor, batch: Batch) -> Tensor:
    """(B, T): each live token's term of the covariance of log-prob and advantage; no gradient."""
    live = batch.live.to(logp.dtype)
    count = live.sum().clamp(min=1)
    values = torch.where(batch.live, logp.detach(), torch.zeros_like(logp))
    gains = torch.where(batch.live, batch.advantages, torch.zeros_like(batch.advantages))
    return (values - values.sum() / count) * (gains - gains.sum() / count) * live


def _highest(score: Tensor, batch: Batch, fraction: float) -> Tensor:
    """(B, T) bool: the ⌊fraction · live tokens⌋ highest scores, at least one; no host sync."""
    order = score.flatten().argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(order.numel(), device=order.device)
    count = (batch.live.sum() * fraction).floor().clamp(min=1)
    return (rank < count).view_as(score)
