"""Correcting for a sampling engine whose probabilities are not those of π_old.

vLLM or SGLang and the trainer disagree by rounding and kernels even with equal weights. With
ρ = π_old/π_sampler the policy term is multiplied by a bounded ρ (truncated importance sampling),
or dropped where ρ is out of bounds (masked importance sampling).
"""

from __future__ import annotations

from enum import Enum

import torch
from torch import Tensor

from grpo_plugin.kl import binary_kl


class SamplerCorrection(str, Enum):
    """What ρ is a ratio of, and what happens out of bounds."""

    TOKEN_TRUNCATE = "token_truncate"  # noqa: S105 - a unit of text
    TOKEN_MASK = "token_mask"  # noqa: S105 - a unit of text
    SEQUENCE_TRUNCATE = "sequence_truncate"
    SEQUENCE_MASK = "sequence_mask"
    GEOMETRIC_TRUNCATE = "geometric_truncate"
    """Of the geometric mean over a completion, exp(mean log ρ_t): its scale is a token's."""
    GEOMETRIC_MASK = "geometric_mask"
    GEOMETRIC_REJECT = "geometric_reject"
    """Completions out of bounds are dropped; the others count in full, without a weight."""
    SEQUENCE_REJECT = "sequence_reject"
    ICEPOP = "icepop"
    """`token_mask` by its paper's name, with ρ in [0.5, 5] (Ring-1T, arXiv 2510.18855, eq. 4):
    tokens on which sampler and trainer disagree are dropped, the others weighted by ρ."""
    KPOP = "kpop"
    """Tokens are dropped where the binary KL of sampler and trainer, in either direction, exceeds
    `upper`; the others count in full (Ring's KPop)."""


_TRUNCATING = frozenset(
    {
        SamplerCorrection.TOKEN_TRUNCATE,
        SamplerCorrection.SEQUENCE_TRUNCATE,
        SamplerCorrection.GEOMETRIC_TRUNCATE,
    }
)
_SUMMED = frozenset(
    {
        SamplerCorrection.SEQUENCE_TRUNCATE,
        SamplerCorrection.SEQUENCE_MASK,
        SamplerCorrection.SEQUENCE_REJECT,
    }
)
_AVERAGED = frozenset(
    {
        SamplerCorrection.GEOMETRIC_TRUNCATE,
        SamplerCorrection.GEOMETRIC_MASK,
        SamplerCorrection.GEOMETRIC_REJECT,
    }
)
_REJECTING = frozenset({SamplerCorrection.SEQUENCE_REJECT, SamplerCorrection.GEOMETRIC_REJECT})


def usual_bounds(mode: SamplerCorrection | str) -> tuple[float | None, float | None]:
    """The lower and upper bound of a mode's paper, or TRL's (none and 3) where there is none.

    KPop's number and those of the geometric mean, 1 % either way, are ours.
    """
    if mode == SamplerCorrection.ICEPOP:
        return 0.5, 5.0
    if mode == SamplerCorrection.KPOP:
        return None, 0.05
    return (0.99, 1.01) if mode in _AVERAGED else (None, 3.0)


def sampler_correction(  # noqa: PLR0913 - two log-probs, a mask and three options
    old_logp: Tensor,
    sampling_logp: Tensor,
    mask: Tensor,
    *,
    mode: SamplerCorrection | str = SamplerCorrection.SEQUENCE_MASK,
    lower: float | None = None,
    upper: float | None = 3.0,
) -> Tensor:
    """`Batch.sampling_ratio`: (B, T) for token modes, (B, 1) for sequence modes; no gradient.

    Args:
        old_logp: (B, T), as the trainer computes them.
        sampling_logp: (B, T), as the engine reported them; NaN where it did not: ρ is 1 there.
        mask: (B, T).
        mode: see `SamplerCorrection`.
        lower: smallest ρ allowed, or `None`.
        upper: largest ρ allowed (for kpop: nats), or `None`.

    Raises:
        ValueError: a truncation without any bound.
    """
    mode = SamplerCorrection(mode)
    if mode in _TRUNCATING and lower is None and upper is None:
        raise ValueError(f"{mode.value} needs lower or upper; both are None")
    live = mask != 0
    unknown = ~live | sampling_logp.isnan() | old_logp.isnan()
    trainer, sampler = (
        values.detach().masked_fill(unknown, 0.0) for values in (old_logp, sampling_logp)
    )
    if mode is SamplerCorrection.KPOP:
        apart = torch.maximum(binary_kl(trainer, sampler), binary_kl(sampler, trainer))
        close = unknown | (apart <= (torch.inf if upper is None else upper))
        return close.to(trainer.dtype)
    change = trainer - sampler
    if mode in _SUMMED or mode in _AVERAGED:
        change = change.sum(dim=1, keepdim=True)
    if mode in _AVERAGED:
        change = change / live.sum(dim=1, keepdim=True).clamp(min=1)
    correction = change.exp()
    if mode in _TRUNCATING:
        return correction.clamp(min=lower, max=upper)
    outside = torch.zeros_like(correction, dtype=torch.bool)
    if lower is not None:
        outside = outside | (correction < lower)
    if upper is not None:
        outside = outside | (correction > upper)
    kept = torch.ones_like(correction) if mode in _REJECTING else correction
    return kept.masked_fill(outside, 0.0)
