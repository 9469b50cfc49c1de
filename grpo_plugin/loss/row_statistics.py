"""From statistics of vocabulary blocks to log-probs, entropies and probabilities of whole rows.

A block b of a row's logits z is described relative to its own largest logit, its peak:
mass_b = Σ e^(z − peak_b), moment_b = Σ e^(z − peak_b) (z − peak_b) and square_b, the sum of the
squares of mass_b's terms. Blocks need nothing from each other, so they can be folded in any order
or all at once, and nothing overflows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class BlockStatistics:
    """What folding leaves behind of n rows of logits, in blocks of `block` columns.

    Attributes:
        block: columns in a block; the last one may have fewer.
        peak: (n, blocks), −inf where every logit of a block is.
        mass: (n, blocks).
        moment: (n, blocks), or `None` when entropies are not asked for.
        square: (n, blocks), or `None` when Σp² is not.
        hit: (n,), the target's logit.
    """

    block: int
    peak: Tensor
    mass: Tensor
    moment: Tensor | None
    hit: Tensor
    square: Tensor | None = None

    @classmethod
    def empty(
        cls,
        rows: int,
        vocabulary: int,
        block: int,
        *,
        entropy: bool,
        like: Tensor,
        square_sum: bool = False,
    ) -> BlockStatistics:
        """Room for `rows` rows, on the device and in the dtype of `like`."""
        blocks = -(-vocabulary // block)
        return cls(
            block=block,
            peak=like.new_empty(rows, blocks),
            mass=like.new_empty(rows, blocks),
            moment=like.new_empty(rows, blocks) if entropy else None,
            hit=like.new_zeros(rows),
            square=like.new_empty(rows, blocks) if square_sum else None,
        )

    def part(self, start: int, stop: int) -> BlockStatistics:
        """Those of some rows, in the same memory."""
        return BlockStatistics(
            block=self.block,
            peak=self.peak[start:stop],
            mass=self.mass[start:stop],
            moment=None if self.moment is None else self.moment[start:stop],
            hit=self.hit[start:stop],
            square=None if self.square is None else self.square[start:stop],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class RowStatistics:
    """What is known of n rows once all of their logits have been seen.

    Attributes:
        logp: (n,), of the targets.
        entropy: (n,) in nats, or `None`.
        log_z: (n,), log Σ e^z.
        hit: (n,), the target's logit.
        shift: (n, blocks): log p = log(kept exponential) + shift.
        block: columns in a block.
        square_sum: (n,), Σ p², or `None`.
    """

    logp: Tensor
    entropy: Tensor | None
    log_z: Tensor
    hit: Tensor
    shift: Tensor
    block: int
    square_sum: Tensor | None = None


def combine(blocks: BlockStatistics, lift: float) -> RowStatistics:
    """Rows from their blocks; NaN where a row holds NaN or +inf, or nothing but −inf.

    Log-probs are formed relative to the row's largest logit, not as a difference of two large
    numbers.

    Args:
        blocks: of all columns.
        lift: what the kept exponentials were multiplied by.
    """
    peak, mass = blocks.peak, blocks.mass
    top = peak.amax(dim=1, keepdim=True)
    weight = torch.exp(peak - top)
    total = (mass * weight).sum(dim=1)
    log_total = total.log()
    log_z = top.squeeze(1) + log_total
    entropy = None
    if blocks.moment is not None:
        # An empty block has mass 0 and peak −inf, whose product would be NaN.
        below = torch.where(mass > 0, peak - top, torch.zeros_like(peak))
        moment = ((blocks.moment + mass * below) * weight).sum(dim=1)
        entropy = (log_total - moment / total).clamp(min=0)
    square_sum = None
    if blocks.square is not None:
        square_sum = (blocks.square * weight.square()).sum(dim=1) / total.square()
    return RowStatistics(
        square_sum=square_sum,
        logp=(blocks.hit - top.squeeze(1)) - log_total,
        entropy=entropy,
        log_z=log_z,
        hit=blocks.hit,
        shift=peak - log_z[:, None] - math.log(lift),
        block=blocks.block,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Slopes:
    """What the objective asks of n rows.

    Attributes:
        logp: (n,), ∂loss/∂logp.
        entropy: (n,), ∂loss/∂entropy, or `None`.
        gain: a power of two on the gradients, which float16 would otherwise flush to zero.
    """

    logp: Tensor
    entropy: Tensor | None = None
    gain: float = 1.0
