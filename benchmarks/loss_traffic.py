"""What the fused loss moves through memory, counted and foreseen, on any device.

Matrix products aside, a call is as fast as its bytes. They are counted where the bulk of them is
moved, at the three tile operations, and compared with a formula of the sizes; the formula, with a
device's rates, then says what share of the roofline can be reached there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from grpo_plugin.loss import call, workspace
from grpo_plugin.loss.head import Head, Precision
from grpo_plugin.loss.kernels import Kernels
from grpo_plugin.loss.tiling import Sizes, choose_sizes


@dataclass(kw_only=True)
class Traffic:
    """Bytes between memory and the device, by what they belong to.

    Attributes:
        logits: slices that do not fit half of the second-level cache, written and read.
        tile: kept exponentials and logit gradients, written and read.
        weight: the head, read by products.
        sums: the float32 sum of the head's gradient, written and read.
    """

    logits: int = 0
    tile: int = 0
    weight: int = 0
    sums: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.logits + self.tile + self.weight + self.sums


def foreseen(
    head: Head, precision: Precision, sizes: Sizes, rows: int, *, cache_bytes: int
) -> Traffic:
    """The bytes of forward and backward where every row has a gradient and coefficients are known.

    Args:
        head: its sizes.
        precision: with tiles narrower than logits, as on an accelerator.
        sizes: of tile and slices.
        rows: N.
        cache_bytes: of the second-level cache.
    """
    tiles = -(-rows // sizes.rows)
    cells, whole = rows * head.vocabulary, head.vocabulary * head.width
    logit, kept = precision.logits.itemsize, precision.tile.itemsize
    slice_bytes = sizes.slice_rows * min(sizes.columns, head.vocabulary) * logit
    cached = slice_bytes <= cache_bytes // 2
    passes = 0
    for tile in range(tiles):
        mine = sizes.rows if tile else rows - (tiles - 1) * sizes.rows
        passes += -(-mine // sizes.slice_rows)
    return Traffic(
        logits=0 if cached else 2 * cells * logit,
        tile=5 * cells * kept,  # folded; differentiated, read and written; read by two products
        weight=(passes + tiles) * whole * precision.operand.itemsize,
        sums=(2 * tiles - 1) * whole * logit,
    )


@contextmanager
def counted(cache_bytes: int) -> Iterator[Traffic]:
    """Counts the bytes of the calls made in this context."""
    found = Traffic()
    half = cache_bytes // 2
    multiply, choose = workspace.multiply, call.choose

    def product(left: Tensor, right: Tensor, out: Tensor, **options: Any) -> None:
        if not options:  # a slice's projection
            found.weight += right.nbytes
            found.logits += out.nbytes if out.nbytes > half else 0
        elif "scale" in options:  # the head's gradient
            found.tile += left.nbytes
            found.sums += out.nbytes * (2 if options["add"] else 1)
        else:  # the hidden states'
            found.tile += left.nbytes
            found.weight += right.nbytes
        multiply(left, right, out, **options)

    def measured(*args: Any, **named: Any) -> Kernels:
        kernels = choose(*args, **named)

        def fold(logits: Tensor, first: int, *rest: Any) -> None:
            found.logits += logits.nbytes if logits.nbytes > half else 0
            keep = rest[3]
            found.tile += 0 if keep is None else keep.nbytes
            kernels.fold(logits, first, *rest)

        def differentiate(tile: Tensor, source: Tensor, *rest: Any) -> None:
            found.tile += 2 * len(source) * tile.shape[1] * tile.itemsize
            kernels.differentiate(tile, source, *rest)

        return replace(kernels, fold=fold, differentiate=differentiate)

    with patch.object(workspace, "multiply", product), patch.object(call, "choose", measured):
        yield found


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Of a device: products in FLOP/s as it reaches them, memory in bytes/s, cache in bytes."""

    products: float
    memory: float
    cache: int


H100 = Rates(products=788e12, memory=3.35e12, cache=50 * 2**20)
"""SXM5: bfloat16 products at four fifths of the peak."""


def share_of_roofline(
    head: Head, precision: Precision, sizes: Sizes, rows: int, rates: Rates
) -> float:
    """Products over products and bytes, one after the other."""
    products = 6 * rows * head.vocabulary * head.width / rates.products
    moved = foreseen(head, precision, sizes, rows, cache_bytes=rates.cache).total
    return products / (products + moved / rates.memory)


def estimates() -> dict[str, dict[str, float]]:
    """What the formula says of an H100 with each budget: N = 16k, H = 3584, V = 152k, bfloat16."""
    head = Head(weight=torch.empty(1, 1, dtype=torch.bfloat16).expand(152064, 3584))
    precision = Precision.choose(head.weight, head.weight, half_products=True)
    found = {}
    for memory_mb in (1024, 2048, 4096):
        sizes = choose_sizes(
            head,
            precision,
            2048,
            16384,
            keep=True,
            shared=True,
            memory_mb=memory_mb,
            cache_bytes=H100.cache,
        )
        moved = foreseen(head, precision, sizes, 16384, cache_bytes=H100.cache)
        gigabytes = {f"{name} GB": round(count / 1e9, 1) for name, count in vars(moved).items()}
        share = share_of_roofline(head, precision, sizes, 16384, H100)
        found[f"{memory_mb} MB"] = gigabytes | {"of the roofline": round(share, 3)}
    return found
