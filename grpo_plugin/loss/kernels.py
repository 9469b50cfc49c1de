"""Which of the twins runs on a device, and how it is launched there."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from importlib.util import find_spec
from typing import Protocol

import torch
from torch import Tensor

from grpo_plugin.loss import torch_kernels
from grpo_plugin.loss.head import Head
from grpo_plugin.loss.row_statistics import BlockStatistics, RowStatistics, Slopes, combine

TORCH_BLOCK = 2048
"""Columns a step of the torch twin: 512 rows of float32 fill a few MB, which a cache holds."""


class Backend(str, Enum):
    """Who works on the tiles."""

    AUTO = "auto"
    """Triton on CUDA where it is installed and the dtype allows, torch otherwise."""
    TORCH = "torch"
    TRITON = "triton"


class Fold(Protocol):
    """See `torch_kernels.fold`."""

    def __call__(
        self,
        logits: Tensor,
        first: int,
        targets: Tensor,
        head: Head,
        blocks: BlockStatistics,
        keep: Tensor | None,
        lift: float,
    ) -> None:
        """Fold one slice of the vocabulary."""


class Differentiate(Protocol):
    """See `torch_kernels.differentiate`."""

    def __call__(
        self,
        tile: Tensor,
        source: Tensor,
        targets: Tensor,
        head: Head,
        rows: RowStatistics,
        slopes: Slopes,
    ) -> None:
        """Turn a tile into its gradient."""


@dataclass(frozen=True, kw_only=True)
class Kernels:
    """The two tile operations of one twin.

    Attributes:
        backend: which twin: TORCH or TRITON.
        block: columns a program, or a step, works on.
        fold: see `torch_kernels.fold`.
        differentiate: see `torch_kernels.differentiate`.
    """

    backend: Backend
    block: int
    fold: Fold
    differentiate: Differentiate


def choose(backend: Backend | str, device: torch.device, logits: torch.dtype) -> Kernels:
    """The kernels for a device and the dtype of its logits.

    Raises:
        ValueError: the backend is unknown, or Triton was asked for and cannot serve; the message
            says why.
    """
    try:
        backend = Backend(backend)
    except ValueError:
        names = ", ".join(repr(member.value) for member in Backend)
        raise ValueError(f"backend is {backend!r}; choose one of {names}") from None
    hindrance = _hindrance(device, logits)
    if backend is Backend.TRITON and hindrance:
        raise ValueError(f"backend='triton' cannot serve: {hindrance}; use backend='auto'")
    if backend is Backend.TORCH or hindrance or (backend is Backend.AUTO and device.type == "cpu"):
        return Kernels(
            backend=Backend.TORCH,
            block=TORCH_BLOCK,
            fold=torch_kernels.fold,
            differentiate=torch_kernels.differentiate,
        )
    return _triton(*_INTERPRETED if device.type == "cpu" else _tuned(device))


def half_products(kernels: Kernels, device: torch.device) -> bool:
    """Whether products of half precision are to be kept in half precision.

    They are on CUDA, and in Triton's interpreter so that a CPU runs what CUDA would.
    """
    return device.type == "cuda" or kernels.backend is Backend.TRITON


def _hindrance(device: torch.device, logits: torch.dtype) -> str:
    if find_spec("triton") is None:
        return "Triton is not installed"
    if logits == torch.float64:
        return "the kernels work in float32, the inputs are float64"
    if device.type == "cuda" or (device.type == "cpu" and _interpreted()):
        return ""
    return f"the tensors are on {device} (on a CPU, set TRITON_INTERPRET=1 before importing it)"


def _interpreted() -> bool:
    return os.environ.get("TRITON_INTERPRET", "0") not in ("", "0")


def _triton(block: int, warps: int) -> Kernels:
    from grpo_plugin.loss import triton_kernels  # Triton is optional

    return Kernels(
        backend=Backend.TRITON,
        block=block,
        fold=partial(triton_kernels.fold, warps=warps),
        differentiate=partial(triton_kernels.differentiate, warps=warps),
    )


_INTERPRETED = (128, 1)  # small, so that tests have many blocks
_LAUNCHES = ((1024, 4), (2048, 4), (2048, 8), (4096, 8), (8192, 8), (8192, 16))


@lru_cache
def _tuned(device: torch.device) -> tuple[int, int]:
    """The fastest (block, warps) on a device, found once on a tile of 1,024 rows.

    Both kernels share the block, because the second needs the first's statistics of each block;
    and they work in place, which Triton's own autotuner, repeating a launch, would spoil.
    """
    rows, width = 1024, 32768
    logits = torch.randn(rows, width, device=device)
    tile = torch.empty(rows, width, device=device, dtype=torch.bfloat16)
    head = Head(weight=logits.new_empty(width, 1))
    targets = torch.zeros(rows, dtype=torch.int64, device=device)
    source = torch.arange(rows)
    found = {}
    for block, warps in _LAUNCHES:
        kernels = _triton(block, warps)
        blocks = BlockStatistics.empty(rows, width, block, entropy=True, like=logits)

        def both(kernels: Kernels = kernels, blocks: BlockStatistics = blocks) -> None:
            kernels.fold(logits, 0, targets, head, blocks, tile, 1.0)
            slopes = Slopes(logp=blocks.hit)
            kernels.differentiate(tile, source, targets, head, combine(blocks, 1.0), slopes)

        found[block, warps] = _milliseconds(both, device)
    return min(found, key=lambda launch: found[launch])


def _milliseconds(work: Callable[[], None], device: torch.device, rounds: int = 5) -> float:
    """The fastest of a few rounds, after one that compiles."""
    with torch.cuda.device(device):
        times = []
        for _ in range(rounds + 1):
            start = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call,unused-ignore]
            stop = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call,unused-ignore]
            start.record()
            work()
            stop.record()
            stop.synchronize()
            times.append(float(start.elapsed_time(stop)))
    return min(times[1:])
