"""Process supervision (DeepSeekMath, section 4.1.3): rewards for steps inside a completion.

A completion has up to K steps; step j ends at token index(j) and has reward r_j. All step rewards
of a group are normalised together, and a token's advantage is the sum of the normalised rewards
of the steps that end at or after it. In several processes, gather the step rewards, normalise,
and let each process spread its own rows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from grpo_plugin.advantages.groups import group_statistics
from grpo_plugin.advantages.outcome import STD_FLOOR


def normalize_steps(step_rewards: Tensor, group: Tensor, *, floor: float = STD_FLOOR) -> Tensor:
    """r̃ = (r − mean(R))/std(R), R all the step rewards of a group.

    Args:
        step_rewards: (B, K), NaN where a completion has fewer steps, or a step has no reward.
        group: (B,), integers.
        floor: added to the standard deviation (ddof = 1, as for outcomes).

    Returns:
        (B, K), zero where the reward is NaN.

    Raises:
        ValueError: `step_rewards` is not (B, K).
    """
    if step_rewards.dim() != 2:
        raise ValueError(f"step_rewards has shape {tuple(step_rewards.shape)}; it must be (B, K)")
    flat = step_rewards.flatten()
    of = group_statistics(flat, group.repeat_interleave(step_rewards.shape[1]))
    scaled = torch.where(of.known, (flat - of.mean) / (of.std + floor), torch.zeros_like(flat))
    return scaled.view_as(step_rewards)


def spread_steps(step_scores: Tensor, step_ends: Tensor, length: int) -> Tensor:
    """A_t = Σ_j [index(j) ≥ t] score_j.

    Args:
        step_scores: (B, K).
        step_ends: (B, K), the position in the completion, from 0, of each step's last token;
            negative where there is no step.
        length: T; ends beyond it (a completion cut short) count as its last token.

    Returns:
        (B, T), one advantage per token; tokens after the last step get zero.

    Raises:
        ValueError: the shapes differ, or the ends are not integers.
    """
    if step_scores.dim() != 2 or step_scores.shape != step_ends.shape:
        raise ValueError(
            f"step_scores has shape {tuple(step_scores.shape)} and step_ends "
            f"{tuple(step_ends.shape)}; both must be (B, K)"
        )
    if step_ends.is_floating_point():
        raise ValueError(f"step_ends has dtype {step_ends.dtype}; give integer token positions")
    at_end = step_scores.new_zeros(step_scores.shape[0], length)
    if length == 0:
        return at_end
    real = step_ends >= 0
    scores = torch.where(real, torch.nan_to_num(step_scores), torch.zeros_like(step_scores))
    at_end.scatter_add_(1, step_ends.clamp(0, length - 1).long(), scores)
    return at_end.flip(1).cumsum(1).flip(1)


def process_supervision(
    step_rewards: Tensor, step_ends: Tensor, group: Tensor, *, length: int
) -> Tensor:
    """(B, T) advantages from step rewards: `normalize_steps`, then `spread_steps`.

    >>> process_supervision(
    ...     torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0, 2], [1, 2]]),
    ...     torch.tensor([0, 0]), length=3,
    ... )
    tensor([[ 0.0000, -0.8659, -0.8659],
            [ 0.0000,  0.0000,  0.8659]])
    """
    real = torch.where(step_ends >= 0, step_rewards, torch.full_like(step_rewards, torch.nan))
    return spread_steps(normalize_steps(real, group), step_ends, length)
