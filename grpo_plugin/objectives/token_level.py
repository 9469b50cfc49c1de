"""Objectives with one importance ratio per token: r_t = π_θ(o_t | q, o_<t) / π_old(o_t | q, o_<t).

Every function returns the loss to minimise, minus what its paper maximises. A is the token's
advantage, w its weight in the aggregation named (`Aggregation`), and every one of them takes the
further terms of `finish` (KL, entropy, sampler correction) on top of the formula shown.
"""

from __future__ import annotations

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.objectives.aggregation import Aggregation
from grpo_plugin.objectives.config import ObjectiveConfig, RatioLevel
from grpo_plugin.objectives.registry import CLIP, TERMS, Coupling, Dependence, objective
from grpo_plugin.objectives.terms import clipped_surrogate, finish, ratio


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=CLIP | TERMS,
    paper="DeepSeekMath, arXiv 2402.03300, eq. 3",
)
def grpo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """GRPO: each completion's mean over its tokens, then the mean over completions.

    J = 1/N Σ_i 1/|o_i| Σ_t {min[r_t A, clip(r_t, 1−ε, 1+ε) A] − β k3(π_θ‖π_ref)}

    ∂loss/∂logp = −w A r where the minimum is not the clipped branch, + w β (1 − π_ref/π_θ), with
    w = 1/(N |o_i|). The paper takes β = 0.04 and k3 (its eq. 4).
    """
    surrogate = clipped_surrogate(ratio(logp, batch, config), batch, config)
    return finish(surrogate, logp, batch, config, Aggregation.SEQUENCE_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    splits=False,
    ratio_level=RatioLevel.TOKEN,
    options=CLIP | TERMS,
    paper="TRL's loss_type='bnpo' (batch-normalised)",
)
def bnpo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """BNPO: the mean over the live tokens of one micro-batch, then over micro-batches.

    J = 1/Σ_i|o_i| Σ_i Σ_t min[r_t A, clip(r_t) A], sums over the micro-batch

    A token weighs more in a micro-batch of short completions: how a batch is split matters, by
    definition. The gradient coefficient is GRPO's with w = 1/(micro-batch tokens · accumulation).
    """
    surrogate = clipped_surrogate(ratio(logp, batch, config), batch, config)
    return finish(surrogate, logp, batch, config, Aggregation.MICRO_BATCH_TOKEN_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=CLIP | TERMS,
    paper="Dr. GRPO, arXiv 2503.20783, section 3.2",
)
def dr_grpo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """Dr. GRPO: a constant instead of |o_i|, so that long wrong answers are not forgiven.

    J = 1/(N L_max) Σ_i Σ_t min[r_t A, clip(r_t) A], with A = r − mean (not divided by std; see
    `advantages.dr_grpo`). The gradient coefficient is GRPO's with w = 1/(N L_max).
    """
    surrogate = clipped_surrogate(ratio(logp, batch, config), batch, config)
    return finish(surrogate, logp, batch, config, Aggregation.FIXED_LENGTH)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=CLIP | TERMS,
    defaults=ObjectiveConfig(clip_low=0.2, clip_high=0.28),
    paper="DAPO, arXiv 2503.14476, eq. 8",
)
def dapo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """DAPO: clip-higher, and every token of the window weighs the same.

    J = 1/Σ_i|o_i| Σ_i Σ_t min[r_t A, clip(r_t, 1−ε_low, 1+ε_high) A], ε = 0.2 and 0.28

    The sums run over the whole window, all processes. The gradient coefficient is GRPO's with
    w = 1/M, M the window's tokens.
    """
    surrogate = clipped_surrogate(ratio(logp, batch, config), batch, config)
    return finish(surrogate, logp, batch, config, Aggregation.TOKEN_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=CLIP | TERMS,
    paper="PPO, arXiv 1707.06347, eq. 7",
)
def ppo_clip(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """PPO's clipped surrogate: J = E_t min[r_t A_t, clip(r_t, 1−ε, 1+ε) A_t].

    The mean is over the window's tokens (time steps). Meant for advantages that differ from token
    to token, such as GAE's; with one ε for both sides. Coefficient as GRPO's with w = 1/M.
    """
    surrogate = clipped_surrogate(ratio(logp, batch, config), batch, config)
    return finish(surrogate, logp, batch, config, Aggregation.TOKEN_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=(CLIP | TERMS | {"dual_clip"}) - {"delta"},
    paper="Ye et al., arXiv 1912.09729, section on dual clip",
)
def dual_clip(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """Dual-clip PPO: with a negative advantage, a huge ratio costs no more than c · |A|.

    J = E_t max(min[r A, clip(r) A], c A) for A < 0; PPO's min[r A, clip(r) A] otherwise; c = 3

    The coefficient is PPO's, and zero for A < 0 and r > c. For c > 1 + ε it is the same function
    as two-sided clipping with δ = c.
    """
    importance = ratio(logp, batch, config)
    surrogate = clipped_surrogate(importance, batch, config)
    bounded = torch.minimum(surrogate, -config.dual_clip * batch.advantages)
    surrogate = torch.where(batch.advantages < 0, bounded, surrogate)
    return finish(surrogate, logp, batch, config, Aggregation.TOKEN_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=TERMS | {"cispo_cap", "ratio_level"},
    paper="MiniMax-M1, arXiv 2506.13585, eq. 4",
)
def cispo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """CISPO: the weight is clipped, the gradient never: sg[min(r_t, cap)] A log π_θ(o_t).

    J = 1/M Σ_i Σ_t sg[min(r_t, cap)] A log π_θ(o_t), sg the stop-gradient

    ∂loss/∂logp = −w min(r, cap) A with w = 1/M: no token is dropped. The paper leaves the ratio
    without a lower bound.
    """
    weight = ratio(logp, batch, config).clamp(max=config.cispo_cap).detach()
    policy = -weight * batch.advantages * logp
    return finish(policy, logp, batch, config, Aggregation.TOKEN_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=TERMS | {"sapo_tau_pos", "sapo_tau_neg", "ratio_level"},
    paper="SAPO, arXiv 2511.20347",
)
def sapo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """SAPO: a sigmoid gate fades tokens out around r = 1 where clipping would cut them off.

    J = 1/N Σ_i 1/|o_i| Σ_t f(r_t) A,  f(r) = 4/τ · σ(τ (r − 1)),  τ = τ_pos if A > 0 else τ_neg

    ∂loss/∂logp = −w A · 4 σ(x) (1 − σ(x)) r with x = τ (r − 1): the factor is 1 at r = 1.
    """
    importance = ratio(logp, batch, config)
    one = torch.ones_like(batch.advantages)
    tau = torch.where(batch.advantages > 0, config.sapo_tau_pos * one, config.sapo_tau_neg * one)
    policy = -torch.sigmoid(tau * (importance - 1)) * (4 / tau) * batch.advantages
    return finish(policy, logp, batch, config, Aggregation.SEQUENCE_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.NOTHING,
    zero_without_advantage=True,
    options=TERMS,
    paper="GPG, arXiv 2504.02546",
)
def gpg(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """GPG, group policy gradient: no ratio, no clip, every token of the window weighs the same.

    J = 1/M Σ_i Σ_t A log π_θ(o_t),  A = α (r − mean) / F_norm (`advantages.gpg`)

    ∂loss/∂logp = −A/M. The factor α, which makes up for dead groups, belongs to the advantage.
    """
    return finish(-batch.advantages * logp, logp, batch, config, Aggregation.TOKEN_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.NOTHING,
    zero_without_advantage=True,
    options=TERMS,
    paper="Williams 1992, Machine Learning 8",
)
def reinforce(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """REINFORCE: the score function times the advantage, J = 1/N Σ_i Σ_t A log π_θ(o_t).

    ∂loss/∂logp = −A/N: the policy gradient itself, unbiased when the completions were sampled
    from π_θ and the baseline in A does not depend on the completion it is subtracted from.
    """
    return finish(-batch.advantages * logp, logp, batch, config, Aggregation.SEQUENCE_SUM)
