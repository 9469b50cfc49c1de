"""The objective's side: what each row's log-prob and entropy weigh in the loss.

The objective speaks of (B, T) batches, the loss of N rows, the live tokens one after another.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.host import read, send
from grpo_plugin.objectives.coefficient import coefficients, known_beforehand
from grpo_plugin.objectives.config import ObjectiveConfig
from grpo_plugin.objectives.registry import Coupling, Objective, coupling_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """∂loss/∂logp and ∂loss/∂entropy (or `None`) of n rows."""

    logp: Tensor
    entropy: Tensor | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Foresight:
    """What a caller has on the CPU of its batch, and the loss would have to wait for.

    Attributes:
        live: (B, T) bool, the batch's mask.
        weighty: (B, T) bool, tokens whose coefficient is not zero, where that is known before the
            model runs (`known_beforehand`); may be true of too many.
    """

    live: Tensor
    weighty: Tensor | None = None


class Weighing:
    """An objective and its batch, asked row by row.

    Attributes:
        lengths: live tokens of each completion.
        coupling: what must be known before a row's coefficient is.
        uses_entropy: whether the loss reads the policy's entropy, which is then computed here.
        known: whether the coefficients do not depend on what the model says.
        weighty: (N,) bool on the CPU, rows whose coefficient is not zero, where that is foreseen.

    Args:
        objective: any.
        batch: its `entropy` is replaced where the objective asks for one.
        config: the options, or `None` for the paper's.
        rows: how many rows there are.
        vocabulary: its size.
        foresight: what is known on the CPU; read from the device where it is not given.

    Raises:
        ValueError: the batch has another number of live tokens, or lacks what is needed.
    """

    def __init__(
        self,
        objective: Objective,
        batch: Batch,
        config: ObjectiveConfig | None,
        *,
        rows: int,
        vocabulary: int,
        foresight: Foresight | None = None,
    ) -> None:
        self.objective = objective
        self.batch = batch
        self.config = objective.settle(config)
        live = read(batch.live)[0] if foresight is None else foresight.live
        self.lengths: list[int] = live.sum(dim=1).tolist()
        if sum(self.lengths) != rows:
            raise ValueError(
                f"the batch's mask has {sum(self.lengths)} live tokens but hidden has {rows} rows; "
                "give the hidden states of the live tokens, completion by completion"
            )
        self.uses_entropy = self.config.entropy_coef != 0 or "entropy" in objective.needs
        if self.uses_entropy:
            blank = torch.zeros_like(batch.mask, dtype=torch.float32)
            objective.check(replace(batch, entropy=blank), self.config)
        else:
            objective.check(batch, self.config)
        self.coupling = coupling_of(objective, self.config)
        self.known = not self.uses_entropy and known_beforehand(objective, batch, self.config)
        self.weighty: Tensor | None = None
        position = live.flatten().nonzero().squeeze(1)
        if self.known and foresight is not None and foresight.weighty is not None:
            self.weighty = foresight.weighty.flatten()[position]
        self._starts = [0, *accumulate(self.lengths)]
        self._position = send(position, batch.mask.device)
        self._unseen = -math.log(vocabulary)

    def blank(self, like: Tensor) -> Tensor:
        """(N,): log-probs to stand in for those not known: π_old's, or the uniform ones."""
        if self.batch.old_logp is not None:
            return self.batch.old_logp.detach().flatten()[self._position].to(like.dtype)
        return like.new_full(self._position.shape, self._unseen)

    def weigh(self, logp: Tensor, entropy: Tensor | None, start: int, stop: int) -> Weights:
        """The weights of rows `start` to `stop`.

        Args:
            logp: (N,); those that the weights depend on are known.
            entropy: (N,), or `None`.
            start: the first row.
            stop: one past the last.
        """
        first, last = self._completions(start, stop)
        whole = (first, last) == (0, len(self.lengths))
        part = self.batch if whole else self.batch.rows(first, last)
        before, after = self._starts[first], self._starts[last]
        position = self._position[before:after] - first * self.batch.mask.shape[1]
        shape = part.mask.shape
        if self.uses_entropy and entropy is not None:
            part = replace(part, entropy=_unflatten(entropy[before:after], position, shape))
        point = _unflatten(logp[before:after], position, shape)
        found = coefficients(self.objective, point, part, self.config)
        chosen = position[start - before : stop - before]
        per_entropy = None
        if found.entropy is not None:
            per_entropy = found.entropy.flatten()[chosen].to(logp.dtype)
        return Weights(
            logp=found.logp.flatten()[chosen].to(logp.dtype),
            entropy=per_entropy,
        )

    def loss(self, logp: Tensor, entropy: Tensor | None) -> Tensor:
        """The loss itself, from all rows."""
        batch, shape = self.batch, self.batch.mask.shape
        if self.uses_entropy and entropy is not None:
            batch = replace(batch, entropy=_unflatten(entropy, self._position, shape))
        return self.objective(_unflatten(logp, self._position, shape), batch, self.config)

    def _completions(self, start: int, stop: int) -> tuple[int, int]:
        """The completions that rows `start` to `stop` belong to: first, and one past the last."""
        if self.coupling is Coupling.BATCH or (start, stop) == (0, self._starts[-1]):
            return 0, len(self.lengths)
        return bisect_right(self._starts, start) - 1, bisect_left(self._starts, stop)


def _unflatten(values: Tensor, position: Tensor, shape: torch.Size) -> Tensor:
    """(n,) values at flat positions of a (B, T) tensor of zeros."""
    flat = values.new_zeros(shape.numel())
    return flat.index_copy_(0, position, values).view(shape)
