"""The matrix products of the head, accumulated in float32 whatever the operands are."""

from __future__ import annotations

import torch
from torch import Tensor

# Half operands into float32 (`aten::mm.dtype`): torch 2.8 on, CUDA only (pytorch#150812).
_MIXED = hasattr(torch.ops.aten.mm, "dtype_out")


def multiply(
    left: Tensor, right: Tensor, out: Tensor, *, add: bool = False, scale: float = 1.0
) -> None:
    """Set out to scale · left @ right, or add that to it, never rounding to half precision.

    Args:
        left: (n, k), any strides.
        right: (k, m), same dtype as `left`, any strides.
        out: (n, m), that dtype, or float32 where the operands are half precision.
        add: whether `out` is added to; otherwise what it holds is ignored.
        scale: of the product.
    """
    if scale != 1 and not add:
        out.zero_()
    if left.dtype != out.dtype and not (left.is_cuda and _MIXED):
        left, right = left.to(out.dtype), right.to(out.dtype)
    if add or scale != 1:
        if left.dtype == out.dtype:
            torch.addmm(out, left, right, alpha=scale, out=out)
        else:
            torch.addmm(out, left, right, out_dtype=out.dtype, alpha=scale, out=out)
    elif left.dtype == out.dtype:
        torch.mm(left, right, out=out)
    else:
        torch.mm(left, right, out_dtype=out.dtype, out=out)
