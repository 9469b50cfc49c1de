"""How rows are cut into tiles, and tiles into spans whose coefficients belong together.

A *tile* is a range of rows whose exponentials, over the whole vocabulary, fit the memory budget.
A *span* is a list of tiles after which the coefficients of all its rows are known: one tile when
tokens are separate, a tile of whole completions when sequences are coupled, everything when the
batch is. The last tile of a span is finished where it lies (three products); the others, which
had to be given up, are projected again (a fourth product, for the rows that have a gradient).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from grpo_plugin.loss.head import Head, Precision
from grpo_plugin.objectives.registry import Coupling

Rows = tuple[int, int]
"""A range of rows: first, and one past the last."""

_LEAST_MB, _MOST_MB = 1024, 4096
_USUAL_CACHE = 32 * 2**20
_ROUND = 128
_SLICE_COLUMNS = 4096
"""Enough for a matrix product to be as fast as a larger one."""
_ALIGN = 64


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What fits the memory budget.

    Attributes:
        rows: of a tile.
        columns: of the vocabulary, that are projected and folded at a time; a multiple of the
            kernels' block.
        slice_rows: of a tile, likewise, so that what one product writes the next kernel finds in
            the device's cache.
    """

    rows: int
    columns: int
    slice_rows: int


def choose_sizes(
    head: Head,
    precision: Precision,
    block: int,
    rows: int,
    *,
    keep: bool,
    shared: bool,
    memory_mb: float | None,
    cache_bytes: int | None = None,
) -> Sizes:
    """The largest tile whose buffers fit the budget.

    Args:
        head: its sizes.
        precision: the dtypes of the buffers.
        block: columns the kernels work on.
        rows: all there are.
        keep: whether exponentials are kept, which is what takes the memory.
        shared: whether rows may be shared out evenly among the tiles there must be; where they
            are coupled, the largest tile has the fewest of them projected twice.
        memory_mb: the budget; `None` for the device's default.
        cache_bytes: of the device's second-level cache, half of which a slice may fill; asked of
            the device where it is not given.

    Raises:
        ValueError: the budget does not hold a single row.
    """
    device = head.weight.device
    if memory_mb is None:
        memory_mb = default_memory_mb(device)
    budget = int(memory_mb * 2**20)
    logit, kept = precision.logits.itemsize, precision.tile.itemsize
    in_place = keep and precision.tile == precision.logits
    # Besides the tile: the row's gradient and its copy of the hidden state.
    fixed = head.width * (logit + precision.operand.itemsize) + pitch(head) * kept * keep
    least = fixed + (0 if in_place else block * logit)
    if least > budget:
        raise ValueError(
            f"memory_mb = {memory_mb} does not hold one row of {head.vocabulary} logits, which "
            f"takes {least / 2**20:.3f} MB; give it more"
        )
    rows = max(rows, 1)
    cache = cache_of(head.weight.device) if cache_bytes is None else cache_bytes
    if not cache:
        columns = block
        most = slice_rows = budget // least
    else:
        cells = max(block, min(cache // 2, budget // 4) // logit)
        upper = min(budget // least, rows)
        # All rows of the tile where that leaves many columns, else fewer rows at a time.
        columns = max(block, max(cells // upper, min(_SLICE_COLUMNS, cells)) // block * block)
        columns = min(columns, -(-head.vocabulary // block) * block)
        slice_rows = max(1, min(upper, cells // columns))
        most = (budget - (0 if in_place else slice_rows * columns * logit)) // fixed
    even = -(-rows // -(-rows // most))
    wanted = -(-even // _ROUND) * _ROUND if shared else rows
    tile = min(most, rows, wanted)
    return Sizes(rows=tile, columns=columns, slice_rows=min(slice_rows, tile))


def cache_of(device: torch.device) -> int:
    """Bytes of an accelerator's second-level cache; 0 on a CPU, where a block of columns fits."""
    if device.type == "cpu":
        return 0
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).L2_cache_size)
    return _USUAL_CACHE


def default_memory_mb(device: torch.device) -> int:
    """MB for the buffers of a call where nobody says: an eighth of what is free, in steps.

    A larger tile means fewer passes over the head and its gradient's sum. In powers of two, so that
    runs on like machines add up in the same order.
    """
    if device.type != "cuda":
        return 128 if device.type == "cpu" else _LEAST_MB
    free = torch.cuda.mem_get_info(device)[0]
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return memory_of(free)


def memory_of(free_bytes: int) -> int:
    """The budget in MB where so many bytes are free."""
    wanted = free_bytes // 8 // 2**20
    return max(_LEAST_MB, min(_MOST_MB, 1 << max(wanted, 1).bit_length() - 1))


def pitch(head: Head) -> int:
    """Elements from one row of a tile to the next: V rounded up, so that all rows are aligned.

    Matrix products are several times slower where a vocabulary is odd and rows are not.
    """
    return -(-head.vocabulary // _ALIGN) * _ALIGN


def cut(start: int, stop: int, rows: int) -> list[Rows]:
    """The range in tiles of at most `rows`, the last one full: it is the one that is reused."""
    edges = [*range(stop, start, -rows), start]
    return [(edges[i + 1], edges[i]) for i in reversed(range(len(edges) - 1))]


def spans_of(lengths: Sequence[int], coupling: Coupling, rows: int) -> list[list[Rows]]:
    """Spans of tiles that cover all rows, in order.

    Args:
        lengths: live tokens of each completion; their rows lie one after another.
        coupling: of the objective.
        rows: of a tile, at most.
    """
    total = sum(lengths)
    if coupling is Coupling.TOKEN:
        return [[tile] for tile in cut(0, total, rows)]
    if coupling is Coupling.BATCH:
        return [cut(0, total, rows)] if total else []
    spans: list[list[Rows]] = []
    start = stop = 0
    for length in lengths:
        if stop > start and stop + length - start > rows:
            spans.append(cut(start, stop, rows))
            start = stop
        stop += length
    return [*spans, cut(start, stop, rows)] if stop > start else spans
