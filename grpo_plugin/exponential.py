"""An exponential that stays finite: exact up to a cap, then its tangent.

A ratio of whole outputs is exp of a summed log-ratio, and 4,096 tokens at 0.03 exceed what float32
holds (exp overflows at 88.7). Clamping the exponent would keep the value finite and make the
gradient zero exactly where a policy has run away; the tangent keeps both finite and keeps pulling.
"""

from __future__ import annotations

import torch
from torch import Tensor

LOG_RATIO_CAP = 20.0
"""Where the tangent takes over: the square of exp(20) = 4.9e8 fits float32 (norms need it)."""


def bounded_exp(exponent: Tensor, cap: float = LOG_RATIO_CAP) -> Tensor:
    """exp(x) for x ≤ cap, e^cap · (1 + x − cap) beyond; continuous with its first derivative.

    Finite with a finite, positive derivative for every finite x.

    Args:
        exponent: any shape.
        cap: where the exponential gives way to its tangent.

    >>> bounded_exp(torch.tensor([0.0, 3.0]), cap=2.0)
    tensor([ 1.0000, 14.7781])
    """
    inside = exponent.clamp(max=cap)
    return inside.exp() * (1 + (exponent - inside))


def bounded_expm1(exponent: Tensor, cap: float = LOG_RATIO_CAP) -> Tensor:
    """`bounded_exp` − 1, exact near zero too."""
    inside = exponent.clamp(max=cap)
    return torch.expm1(inside) + inside.exp() * (exponent - inside)
