"""One advantage per completion from one reward per completion (outcome supervision).

All take `rewards` (B,), NaN where no reward applied, and `group` (B,), integer ids; groups may have
any size. All return (B,) without gradient: zero where the reward is NaN, and zero where a group
has too few known rewards for a baseline. Statistics are over the rewards given: in several
processes gather them first.
"""

from __future__ import annotations

import torch
from torch import Tensor

from grpo_plugin.advantages.groups import (
    dead_groups,
    group_index,
    group_statistics,
    group_sum,
)

STD_FLOOR = 1e-4
"""Added to standard deviations, as TRL does."""


def grpo(rewards: Tensor, group: Tensor, *, floor: float = STD_FLOOR) -> Tensor:
    """A_i = (r_i − mean)/(std + 1e-4) over the group (DeepSeekMath, section 4.1.2).

    The paper's std says nothing of degrees of freedom; as in TRL, ddof = 1.

    >>> grpo(torch.tensor([1.0, 0.0, 1.0, 0.0]), torch.tensor([7, 7, 7, 7]))
    tensor([ 0.8659, -0.8659,  0.8659, -0.8659])
    """
    of = group_statistics(rewards, group)
    return _known((rewards - of.mean) / (of.std + floor), of.known)


def dr_grpo(rewards: Tensor, group: Tensor) -> Tensor:
    """A_i = r_i − mean over the group, undivided (Dr. GRPO, arXiv 2503.20783, section 3.2)."""
    of = group_statistics(rewards, group)
    return _known(rewards - of.mean, of.known)


def rloo(rewards: Tensor, group: Tensor) -> Tensor:
    """A_i = r_i − mean of the *others* in the group (RLOO, arXiv 2402.14740, section 3.3).

    Unbiased: the baseline does not depend on the completion it is taken from. It equals
    G/(G−1) · (r_i − mean). A group of one has no others, and gets zero.
    """
    of = group_statistics(rewards, group)
    scale = torch.where(of.count > 1, of.count / (of.count - 1).clamp(min=1), 0.0)
    return _known(scale * (rewards - of.mean), of.known)


def maxrl(rewards: Tensor, group: Tensor) -> Tensor:
    """A_i = (r_i − mean)/mean over the group (MaxRL, arXiv 2602.02710).

    With 0/1 rewards the gradient is that of log pass rate, to first order: a prompt solved once in
    a hundred weighs a hundred times one that is always solved. Zero where no known reward of a
    group exceeds 0.

    Raises:
        ValueError: a reward is negative: the mean is then no rate, and below zero it would turn
            every sign around.
    """
    if bool((rewards < 0).any()):
        raise ValueError(
            f"maxrl divides by a group's mean reward, and the least reward is "
            f"{float(torch.nan_to_num(rewards, nan=0.0).min())}; rewards must be at least 0"
        )
    of = group_statistics(rewards, group)
    scale = torch.where(of.mean > 0, of.mean, torch.ones_like(of.mean))
    return _known((rewards - of.mean) / scale, of.known)


def gdpo(
    rewards: Tensor, group: Tensor, *, weights: Tensor | None = None, floor: float = STD_FLOOR
) -> Tensor:
    """GDPO: each reward normalised in its group by itself, summed, and whitened over the batch.

    z_ik = (r_ik − mean_k)/(std_k + 1e-4) over the group,  s_i = Σ_k w_k z_ik,
    A_i = (s_i − mean s)/(std s + 1e-4) over all completions (arXiv 2601.05242; TRL's
    multi_objective_aggregation="normalize_then_sum")

    Sums of rewards can be equal where the rewards are not; here each keeps its own signal, and a
    rare one is not drowned by a frequent one.

    Args:
        rewards: (B, K), of K reward functions, NaN where one did not apply.
        group: (B,).
        weights: (K,), ones by default.
        floor: added to standard deviations.

    Returns:
        (B,), zero where no reward applied.

    Raises:
        ValueError: `rewards` is not (B, K).
    """
    if rewards.dim() != 2:
        raise ValueError(f"gdpo takes rewards (B, K), one column each, not {tuple(rewards.shape)}")
    scaled = torch.stack([grpo(column, group, floor=floor) for column in rewards.T], dim=1)
    if weights is not None:
        scaled = scaled * weights.to(scaled)
    total, known = scaled.sum(dim=1), ~rewards.isnan().all(dim=1)
    return _known(standardize(total, known.to(total.dtype), floor=floor), known)


def opo(rewards: Tensor, group: Tensor, lengths: Tensor) -> Tensor:
    """A_i = r_i − Σ_j |o_j| r_j / Σ_j |o_j| (OPO, arXiv 2505.23585).

    The baseline of least variance when a completion's squared gradient grows with its length.

    Args:
        rewards: (B,).
        group: (B,).
        lengths: (B,), live tokens of each completion.
    """
    index = group_index(rewards, group)
    known = ~rewards.isnan()
    weight = torch.where(known, lengths.to(rewards.dtype), torch.zeros_like(rewards))
    clean = torch.where(known, rewards, torch.zeros_like(rewards))
    total = group_sum(weight, index)
    baseline = group_sum(weight * clean, index) / torch.where(total > 0, total, 1.0)
    return _known(torch.where(total > 0, rewards - baseline, 0.0), known)


def batch_normalized(rewards: Tensor, group: Tensor, *, floor: float = STD_FLOOR) -> Tensor:
    """A_i = (r_i − mean of the group)/(std of all rewards + 1e-4): TRL's scale_rewards="batch".

    "Part I: Tricks or Traps?" (arXiv 2508.08221): group baseline, batch scale.
    """
    of = group_statistics(rewards, group)
    scale = group_statistics(rewards, torch.zeros_like(group)).std + floor
    return _known((rewards - of.mean) / scale, of.known)


def reinforce_plus_plus_baseline(
    rewards: Tensor, group: Tensor, lengths: Tensor | None = None, *, floor: float = STD_FLOOR
) -> Tensor:
    """r_i − mean of the group, then normalised over the whole batch.

    REINFORCE++ w/ baseline (arXiv 2501.03262, section 3): the scale is that of the *centred*
    rewards, of all groups together, so an easy group is not blown up. KL goes into the loss (k2).

    Args:
        rewards: (B,).
        group: (B,).
        lengths: (B,), live tokens of each completion; where given, mean and std are over tokens
            (a completion counts as often as it has tokens, as in the authors' code), else over
            completions.
        floor: added to the standard deviation.
    """
    centred = dr_grpo(rewards, group)
    known = ~rewards.isnan()
    weight = known.to(rewards.dtype)
    if lengths is not None:
        weight = weight * lengths.to(rewards.dtype)
    return _known(standardize(centred, weight, floor=floor), known)


def gpg(rewards: Tensor, group: Tensor, *, scale: float = 1.0) -> Tensor:
    """A_i = α (r_i − mean)/F_norm with α = B/(B − M) (GPG, arXiv 2504.02546).

    M counts the completions in groups whose rewards are all equal: they contribute no gradient but
    are counted by the mean over tokens, and α makes up for them. `scale` is F_norm.
    """
    dead = dead_groups(rewards, group)
    alive = (~dead).sum().clamp(min=1).to(rewards.dtype)
    return dr_grpo(rewards, group) * (rewards.shape[0] / alive) / scale


def standardize(values: Tensor, weight: Tensor, *, floor: float = STD_FLOOR) -> Tensor:
    """(x − mean)/(std + floor), entries counted `weight` times, ddof = 1."""
    total = weight.sum()
    mean = (weight * values).sum() / total.clamp(min=1)
    deviation = values - mean
    variance = (weight * deviation.square()).sum() / (total - 1).clamp(min=1)
    return deviation / (variance.sqrt() + floor)


def _known(values: Tensor, known: Tensor) -> Tensor:
    return torch.where(known, values, torch.zeros_like(values)).detach()
