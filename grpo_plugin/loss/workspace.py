"""The buffers of one call, and the three matrix products on them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from grpo_plugin.host import send
from grpo_plugin.loss.head import Head, Precision
from grpo_plugin.loss.kernels import Kernels
from grpo_plugin.loss.products import multiply
from grpo_plugin.loss.row_statistics import BlockStatistics, RowStatistics, Slopes, combine
from grpo_plugin.loss.tiling import Sizes, pitch


class Gradients:
    """Where the gradients of a call are summed: float32 for the head, rows of hidden states.

    Attributes:
        hidden: (N, H), zero until its rows are written; `None` when not wanted.
        weight: (V, H), undefined until the first product; `None` when frozen.
        bias: (V,), or `None`.

    Args:
        hidden: the hidden states.
        head: the head.
        logits: the dtype of sums.
        wanted: whether the gradients of hidden states, weight and bias are.
    """

    def __init__(
        self, hidden: Tensor, head: Head, logits: torch.dtype, wanted: tuple[bool, bool, bool]
    ) -> None:
        # float16 would lose small gradients before a loss scale has been multiplied in.
        dtype = logits if hidden.dtype == torch.float16 else hidden.dtype
        self.hidden = torch.zeros_like(hidden, dtype=dtype) if wanted[0] else None
        self.weight = torch.empty_like(head.weight, dtype=logits) if wanted[1] else None
        self.bias = head.weight.new_zeros(head.vocabulary, dtype=logits) if wanted[2] else None
        self._empty = True

    def begun(self) -> bool:
        """Whether `weight` already holds a product; from now on it does."""
        begun, self._empty = not self._empty, False
        return begun

    def finished(self) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Hidden states', weight's and bias's, zeros where nothing was added."""
        if self._empty and self.weight is not None:
            self.weight.zero_()
        return self.hidden, self.weight, self.bias


class Workspace:
    """Room for one tile.

    Args:
        head: the head, without graph.
        precision: the dtypes.
        kernels: for the tile operations.
        sizes: of the tile and of the slices in which it is filled.
        keep: whether exponentials are kept, for gradients.
        entropy: whether entropies are wanted.
        square_sum: whether Σp² is.
    """

    def __init__(
        self,
        head: Head,
        precision: Precision,
        kernels: Kernels,
        sizes: Sizes,
        *,
        keep: bool,
        entropy: bool,
        square_sum: bool = False,
    ) -> None:
        self.square_sum = square_sum
        self.head, self.precision, self.kernels, self.sizes = head, precision, kernels, sizes
        self.entropy = entropy
        like = head.weight
        self.tile = None
        if keep:
            buffer = like.new_empty(sizes.rows, pitch(head), dtype=precision.tile)
            self.tile = buffer[:, : head.vocabulary]
        in_place = keep and precision.tile == precision.logits
        self._slice = (
            None
            if in_place
            else like.new_empty(sizes.slice_rows * sizes.columns, dtype=precision.logits)
        )
        self._uncast = head.weight.dtype == precision.operand

    def fill(self, hidden: Tensor, targets: Tensor) -> RowStatistics:
        """Project n rows and fold them, slice by slice of the vocabulary; one product.

        Args:
            hidden: (n, H) in the operands' dtype, n at most the tile's rows.
            targets: (n,).
        """
        count = hidden.shape[0]
        blocks = BlockStatistics.empty(
            count,
            self.head.vocabulary,
            self.kernels.block,
            entropy=self.entropy,
            square_sum=self.square_sum,
            like=hidden.new_empty(0, dtype=self.precision.logits),
        )
        lift, step = self.precision.lift, self.sizes.slice_rows
        for start, stop, weight in self._slices(self.sizes.columns):
            for first in range(0, count, step):
                last = min(first + step, count)
                kept = None if self.tile is None else self.tile[first:last, start:stop]
                if self._slice is not None:
                    size = (last - first) * (stop - start)
                    logits = self._slice[:size].view(last - first, stop - start)
                elif kept is not None:
                    logits = kept
                else:
                    raise RuntimeError("no buffer for logits")
                multiply(hidden[first:last], weight.t(), logits)
                part = blocks.part(first, last)
                self.kernels.fold(logits, start, targets[first:last], self.head, part, kept, lift)
        return combine(blocks, self.precision.lift)

    def finish(
        self,
        hidden: Tensor,
        targets: Tensor,
        *,
        rows: RowStatistics,
        slopes: Slopes,
        source: Tensor,
        positions: Tensor,
        gradients: Gradients,
    ) -> None:
        """Turn what `fill` kept into gradients: one product, two unless the head is frozen.

        Args:
            hidden: (n, H), as given to `fill`.
            targets: (n,), likewise.
            rows: what `fill` returned.
            slopes: of the n rows.
            source: (k,) on the CPU, the rows that have a gradient, in the order of `arrange`.
            positions: (k,), where those rows' own gradients go.
            gradients: added to.
        """
        if self.tile is None:
            raise RuntimeError("nothing was kept of the logits")
        self.kernels.differentiate(
            self.tile[: hidden.shape[0]], source, targets, self.head, rows, slopes
        )
        tile = self.tile[: len(source)]
        if gradients.hidden is not None:
            # Casting the whole head would cost its memory; a slice does not.
            columns = self.head.vocabulary if self._uncast else self.sizes.columns
            into = hidden.new_empty(len(source), self.head.width, dtype=self.precision.logits)
            for start, stop, weight in self._slices(columns):
                multiply(tile[:, start:stop], weight, into, add=start > 0)
            if slopes.gain != 1:
                into /= slopes.gain
            gradients.hidden.index_copy_(0, positions, into.to(gradients.hidden.dtype))
        if gradients.weight is not None:
            right = (
                hidden
                if len(source) == len(hidden)
                else hidden.index_select(0, send(source, hidden.device))
            )
            add = gradients.begun()
            multiply(tile.t(), right, gradients.weight, add=add, scale=1 / slopes.gain)
        if gradients.bias is not None:
            gradients.bias += tile.sum(dim=0, dtype=gradients.bias.dtype) / slopes.gain

    def _slices(self, columns: int) -> Iterator[tuple[int, int, Tensor]]:
        """First and last column and the weight, in the operands' dtype, of slices of the head."""
        for start in range(0, self.head.vocabulary, columns):
            stop = min(start + columns, self.head.vocabulary)
            yield start, stop, self.head.weight[start:stop].to(self.precision.operand)


def arrange(alive: Tensor) -> Tensor:
    """(k,): the live rows such that each of the first k places takes its own row if that lives.

    The places of dead rows take the live rows from behind, so that a tile can be compacted in
    place: no row is both moved away and written to.

    Args:
        alive: (n,) bool, on the CPU.
    """
    count = int(alive.sum())
    source = torch.arange(count)
    source[~alive[:count]] = alive[count:].nonzero().squeeze(1) + count
    return source
