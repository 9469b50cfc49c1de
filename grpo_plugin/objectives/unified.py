"""DeepSeekMath's unified paradigm (section 5.2.1, appendix A.1): every method is a coefficient.

∇J = E_{(q,o) ~ D} [ 1/|o| Σ_t GC(q, o, t) ∇ log π_θ(o_t | q, o_<t) ]      (eq. 5)

| method     | data D                          | GC                                   | where |
|------------|---------------------------------|--------------------------------------|-------|
| SFT        | demonstrations                  | 1                                    | A.1.1 |
| RFT        | sampled once from the SFT model | 1 if the answer is right, else 0     | A.1.2 |
| online RFT | sampled from the present policy | the same                             | A.1.3 |
| DPO        | pairs from the SFT model        | ±β σ(β log-ratio of o⁻ minus of o⁺)  | A.1.4 |
| PPO        | sampled from the present policy | A_t                                  | A.1.5 |
| GRPO       | sampled from the present policy | A_t + β (π_ref/π_θ − 1)              | A.1.6 |

The four that are no policy objectives are registered here; PPO and GRPO are `ppo_clip` and `grpo`
with π_old = π_θ. `paradigm_coefficient` writes the table down, apart from any loss.
"""

from __future__ import annotations

from enum import Enum

import torch
from torch import Tensor
from torch.nn.functional import softplus

from grpo_plugin.batch import Batch
from grpo_plugin.objectives.aggregation import Aggregation
from grpo_plugin.objectives.config import ObjectiveConfig
from grpo_plugin.objectives.registry import TERMS, Coupling, Dependence, objective
from grpo_plugin.objectives.terms import finish


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.NOTHING,
    options=TERMS,
    paper="DeepSeekMath, arXiv 2402.03300, A.1.1",
)
def sft(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """Supervised fine-tuning: J = E_{o ~ demonstrations} 1/|o| Σ_t log π_θ(o_t); GC = 1.

    Rewards and advantages are not looked at.
    """
    return finish(-logp, logp, batch, config, Aggregation.SEQUENCE_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.NOTHING,
    needs={"rewards"},
    options=TERMS | {"correct_above"},
    paper="DeepSeekMath, arXiv 2402.03300, A.1.2",
)
def rft(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """Rejection-sampling fine-tuning: SFT on the completions whose reward exceeds `correct_above`.

    J = E_{o ~ π_sft} 1/|o| Σ_t 1[o is right] log π_θ(o_t); GC = 1[o is right]. A NaN reward does
    not count as right. The mean is over all completions, right or not, as in the paper.
    """
    policy = -_is_right(batch, config) * logp
    return finish(policy, logp, batch, config, Aggregation.SEQUENCE_MEAN)


@objective(
    coupling=Coupling.TOKEN,
    dependence=Dependence.NOTHING,
    needs={"rewards"},
    options=TERMS | {"correct_above"},
    paper="DeepSeekMath, arXiv 2402.03300, A.1.3",
)
def online_rft(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """RFT's coefficient on completions of the present policy instead of the SFT model's.

    The difference is in who sampled, not in the loss: GC = 1[o is right].
    """
    policy = -_is_right(batch, config) * logp
    return finish(policy, logp, batch, config, Aggregation.SEQUENCE_MEAN)


@objective(
    coupling=Coupling.BATCH,
    dependence=Dependence.VALUE,
    splits=False,
    needs={"rewards", "group", "ref_logp"},
    options=TERMS | {"dpo_beta"},
    paper="DeepSeekMath, arXiv 2402.03300, A.1.4; Rafailov et al., arXiv 2305.18290, eq. 7",
)
def dpo(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """DPO on all pairs of a group whose rewards differ, as DeepSeekMath normalises it.

    J = E log σ(m(o⁺) − m(o⁻)),  m(o) = β 1/|o| Σ_t log π_θ(o_t)/π_ref(o_t)

    ∂(−J)/∂logp = ∓ β σ(m(o⁻) − m(o⁺))/|o| for o⁺ and o⁻ (the paper's coefficient leaves the
    constant β out). Rafailov's own sums over tokens instead of averaging.

    A group's pairs are averaged and the group then weighs as many completions as it has, so
    groups can be spread over micro-batches but none may be cut by a boundary. NaN rewards, masked
    completions and groups without two different rewards form no pairs.
    """
    pairs = _pair_weights(batch)
    margin = _implicit_reward(logp, batch, config)
    losses = (pairs * softplus(margin[None, :] - margin[:, None])).sum(dim=1, keepdim=True)
    return finish(losses, logp, batch, config, Aggregation.SEQUENCE_MEAN)


class Paradigm(str, Enum):
    """A row of the module's table."""

    SFT = "sft"
    RFT = "rft"
    ONLINE_RFT = "online_rft"
    DPO = "dpo"
    PPO = "ppo"
    GRPO = "grpo"


def paradigm_coefficient(
    paradigm: Paradigm | str, logp: Tensor, batch: Batch, config: ObjectiveConfig
) -> Tensor:
    """(B, T): GC(q, o, t) of eq. 5 as the appendix gives it, on-policy (π_old = π_θ).

    The loss of the same name satisfies ∂loss/∂logp = −GC/(N |o|). DPO's carries the β that the
    paper leaves out, and the weight of each pair.
    """
    paradigm = Paradigm(paradigm)
    if paradigm is Paradigm.SFT:
        return torch.ones_like(logp)
    if paradigm in (Paradigm.RFT, Paradigm.ONLINE_RFT):
        return _is_right(batch, config).expand_as(logp)
    if paradigm is Paradigm.PPO:
        return batch.advantages
    if paradigm is Paradigm.GRPO:
        if config.beta == 0 or batch.ref_logp is None:
            return batch.advantages
        return batch.advantages + config.beta * torch.expm1(batch.ref_logp - logp)
    margin = _implicit_reward(logp, batch, config)
    gap = margin[None, :] - margin[:, None]
    pull = config.dpo_beta * _pair_weights(batch) * torch.sigmoid(gap)
    return (pull.sum(dim=1) - pull.sum(dim=0))[:, None].expand_as(logp)


def _is_right(batch: Batch, config: ObjectiveConfig) -> Tensor:
    """(B, 1): 1 where the reward exceeds the threshold; NaN does not."""
    if batch.rewards is None:
        raise ValueError("rejection sampling needs batch.rewards, which is None")
    return (batch.rewards > config.correct_above).to(batch.advantages.dtype)[:, None]


def _implicit_reward(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
    """(B,): β times the mean of log π_θ/π_ref over a completion's live tokens."""
    if batch.ref_logp is None:
        raise ValueError("dpo needs batch.ref_logp, which is None")
    difference = torch.where(batch.live, logp - batch.ref_logp, torch.zeros_like(logp))
    return config.dpo_beta * difference.sum(dim=1) / batch.lengths.squeeze(1)


def _pair_weights(batch: Batch) -> Tensor:
    """(B, B): entry (i, j) is the weight of preferring i to j, zero unless r_i > r_j in a group.

    The weights of a group sum to its size, or to zero where it has no pair.
    """
    if batch.rewards is None or batch.group is None:
        raise ValueError("dpo needs batch.rewards and batch.group")
    rewards = batch.rewards.masked_fill(~batch.live.any(dim=1), torch.nan)
    together = batch.group[:, None] == batch.group[None, :]
    better = (together & (rewards[:, None] > rewards[None, :])).to(rewards.dtype)
    size = together.sum(dim=1).to(rewards.dtype)
    pairs = together.to(rewards.dtype) @ better.sum(dim=1)
    return better * (size / pairs.clamp(min=1))[:, None]
