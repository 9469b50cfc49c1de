"""Estimates of KL(π_θ‖π_ref) from the log-probs of sampled tokens: in the loss or in the reward.

With d = log π_θ − log π_ref at the sampled token (Schulman, "Approximating KL divergence", 2020):

| name  | value         | E value        | E gradient (no ratio)    | E gradient (times the ratio) |
|-------|---------------|----------------|--------------------------|------------------------------|
| k1    | d             | KL(π‖ref)      | 0                        | ∇KL(π‖ref)                   |
| k2    | d²/2          | biased         | ∇KL(π‖ref)               | biased                       |
| k3    | e^−d − 1 + d  | KL(π‖ref)      | ∇KL(ref‖π), the other way| ∇KL(π‖ref)                   |
| abs   | |d|           | biased         | biased                   | biased                       |
| k1_st | k1            | KL(π‖ref)      | ∇KL(π‖ref)               | biased                       |
| k3_st | k3            | KL(π‖ref)      | ∇KL(π‖ref)               | biased                       |

Expectations are over tokens sampled from π_θ itself; the straight-through names take the value of
one estimator and the gradient of k2. "Times the ratio" multiplies by π_θ/π_old with its gradient
(DeepSeek-V3.2, arXiv 2512.02556; TRL's `use_bias_correction_kl`), which also makes k1 and k3 exact
when tokens come from π_old. The table holds at token level for the KL of the next-token
distribution at the prefixes that were sampled; at sequence level (d summed over the output) it
holds for the KL of whole outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import torch
from torch import Tensor

from grpo_plugin.exponential import LOG_RATIO_CAP, bounded_expm1


class KLEstimator(str, Enum):
    """How the divergence is estimated; the module's table says what each one is good for."""

    K1 = "k1"
    K2 = "k2"
    K3 = "k3"
    ABS = "abs"
    K1_STRAIGHT_THROUGH = "k1_st"
    K3_STRAIGHT_THROUGH = "k3_st"


class KLLevel(str, Enum):
    """Whether d is a token's log-ratio or their sum over the output."""

    TOKEN = "token"  # noqa: S105 - a unit of text
    SEQUENCE = "sequence"


def estimate_kl(
    logp: Tensor,
    ref_logp: Tensor,
    estimator: KLEstimator = KLEstimator.K3,
    *,
    cap: float = LOG_RATIO_CAP,
) -> Tensor:
    """One estimate of KL(π_θ‖π_ref) per entry, non-negative for k2, k3 and abs.

    Args:
        logp: log π_θ, any shape: per token, or summed over outputs.
        ref_logp: log π_ref, the same shape.
        estimator: see the module's table.
        cap: where e^−d in k3 gives way to its tangent (`bounded_exp`), so that a token the policy
            has all but forgotten is still pulled back by a finite gradient.

    >>> import torch
    >>> estimate_kl(torch.tensor([-1.0]), torch.tensor([-2.0]), KLEstimator.K2)
    tensor([0.5000])
    """
    estimator = KLEstimator(estimator)
    difference = logp - ref_logp
    if estimator is KLEstimator.K1:
        return difference
    if estimator is KLEstimator.K2:
        return difference.square() / 2
    if estimator is KLEstimator.K3:
        return bounded_expm1(-difference, cap) + difference
    if estimator is KLEstimator.ABS:
        return difference.abs()
    surrogate = difference.square() / 2
    shown = (
        difference
        if estimator is KLEstimator.K1_STRAIGHT_THROUGH
        else bounded_expm1(-difference, cap) + difference
    )
    return surrogate + (shown - surrogate).detach()


def token_kl(
    old_logp: Tensor,
    ref_logp: Tensor,
    mask: Tensor,
    estimator: KLEstimator = KLEstimator.K1,
) -> Tensor:
    """(B, T) estimates under the policy that sampled (π_old), zero outside the mask, no gradient.

    What PPO subtracts from the reward of each token (DeepSeekMath eq. 2).
    """
    live = mask != 0
    difference = (old_logp - ref_logp).detach().masked_fill(~live, 0.0)
    return estimate_kl(difference, difference.new_zeros(()), estimator)


def binary_kl(from_logp: Tensor, to_logp: Tensor) -> Tensor:
    """KL(B(p)‖B(q)) in nats of "this token or another", p and q given by their logarithms.

    Non-negative, finite for finite log-probs.
    """
    tiny = torch.finfo(from_logp.dtype).tiny
    p, others = from_logp.exp(), (-torch.expm1(from_logp)).clamp(min=tiny)
    other = (-torch.expm1(to_logp)).clamp(min=tiny)
    return p * (from_logp - to_logp) + others * (others.log() - other.log())


def penalize_rewards(  # noqa: PLR0913 - the terms of one formula
    rewards: Tensor,
    old_logp: Tensor,
    ref_logp: Tensor,
    mask: Tensor,
    *,
    coefficient: float,
    estimator: KLEstimator = KLEstimator.K1,
) -> Tensor:
    """KL in the reward: r_i − β Σ_t KL_t, from π_old, to be called *before* group normalisation.

    r_θ is replaced as in PPO-style RLHF (DeepSeekMath eq. 2; RLOO, arXiv 2402.14740, section 2).
    The divergence is that of the policy that sampled, a constant: its effect on the policy comes
    through the advantage, whose policy gradient is unbiased for ∇KL(π‖ref) with k1, in
    expectation over samples. Because it precedes the baseline and the standard deviation, both
    see it. To apply it afterwards instead, see `penalize_advantages`.

    Args:
        rewards: (B,); NaN stays NaN.
        old_logp: (B, T), of the policy that sampled; on-policy, the present one.
        ref_logp: (B, T).
        mask: (B, T).
        coefficient: β.
        estimator: k1 (the log-ratio itself) in the papers.

    Returns:
        (B,), without gradient.
    """
    return rewards - coefficient * token_kl(old_logp, ref_logp, mask, estimator).sum(dim=1)


def penalize_advantages(advantages: Tensor, divergence: Tensor, *, coefficient: float) -> Tensor:
    """KL after normalisation: A_t − β Σ_{s ≥ t} KL_s, token by token.

    A token answers for the divergence from itself on, never for earlier tokens' (REINFORCE++,
    arXiv 2501.03262, eq. 8).

    Args:
        advantages: (B, T).
        divergence: (B, T), from `token_kl`.
        coefficient: β.
    """
    return advantages - coefficient * divergence.flip(1).cumsum(1).flip(1)


@dataclass(frozen=True, kw_only=True)
class FixedKL:
    """A coefficient that stays what it is."""

    coefficient: float

    def updated(self, observed: float, *, samples: int) -> FixedKL:  # noqa: ARG002 - one interface
        """The coefficient for the next step: this one."""
        return self


@dataclass(frozen=True, kw_only=True)
class AdaptiveKL:
    """β ← β · (1 + clip(KL/target − 1, ±0.2) · samples / horizon).

    Ziegler et al., arXiv 1909.08593, section 2.2: a proportional controller in log space that
    steers the divergence towards `target`.

    >>> AdaptiveKL(coefficient=0.1, target=6.0, horizon=100).updated(60.0, samples=10).coefficient
    0.10200000000000001
    """

    coefficient: float
    target: float
    horizon: int = 10_000

    def __post_init__(self) -> None:
        if self.target <= 0:
            raise ValueError(f"target is {self.target}; an adaptive KL coefficient needs one > 0")
        if self.horizon < 1:
            raise ValueError(f"horizon is {self.horizon}; it must be at least 1")

    def updated(self, observed: float, *, samples: int) -> AdaptiveKL:
        """The controller after a step on `samples` completions with a mean KL of `observed`."""
        error = min(max(observed / self.target - 1, -0.2), 0.2)
        return replace(self, coefficient=self.coefficient * (1 + error * samples / self.horizon))
