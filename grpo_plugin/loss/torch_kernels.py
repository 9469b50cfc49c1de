"""The two tile operations in torch: for CPUs and other devices, and to read.

They work block by block of columns, so that what one step writes the next finds in the cache.
"""

from __future__ import annotations

import torch
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
) -> None:
    """Fold the columns from `first` on into the blocks' statistics, and keep the exponentials.

    Args:
        logits: (n, v) raw products h Wᵀ, overwritten; `first` and v are multiples of the block
            (v ragged at the vocabulary's end).
        first: the first column.
        targets: (n,).
        head: bias, scale, soft-capping and temperature.
        blocks: written to.
        keep: (n, v) where `lift` · e^(z − peak) goes, or `None`; may be `logits` itself.
        lift: see `Precision`.
    """
    width = logits.shape[1]
    column = targets.long() - first
    for start in range(0, width, blocks.block):
        stop = min(start + blocks.block, width)
        index = (first + start) // blocks.block
        z = logits[:, start:stop]
        _transform(z, head, first + start)
        inside = (column >= start) & (column < stop)
        at = (column - start).clamp(0, stop - start - 1)[:, None]
        blocks.hit.copy_(torch.where(inside, z.gather(1, at).squeeze(1), blocks.hit))
        peak = z.amax(dim=1)
        blocks.peak[:, index] = peak
        z.sub_(peak.masked_fill(peak == -torch.inf, 0)[:, None])
        if blocks.moment is None:
            z.exp_()
            blocks.mass[:, index] = z.sum(dim=1)
        else:
            exponentials = z.exp()
            blocks.mass[:, index] = exponentials.sum(dim=1)
            z.clamp_(min=torch.finfo(z.dtype).min)  # 0 · −inf would be NaN
            blocks.moment[:, index] = torch.linalg.vecdot(exponentials, z)
            z.copy_(exponentials)
        if blocks.square is not None:
            blocks.square[:, index] = torch.linalg.vecdot(z, z)
        if keep is not None:
            kept = keep[:, start:stop]
            if lift != 1:
                z.mul_(lift)
            if kept.data_ptr() != z.data_ptr():
                kept.copy_(z)


def differentiate(
    tile: Tensor,
    source: Tensor,
    targets: Tensor,
    head: Head,
    rows: RowStatistics,
    slopes: Slopes,
) -> None:
    """Turn kept exponentials into ∂loss/∂(h Wᵀ), in place, rows `source` moved to the front.

    With c = ∂loss/∂logp and d = ∂loss/∂entropy, ∂loss/∂z_j = c (1[j = target] − p_j)
    − d p_j (log p_j + entropy). At the target 1 − p is taken from the log-prob, exact where the
    kept exponential would leave nothing of it.

    Args:
        tile: (n, V), as `fold` left it; the first k rows are overwritten.
        source: (k,) on the CPU, which row each of the first k is made from; a row below k that is
            not its own source is nobody's.
        targets: (n,).
        head: scale, soft-capping and temperature.
        rows: of all n rows.
        slopes: of all n rows.
    """
    count, vocabulary = source.shape[0], tile.shape[1]
    slots = (source != torch.arange(count)).nonzero().squeeze(1)
    slots, movers = send(slots, tile.device), send(source[slots], tile.device)
    source = send(source, tile.device)
    factor = head.logit_scale / head.temperature * slopes.gain
    slope = slopes.logp[source] * factor
    shift = rows.shift[source]
    target = targets[source].long()
    for start in range(0, vocabulary, rows.block):
        stop = min(start + rows.block, vocabulary)
        index = start // rows.block
        columns = tile[:, start:stop]
        if len(slots):
            columns[slots] = columns[movers]
        values = columns[:count]
        scale = shift[:, index].exp()
        if slopes.entropy is None and head.softcap is None:
            values.mul_((-slope * scale)[:, None])
        else:
            wide = values.to(shift.dtype)
            log_p = wide.log().add_(shift[:, index, None])
            gradient = wide * (-slope * scale)[:, None]
            if slopes.entropy is not None and rows.entropy is not None:
                pull = (slopes.entropy[source] * factor)[:, None]
                surprise = log_p.clamp(min=torch.finfo(log_p.dtype).min)
                surprise = surprise + rows.entropy[source][:, None]
                gradient -= pull * wide * scale[:, None] * surprise
            if head.softcap is not None:
                z = log_p + rows.log_z[source][:, None]
                gradient *= _softcap_slope(z, head)
            values.copy_(gradient)
    target.clamp_(0, vocabulary - 1)  # one outside is refused when the host looks
    tile[:count].scatter_(1, target[:, None], _at_target(source, head, rows, slopes, tile.dtype))


def _at_target(
    source: Tensor, head: Head, rows: RowStatistics, slopes: Slopes, dtype: torch.dtype
) -> Tensor:
    """(k, 1): ∂loss/∂(h Wᵀ) at the target."""
    logp = rows.logp[source]
    gradient = -slopes.logp[source] * torch.expm1(logp)
    if slopes.entropy is not None and rows.entropy is not None:
        gradient -= slopes.entropy[source] * logp.exp() * (logp + rows.entropy[source])
    if head.softcap is not None:
        gradient *= _softcap_slope(rows.hit[source], head)
    return (gradient * (head.logit_scale / head.temperature * slopes.gain))[:, None].to(dtype)


def _transform(z: Tensor, head: Head, first: int) -> None:
    """Raw products to logits, in place."""
    if head.bias is not None:
        z.add_(head.bias[first : first + z.shape[1]])
    if head.softcap is None:
        scale = head.logit_scale / head.temperature
        if scale != 1:
            z.mul_(scale)
        return
    z.mul_(head.logit_scale / head.softcap).tanh_().mul_(head.softcap / head.temperature)


def _softcap_slope(z: Tensor, head: Head) -> Tensor:
    """1 − tanh², from the logit itself; zero where the exponential was lost and p with it."""
    if head.softcap is None:
        raise ValueError("a head without soft-capping has no such slope")
    share = (z * (head.temperature / head.softcap)).clamp(-1, 1)
    return 1 - share * share
