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

from grpo_plugin.loss.head import Head, Precision
from grpo_plugin.objectives.registry import Coupling

Rows = tuple[int, int]
"""A range of rows: first, and one past the last."""

DEFAULT_MEMORY_MB = {"cuda": 1024, "cpu": 128}
_SLICE_BYTES = 128 * 2**20
_ROUND = 128
_ALIGN = 64


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What fits the memory budget.

    Attributes:
        rows: of a tile.
        columns: of the vocabulary, that are projected and folded at a time; a multiple of the
            kernels' block.
    """

    rows: int
    columns: int


def choose_sizes(
    head: Head,
    precision: Precision,
    block: int,
    rows: int,
    *,
    keep: bool,
    shared: bool,
    memory_mb: float | None,
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

    Raises:
        ValueError: the budget does not hold a single row.
    """
    if memory_mb is None:
        kind = head.weight.device.type
        memory_mb = DEFAULT_MEMORY_MB["cpu" if kind == "cpu" else "cuda"]
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
    most = budget // least
    columns = max(1, min(_SLICE_BYTES, budget // 2) // (min(most, max(rows, 1)) * logit) // block)
    columns = min(columns * block, -(-head.vocabulary // block) * block)
    most = max(1, budget // (fixed + (0 if in_place else columns * logit)))
    if head.weight.device.type == "cpu":
        columns = block  # what stays in the cache
    rows = max(rows, 1)
    even = -(-rows // -(-rows // most))
    wanted = -(-even // _ROUND) * _ROUND if shared else rows
    return Sizes(rows=min(most, rows, wanted), columns=columns)


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
