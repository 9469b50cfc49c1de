"""The algorithm: rows in, log-probs out, and their gradients before anything is thrown away."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from grpo_plugin.host import read, send
from grpo_plugin.loss.call import BackendSettings, Call, CallResult, Inspection, largest_of
from grpo_plugin.loss.head import Head
from grpo_plugin.loss.tiling import cut, spans_of
from grpo_plugin.loss.weighing import Weighing, Weights
from grpo_plugin.objectives.registry import Coupling


def score(
    hidden: Tensor,
    targets: Tensor,
    head: Head,
    settings: BackendSettings,
    *,
    entropy: bool,
    square_sum: bool = False,
) -> CallResult:
    """Log-probs, entropies and Σp² of all rows: one product, no gradients."""
    call = Call(
        hidden,
        targets,
        head,
        settings,
        wanted=(False, False, False),
        entropy=entropy,
        square_sum=square_sum,
        rows=len(targets),
    )
    for tile in cut(0, len(targets), call.sizes.rows):
        call.project(call.indices(tile))
    call.inspect(None, call.logp)
    return call.result()


def score_and_differentiate(
    hidden: Tensor,
    targets: Tensor,
    head: Head,
    settings: BackendSettings,
    weighing: Weighing,
    *,
    wanted: tuple[bool, bool, bool],
    entropy: bool,
    every_row: bool,
) -> CallResult:
    """Log-probs and gradients of all rows that the objective or the caller asks for."""
    if not any(wanted):
        entropy = entropy or weighing.uses_entropy
        return score(hidden, targets, head, settings, entropy=entropy)
    if not weighing.known:
        return _found_in_passing(
            hidden, targets, head, settings, weighing, wanted=wanted, entropy=entropy
        )
    blank = weighing.blank(hidden.new_empty(0, dtype=settings.precision.logits))
    weights = weighing.weigh(blank, None, 0, len(targets))
    alive, largest = weighing.weighty, 0.0
    if alive is None or settings.precision.tile == torch.float16:
        alive, greatest = read(weights.logp != 0, largest_of(weights.logp))
        largest = float(greatest)
    chosen = torch.arange(len(targets)) if every_row or entropy else alive.nonzero().squeeze(1)
    call = Call(hidden, targets, head, settings, wanted=wanted, entropy=entropy, rows=len(chosen))
    gain = call.gain(largest)
    for start, stop in cut(0, len(chosen), call.sizes.rows):
        tile = chosen[start:stop]
        rows = send(tile, hidden.device)
        found, seen = call.project(rows), Inspection(alive=alive[tile], gain=gain)
        call.differentiate(rows, found, _part(weights, rows), seen)
    call.inspect(weights, call.logp)
    return call.result()


def _found_in_passing(
    hidden: Tensor,
    targets: Tensor,
    head: Head,
    settings: BackendSettings,
    weighing: Weighing,
    *,
    wanted: tuple[bool, bool, bool],
    entropy: bool,
) -> CallResult:
    """Coefficients that need log-probs: spans of tiles, the last of each finished where it lies."""
    entropy = entropy or weighing.uses_entropy
    call = Call(
        hidden,
        targets,
        head,
        settings,
        wanted=wanted,
        entropy=entropy,
        rows=len(targets),
        coupled=weighing.coupling is not Coupling.TOKEN,
    )
    call.logp.copy_(weighing.blank(call.logp))
    for span in spans_of(weighing.lengths, weighing.coupling, call.sizes.rows):
        for tile in span:
            rows = call.indices(tile)
            found = call.project(rows)
        start, stop = span[0][0], span[-1][1]
        weights = weighing.weigh(call.logp, call.entropy, start, stop)
        seen = call.inspect(weights, call.logp[start:stop])
        early = len(weights.logp) - len(rows)
        last = replace(seen, alive=seen.alive[early:])
        call.differentiate(rows, found, _part(weights, slice(early, None)), last)
        chosen = seen.alive[:early].nonzero().squeeze(1)
        for first, end in cut(0, len(chosen), call.sizes.rows):
            part = send(chosen[first:end], hidden.device)
            again = replace(seen, alive=torch.ones(end - first, dtype=torch.bool))
            found = call.project(part + start)
            call.differentiate(part + start, found, _part(weights, part), again)
    return call.result()


def _part(weights: Weights, rows: Tensor | slice) -> Weights:
    per_entropy = None if weights.entropy is None else weights.entropy[rows]
    return Weights(logp=weights.logp[rows], entropy=per_entropy)
