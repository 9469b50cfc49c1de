"""Advantages that differ from token to token: GAE, and REINFORCE++ with its KL penalty."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from grpo_plugin.advantages.outcome import STD_FLOOR, standardize
from grpo_plugin.kl import penalize_advantages


@dataclass(frozen=True, kw_only=True, eq=False)
class Gae:
    """Attributes: `advantages` and `returns` (what a value function should predict), (B, T)."""

    advantages: Tensor
    returns: Tensor


def gae(
    rewards: Tensor, values: Tensor, mask: Tensor, *, gamma: float = 1.0, lam: float = 0.95
) -> Gae:
    """Generalised advantage estimation (Schulman et al., arXiv 1506.02438, eq. 16).

    δ_t = r_t + γ V_{t+1} − V_t,  A_t = Σ_l (γ λ)^l δ_{t+l},  return = A_t + V_t

    Masked positions (padding, tool output) are skipped: time goes from one live token to the next,
    and V is zero after the last.

    Args:
        rewards: (B, T), per token; an outcome reward stands at the last live token.
        values: (B, T), V of the state before each token.
        mask: (B, T).
        gamma: discount, in [0, 1].
        lam: λ, in [0, 1].

    Returns:
        Both zero outside the mask, without gradient.

    Raises:
        ValueError: shapes differ, or gamma or lam is out of range.
    """
    if not rewards.shape == values.shape == mask.shape:
        raise ValueError(
            f"rewards {tuple(rewards.shape)}, values {tuple(values.shape)} and mask "
            f"{tuple(mask.shape)} must have one shape, (B, T)"
        )
    for name, number in (("gamma", gamma), ("lam", lam)):
        if not 0 <= number <= 1:
            raise ValueError(f"{name} is {number}; it must be in [0, 1]")
    live = mask != 0
    values = values.detach()
    following = values.new_zeros(values.shape[0])
    carried = torch.zeros_like(following)
    advantages = torch.zeros_like(values)
    for t in reversed(range(values.shape[1])):
        delta = rewards[:, t] + gamma * following - values[:, t]
        here = delta + gamma * lam * carried
        carried = torch.where(live[:, t], here, carried)
        following = torch.where(live[:, t], values[:, t], following)
        advantages[:, t] = torch.where(live[:, t], here, torch.zeros_like(here))
    returns = torch.where(live, advantages + values, torch.zeros_like(values))
    return Gae(advantages=advantages, returns=returns)


def reinforce_plus_plus(
    rewards: Tensor,
    mask: Tensor,
    *,
    divergence: Tensor | None = None,
    coefficient: float = 0.0,
    floor: float = STD_FLOOR,
) -> Tensor:
    """A_t = r − β Σ_{s ≥ t} KL_s, normalised over all live tokens of the batch.

    REINFORCE++ (arXiv 2501.03262, eq. 8-10): no group, no critic; the batch is the baseline.

    Args:
        rewards: (B,), NaN where no reward applied: such a completion counts nowhere.
        mask: (B, T).
        divergence: (B, T), from `kl.token_kl` (k1 under π_old in the paper).
        coefficient: β.
        floor: added to the standard deviation (ddof = 1).

    Returns:
        (B, T), zero outside the mask.
    """
    counted = (mask != 0) & ~rewards.isnan()[:, None]
    spread = torch.nan_to_num(rewards)[:, None].expand(mask.shape)
    if divergence is not None:
        spread = penalize_advantages(spread, divergence, coefficient=coefficient)
    scaled = standardize(spread, counted.to(spread.dtype), floor=floor)
    return torch.where(counted, scaled, torch.zeros_like(scaled)).detach()


def reinforce_plus_plus_outcome(
    rewards: Tensor,
    group: Tensor,  # noqa: ARG001 - it has no groups; the signature is that of all outcomes
    lengths: Tensor,
    *,
    floor: float = STD_FLOOR,
) -> Tensor:
    """(B,): `reinforce_plus_plus` without a KL per token, where a row has one advantage."""
    known = ~rewards.isnan()
    values = torch.nan_to_num(rewards)
    scaled = standardize(values, known * lengths.to(rewards.dtype), floor=floor)
    return torch.where(known, scaled, torch.zeros_like(scaled)).detach()


def spread_outcomes(advantages: Tensor, mask: Tensor) -> Tensor:
    """(B, T): one advantage per completion given to each of its live tokens."""
    live = mask != 0
    return torch.where(live, advantages[:, None], torch.zeros_like(advantages)[:, None])
