"""Pass@k training: rewarding a group of attempts for its best, in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

from grpo_plugin.advantages.groups import group_index, group_sum


def pass_at_k(rewards: Tensor, group: Tensor, *, k: int, correct_above: float = 0.5) -> Tensor:
    """Advantages of pass@k training (Chen et al., arXiv 2508.10751, section 2.4, analytical).

    Of N attempts, N⁻ are wrong. Over all subsets of k attempts, each rewarded by its best:

    mean R = 1 − C(N⁻, k)/C(N, k),  std σ = √(R (1 − R))
    A(right) = (1 − R)/σ,  A(wrong) = (1 − R − C(N⁻−1, k−1)/C(N−1, k−1))/σ

    A completion's advantage is the mean over the subsets it is in. Zero where all subsets are
    worth the same (σ = 0) and in groups of fewer than k known rewards.

    Args:
        rewards: (B,), NaN where no reward applied.
        group: (B,), integers.
        k: attempts that count as one, at least 1.
        correct_above: a reward above this counts as right.

    Raises:
        ValueError: k is below 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}; pass@k needs at least one attempt")
    index = group_index(rewards, group)
    known = ~rewards.isnan()
    right = known & (rewards > correct_above)
    attempts = group_sum(known.double(), index)
    wrong = attempts - group_sum(right.double(), index)
    failing = _choose_ratio(wrong, attempts, k)
    failing_with_this = _choose_ratio(wrong - 1, attempts - 1, k - 1)
    spread = ((1 - failing) * failing).sqrt()
    advantage = torch.where(right, failing, failing - failing_with_this)
    usable = known & (attempts >= k) & (spread > 0)
    scaled = advantage / torch.where(usable, spread, torch.ones_like(spread))
    return torch.where(usable, scaled, torch.zeros_like(scaled)).to(rewards.dtype)


def _choose_ratio(few: Tensor, many: Tensor, k: int) -> Tensor:
    """C(few, k)/C(many, k) as a product, so that nothing overflows; zero where few < k."""
    result = torch.ones_like(few)
    for taken in range(k):
        result = result * (few - taken).clamp(min=0) / (many - taken).clamp(min=1)
    return result
