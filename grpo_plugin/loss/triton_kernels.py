"""The two tile operations as Triton kernels: one program a row and block, no loops, no atomics.

They do what `torch_kernels` does, with everything between load and store in float32. The products
are cuBLAS's: `tl.dot` is not used, so `TRITON_INTERPRET=1` runs the same kernels on a CPU.
Importing this module needs Triton.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from grpo_plugin.host import send
from grpo_plugin.loss.head import Head
from grpo_plugin.loss.row_statistics import BlockStatistics, RowStatistics, Slopes


def fold(
    logits: Tensor,
    first: int,
    targets: Tensor,
    head: Head,
    blocks: BlockStatistics,
    keep: Tensor | None,
    lift: float,
    *,
    warps: int,
) -> None:
    """See `torch_kernels.fold`; `logits` are left alone unless `keep` is the same memory."""
    # Triton launches on the current device, which need not be the tensors'.
    rows, width = logits.shape
    first_block = first // blocks.block
    with torch.cuda.device_of(logits):  # type: ignore[no-untyped-call,unused-ignore]
        _fold[(rows, triton.cdiv(width, blocks.block))](
            logits,
            logits.stride(0),
            logits if keep is None else keep,
            0 if keep is None else keep.stride(0),
            targets,
            targets if head.bias is None else head.bias,
            blocks.peak,
            blocks.mass,
            blocks.mass if blocks.moment is None else blocks.moment,
            blocks.mass if blocks.square is None else blocks.square,
            blocks.hit,
            blocks.peak.stride(0),
            first,
            first_block,
            width,
            float(head.logit_scale),
            float(head.softcap or 1.0),
            1.0 / head.temperature,
            float(lift),
            HAS_BIAS=head.bias is not None,
            HAS_SOFTCAP=head.softcap is not None,
            HAS_ENTROPY=blocks.moment is not None,
            HAS_SQUARES=blocks.square is not None,
            KEEP=keep is not None,
            BLOCK=blocks.block,
            num_warps=warps,
        )


def differentiate(
    tile: Tensor,
    source: Tensor,
    targets: Tensor,
    head: Head,
    rows: RowStatistics,
    slopes: Slopes,
    *,
    warps: int,
) -> None:
    """See `torch_kernels.differentiate`."""
    vocabulary = tile.shape[1]
    has_entropy = slopes.entropy is not None and rows.entropy is not None
    with torch.cuda.device_of(tile):  # type: ignore[no-untyped-call,unused-ignore]
        _differentiate[(source.shape[0], triton.cdiv(vocabulary, rows.block))](
            tile,
            tile.stride(0),
            send(source, tile.device),
            targets,
            rows.shift,
            rows.shift.stride(0),
            slopes.logp,
            slopes.entropy if has_entropy else slopes.logp,
            rows.entropy if has_entropy else slopes.logp,
            torch.expm1(rows.logp),
            rows.log_z,
            rows.hit,
            vocabulary,
            head.logit_scale / head.temperature * slopes.gain,
            head.temperature / (head.softcap or 1.0),
            HAS_SOFTCAP=head.softcap is not None,
            HAS_ENTROPY=has_entropy,
            BLOCK=rows.block,
            num_warps=warps,
        )


@triton.jit  # type: ignore[untyped-decorator,unused-ignore]
def _fold(  # type: ignore[no-untyped-def]
    logits,
    logits_stride,
    keep,
    keep_stride,
    targets,
    bias,
    peaks,
    masses,
    moments,
    squares,
    hits,
    blocks_stride,
    first,
    first_block,
    width,
    logit_scale,
    softcap,
    inverse_temperature,
    lift,
    HAS_BIAS: tl.constexpr,
    HAS_SOFTCAP: tl.constexpr,
    HAS_ENTROPY: tl.constexpr,
    HAS_SQUARES: tl.constexpr,
    KEEP: tl.constexpr,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    block = tl.program_id(1)
    column = block * BLOCK + tl.arange(0, BLOCK)
    inside = column < width
    z = tl.load(logits + row * logits_stride + column, mask=inside, other=0.0).to(tl.float32)
    if HAS_BIAS:
        z += tl.load(bias + first + column, mask=inside, other=0.0).to(tl.float32)
    z = z * logit_scale
    if HAS_SOFTCAP:
        # tanh(x) = 1 − 2 / (e^2x + 1), which overflows to 1 and underflows to −1 as it should.
        z = softcap * (1.0 - 2.0 / (tl.exp(2.0 * z / softcap) + 1.0))
    z = tl.where(inside, z * inverse_temperature, -float("inf"))
    target = tl.load(targets + row).to(tl.int32) - first
    is_target = column == target
    tl.store(
        hits + row,
        tl.sum(tl.where(is_target, z, 0.0), axis=0),
        mask=(target >= block * BLOCK) & (target < block * BLOCK + BLOCK) & (target < width),
    )
    peak = tl.max(z, axis=0)
    at = row * blocks_stride + first_block + block
    tl.store(peaks + at, peak)
    below = z - tl.where(peak == -float("inf"), 0.0, peak)
    exponential = tl.exp(below)
    tl.store(masses + at, tl.sum(exponential, axis=0))
    if HAS_ENTROPY:
        # 0 · −inf would be NaN
        weighted = exponential * tl.where(exponential == 0.0, 0.0, below)
        tl.store(moments + at, tl.sum(weighted, axis=0))
    if HAS_SQUARES:
        tl.store(squares + at, tl.sum(exponential * exponential, axis=0))
    if KEEP:
        kept = (exponential * lift).to(keep.dtype.element_ty)
        tl.store(keep + row * keep_stride + column, kept, mask=inside)


@triton.jit  # type: ignore[untyped-decorator,unused-ignore]
def _differentiate(  # type: ignore[no-untyped-def]
    tile,
    tile_stride,
    sources,
    targets,
    shifts,
    shifts_stride,
    slopes,
    entropy_slopes,
    entropies,
    gaps,
    log_zs,
    hits,
    vocabulary,
    factor,
    inverse_cap,
    HAS_SOFTCAP: tl.constexpr,
    HAS_ENTROPY: tl.constexpr,
    BLOCK: tl.constexpr,
):
    slot = tl.program_id(0).to(tl.int64)
    block = tl.program_id(1)
    row = tl.load(sources + slot).to(tl.int64)
    column = block * BLOCK + tl.arange(0, BLOCK)
    inside = column < vocabulary
    kept = tl.load(tile + row * tile_stride + column, mask=inside, other=0.0).to(tl.float32)
    shift = tl.load(shifts + row * shifts_stride + block)
    slope = tl.load(slopes + row)
    is_target = column == tl.load(targets + row).to(tl.int32)
    p = kept * tl.exp(shift)
    # At the target c (1 − p) from the log-prob: a kept exponential near 1 leaves nothing of it.
    gradient = -slope * tl.where(is_target, tl.load(gaps + row), p)
    if HAS_ENTROPY or HAS_SOFTCAP:
        some = kept > 0.0
        log_p = tl.log(tl.where(some, kept, 1.0)) + tl.where(some, shift, 0.0)
        if HAS_ENTROPY:
            surprise = tl.where(some, log_p + tl.load(entropies + row), 0.0)
            gradient -= tl.load(entropy_slopes + row) * p * surprise
        if HAS_SOFTCAP:
            z = tl.where(is_target, tl.load(hits + row), log_p + tl.load(log_zs + row))
            tanh = tl.minimum(tl.maximum(z * inverse_cap, -1.0), 1.0)
            gradient = gradient * (1.0 - tanh * tanh)
    stored = (gradient * factor).to(tile.dtype.element_ty)
    tl.store(tile + slot * tile_stride + column, stored, mask=inside)
