"""Correcting for a sampling engine whose probabilities are not those of π_old.

vLLM or SGLang and the trainer disagree by rounding and kernels even with equal weights. With
ρ = π_old/π_sampler the policy term is multiplied by a bounded ρ (truncated importance sampling),
or dropped where ρ is out of bounds (masked importance sampling).
"""

from __future__ import annotations

from enum import Enum

import torch
from torch import Tensor


class SamplerCorrection(str, Enum):
    """What ρ is a ratio of, and what happens out of bounds."""

    TOKEN_TRUNCATE = "token_truncate"  # noqa: S105 - a unit of text
    TOKEN_MASK = "token_mask"  # noqa: S105 - a unit of text
    SEQUENCE_TRUNCATE = "sequence_truncate"
    SEQUENCE_MASK = "sequence_mask"


def sampler_correction(  # noqa: PLR0913 - two log-probs, a mask and three options
    old_logp: Tensor,
    sampling_logp: Tensor,
    mask: Tensor,
    *,
    mode: SamplerCorrection = SamplerCorrection.SEQUENCE_MASK,
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
        upper: largest ρ allowed, or `None`.

    Raises:
        ValueError: a truncation without any bound.
    """
    mode = SamplerCorrection(mode)
    truncate = mode in (SamplerCorrection.TOKEN_TRUNCATE, SamplerCorrection.SEQUENCE_TRUNCATE)
    if truncate and lower is None and upper is None:
        raise ValueError(f"{mode.value} needs lower or upper; both are None")
    change = torch.nan_to_num((old_logp - sampling_logp).detach(), nan=0.0)
    change = torch.where(mask != 0, change, torch.zeros_like(change))
    if mode in (SamplerCorrection.SEQUENCE_TRUNCATE, SamplerCorrection.SEQUENCE_MASK):
        change = change.sum(dim=1, keepdim=True)
    correction = change.exp()
    if truncate:
        return correction.clamp(min=lower, max=upper)
    outside = torch.zeros_like(correction, dtype=torch.bool)
    if lower is not None:
        outside = outside | (correction < lower)
    if upper is not None:
        outside = outside | (correction > upper)
    return correction.masked_fill(outside, 0.0)
