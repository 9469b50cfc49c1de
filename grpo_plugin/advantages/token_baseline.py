"""The optimal token baseline: a baseline for each token, of least variance in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

from grpo_plugin.advantages.groups import group_index


def optimal_token_baseline(
    rewards: Tensor, group: Tensor, logp: Tensor, square_sum: Tensor, mask: Tensor
) -> Tensor:
    """A_t = r − B_t, with B_t the group's mean reward, weighted by realised energy up to t.

    B_t = Σ_i W_it r_i / Σ_i W_it over the completions of the group that reach t,
    W_it = Σ_{j ≤ t} (1 − 2 π_ij + Σ_v π_ij(v)²)   (arXiv 2602.07078)

    1 − 2π + Σ_v π² is the squared norm of the gradient of log π with respect to the logits: a
    completion whose gradient is large so far counts for more in the baseline of what follows.

    Args:
        rewards: (B,), NaN where no reward applied: such a completion counts nowhere.
        group: (B,), integers.
        logp: (B, T), of the sampled tokens under the policy that sampled.
        square_sum: (B, T), Σ_v π(v)² of its distribution at each token, in (0, 1].
        mask: (B, T). Masked positions add no energy and are passed over.

    Returns:
        (B, T), without gradient, zero outside the mask and where the reward is NaN.

    Raises:
        ValueError: shapes differ.
    """
    if not logp.shape == square_sum.shape == mask.shape:
        raise ValueError(
            f"logp {tuple(logp.shape)}, square_sum {tuple(square_sum.shape)} and mask "
            f"{tuple(mask.shape)} must have one shape, (B, T)"
        )
    index = group_index(rewards, group)
    live = (mask != 0) & ~rewards.isnan()[:, None]
    energy = torch.where(live, 1 - 2 * logp.exp() + square_sum, torch.zeros_like(logp))
    weight = torch.where(live, energy.cumsum(dim=1), torch.zeros_like(logp))
    worth = torch.nan_to_num(rewards)[:, None]

    def of_group(values: Tensor) -> Tensor:
        return torch.zeros_like(values).index_add_(0, index, values)[index]

    total = of_group(weight)
    baseline = of_group(weight * worth) / torch.where(total > 0, total, torch.ones_like(total))
    return torch.where(live, worth - baseline, torch.zeros_like(logp)).detach()
