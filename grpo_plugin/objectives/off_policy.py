"""Objectives made for completions that are some steps old, and what they hold back.

DPPO bounds the change of a token's probability instead of its ratio, DRO pulls the log-probs back
to where they were, M2PO bounds the batch's second moment of log-ratios, FIPO weighs a token by
what became of those after it. r_t = π_θ(o_t)/π_old(o_t); sg is the stop-gradient.
"""

from __future__ import annotations

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.kl import binary_kl
from grpo_plugin.objectives.aggregation import Aggregation
from grpo_plugin.objectives.config import ObjectiveConfig, RatioLevel
from grpo_plugin.objectives.registry import CLIP, TERMS, Coupling, Dependence, objective
from grpo_plugin.objectives.terms import clipped_surrogate, finish, ratio, token_log_ratio


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=TERMS | {"dppo_low", "dppo_high", "dppo_cap"},
    paper="DPPO, arXiv 2602.04879, binary total variation",
)
def dppo_tv(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """DPPO, binary TV: a token stops counting once its probability has moved too far outward.

    J = 1/M Σ_i Σ_t m_t sg[min(r_t, 20)] A log π_θ(o_t)
    m_t = 0 if A > 0 and π_θ(o_t) − π_old(o_t) > ε_high, or A < 0 and π_θ − π_old < −ε_low; else 1

    |π_θ − π_old| at the sampled token is the total variation of "this token or another". A rare
    token whose ratio is 5 may go on, a likely one at 1.3 may not: the other way round than a clip
    of ratios. ε = 0.2 is prime-rl's. ∂loss/∂logp_t = −m_t min(r_t, 20) A/M.
    """
    change = logp.detach().exp() - (logp.detach() - token_log_ratio(logp, batch).detach()).exp()
    outward = ((batch.advantages > 0) & (change > config.dppo_high)) | (
        (batch.advantages < 0) & (change < -config.dppo_low)
    )
    return _masked_score(logp, batch, config, outward)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=TERMS | {"dppo_kl", "dppo_cap"},
    paper="DPPO, arXiv 2602.04879, binary KL",
)
def dppo_kl(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """DPPO, binary KL: the same with KL(B(π_old)‖B(π_θ)) > ε, B the Bernoulli of this token.

    J = 1/M Σ_i Σ_t m_t sg[min(r_t, 20)] A log π_θ(o_t), m_t = 0 where the token has moved outward
    (A > 0 and up, A < 0 and down) and

    π_old log(π_old/π_θ) + (1 − π_old) log((1 − π_old)/(1 − π_θ)) > ε

    ε = 0.05 is our choice; verl takes its `clip_ratio`.
    """
    now = logp.detach()
    old = now - token_log_ratio(logp, batch).detach()
    outward = torch.where(batch.advantages > 0, now > old, (batch.advantages < 0) & (now < old))
    return _masked_score(logp, batch, config, outward & (binary_kl(old, now) > config.dppo_kl))


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.RATIO,
    ratio_level=RatioLevel.TOKEN,
    options=TERMS | {"dro_beta"},
    paper="DRO, arXiv 2405.19107, as Tinker's and verl's token-level loss",
)
def dro(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """DRO: REINFORCE with a quadratic pull towards the policy that sampled, no ratio, no clip.

    J = 1/M Σ_i Σ_t A log π_θ(o_t) − β/2 (log π_θ(o_t) − log π_old(o_t))²

    ∂loss/∂logp_t = −(A − β log r_t)/M: a token stops where its log-ratio is A/β. β = 0.05 is the
    value in Tinker's documentation.
    """
    change = token_log_ratio(logp, batch)
    policy = -batch.advantages * logp + config.dro_beta / 2 * change.square()
    return finish(policy, logp, batch, config, Aggregation.TOKEN_MEAN)


@objective(
    coupling=Coupling.BATCH,
    dependence=Dependence.RATIO,
    splits=False,
    ratio_level=RatioLevel.TOKEN,
    options=TERMS | {"m2po_bound"},
    paper="M2PO, arXiv 2510.01161",
)
def m2po(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """M2PO: no clip; the tokens that drifted most are dropped until the second moment is small.

    J = 1/M Σ_i Σ_t m_t r_t A, where tokens that move outward (A > 0 and r > 1, A < 0 and r < 1)
    lose their m_t, the largest (log r)² first, until the mean of (log r)² over those that are left
    is at most the bound, 0.04 in the paper, or none is left to drop.

    The moment is a micro-batch's, so this couples one by definition. ∂loss/∂logp_t = −m_t r_t A/M.
    """
    policy = -ratio(logp, batch, config) * batch.advantages
    dropped = _drifted(token_log_ratio(logp, batch).detach(), batch, config.m2po_bound)
    policy = torch.where(dropped, torch.zeros_like(policy), policy)
    return finish(policy, logp, batch, config, Aggregation.TOKEN_MEAN)


@objective(
    coupling=Coupling.SEQUENCE,
    dependence=Dependence.RATIO,
    zero_without_advantage=True,
    ratio_level=RatioLevel.TOKEN,
    options=((CLIP | TERMS) - {"ratio_level"}) | {"fipo_decay", "fipo_low", "fipo_high"},
    paper="FIPO, arXiv 2603.19835",
)
def fipo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """FIPO: PPO's clip, each token weighted by how the policy has moved on what follows it.

    J = 1/M Σ_i Σ_t w_t min[r_t A, clip(r_t) A],
    w_t = sg[clip(exp Σ_{j ≥ t} γ^{j−t} log r_j, w_low, w_high)], j over live tokens

    A token whose continuation has become more likely since it was sampled counts for more. The
    paper leaves γ and the bounds to the task: a half-life of 32 tokens, 0.8 and 1.2 here.
    ∂loss/∂logp_t = −w_t r_t A/M where the clip does not hold.
    """
    surrogate = clipped_surrogate(ratio(logp, batch, config), batch, config)
    future = _discounted(token_log_ratio(logp, batch).detach(), batch.live, config.fipo_decay)
    weight = future.clamp(max=config.log_ratio_cap).exp().clamp(config.fipo_low, config.fipo_high)
    return finish(weight * surrogate, logp, batch, config, Aggregation.TOKEN_MEAN)


def _masked_score(logp: Tensor, batch: Batch, config: ObjectiveConfig, dropped: Tensor) -> Tensor:
    weight = ratio(logp, batch, config).detach().clamp(max=config.dppo_cap)
    weight = torch.where(dropped, torch.zeros_like(weight), weight)
    return finish(-weight * batch.advantages * logp, logp, batch, config, Aggregation.TOKEN_MEAN)


def _drifted(change: Tensor, batch: Batch, bound: float) -> Tensor:
    """(B, T) bool: the fewest tokens of largest square whose absence brings the mean to `bound`."""
    live = batch.live
    square = torch.where(live, change.square(), torch.zeros_like(change))
    outward = live & (change * batch.advantages > 0)
    order = square.masked_fill(~outward, -1.0).flatten().argsort(descending=True, stable=True)
    droppable = outward.flatten()[order]
    gone = torch.where(droppable, square.flatten()[order], torch.zeros_like(square.flatten()))
    # Before the k-th candidate is dropped: what remains, and of how many tokens.
    remaining = square.sum() - (gone.cumsum(0) - gone)
    count = live.sum() - (droppable.cumsum(0) - droppable.to(torch.long))
    too_much = droppable & (remaining > bound * count.clamp(min=1))
    # Stop at the first that fits: later ones may exceed the bound again, as the count falls too.
    needed = too_much.long().cumprod(0).bool()
    found = torch.zeros_like(droppable)
    found[order] = needed
    return found.view_as(live)


def _discounted(values: Tensor, live: Tensor, decay: float) -> Tensor:
    """(B, T): Σ_{j ≥ t} decay^{j−t} v_j over live tokens, time going from one to the next."""
    carried = values.new_zeros(values.shape[0])
    found = torch.zeros_like(values)
    for t in reversed(range(values.shape[1])):
        here = values[:, t] + decay * carried
        carried = torch.where(live[:, t], here, carried)
        found[:, t] = torch.where(live[:, t], here, torch.zeros_like(here))
    return found
