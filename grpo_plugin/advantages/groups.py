"""Statistics within groups that are given by ids: unequal sizes, NaN rewards, groups of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupStatistics:
    """Of each entry's group, spread back over the entries; NaN entries are not counted.

    Attributes:
        known: (B,) bool, entries that are not NaN.
        count: (B,), known entries in the group.
        mean: (B,), zero for a group without known entries.
        std: (B,), with ddof = 1; zero where fewer than two entries are known.
    """

    known: Tensor
    count: Tensor
    mean: Tensor
    std: Tensor


def group_statistics(values: Tensor, group: Tensor) -> GroupStatistics:
    """Count, mean and standard deviation of each entry's group.

    Args:
        values: (B,), NaN where there is none.
        group: (B,), integers, in any order and of any size.

    Raises:
        ValueError: the shapes differ, or the ids are not integers.
    """
    index = group_index(values, group)
    known = ~values.isnan()
    clean = torch.where(known, values, torch.zeros_like(values))
    count = group_sum(known.to(values.dtype), index)
    mean = group_sum(clean, index) / count.clamp(min=1)
    deviation = torch.where(known, values - mean, torch.zeros_like(values))
    variance = group_sum(deviation.square(), index) / (count - 1).clamp(min=1)
    return GroupStatistics(known=known, count=count, mean=mean, std=variance.sqrt())


def group_index(values: Tensor, group: Tensor) -> Tensor:
    """(B,) ids renumbered from 0, after checking that they fit the values."""
    if values.dim() != 1 or values.shape != group.shape:
        raise ValueError(
            f"values have shape {tuple(values.shape)} and group {tuple(group.shape)}; "
            "give one number and one group id per completion, both (B,)"
        )
    if group.is_floating_point() or group.dtype == torch.bool:
        raise ValueError(f"group has dtype {group.dtype}; give integer ids, equal within a group")
    _, index = torch.unique(group, return_inverse=True)
    return cast("Tensor", index)


def group_sum(values: Tensor, index: Tensor) -> Tensor:
    """(B,): the sum over each entry's group, spread back over its entries."""
    total = values.new_zeros(values.shape[0]).index_add_(0, index, values)
    return total[index]


def dead_groups(rewards: Tensor, group: Tensor) -> Tensor:
    """(B,) bool: entries of groups that teach nothing, as all known rewards are equal.

    Groups with fewer than two known rewards are dead too.
    """
    index = group_index(rewards, group)
    known = ~rewards.isnan()
    above = torch.where(known, rewards, torch.full_like(rewards, -torch.inf))
    below = torch.where(known, rewards, torch.full_like(rewards, torch.inf))
    highest = torch.full_like(rewards, -torch.inf).scatter_reduce_(0, index, above, "amax")
    lowest = torch.full_like(rewards, torch.inf).scatter_reduce_(0, index, below, "amin")
    return ~(highest > lowest)[index]
