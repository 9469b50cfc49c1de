"""The algorithm: rows in, log-probs out, and their gradients before anything is thrown away."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from grpo_plugin.errors import NonFiniteLogitsError
from grpo_plugin.loss.head import Head, Precision
from grpo_plugin.loss.kernels import Backend, Kernels, choose, half_products
from grpo_plugin.loss.row_statistics import RowStatistics, Slopes
from grpo_plugin.loss.tiling import Rows, choose_sizes, cut, spans_of
from grpo_plugin.loss.weighing import Weighing, Weights
from grpo_plugin.loss.workspace import Gradients, Workspace, arrange
from grpo_plugin.objectives.registry import Coupling


@dataclass(frozen=True, kw_only=True)
class BackendSettings:
    """Kernels and precision of a call.

    Attributes:
        kernels: for the tiles.
        precision: the dtypes.
        memory_mb: for the buffers of a call; `None` for the device's default.
    """

    kernels: Kernels
    precision: Precision
    memory_mb: float | None = None

    @classmethod
    def choose(
        cls, hidden: Tensor, head: Head, backend: Backend | str, memory_mb: float | None
    ) -> BackendSettings:
        """Those that fit inputs, device and autocast; to be called before autocast is off."""
        wide = Precision.choose(hidden, head.weight, half_products=False)
        kernels = choose(backend, hidden.device, wide.logits)
        half = half_products(kernels, hidden.device)
        precision = Precision.choose(hidden, head.weight, half_products=half)
        return cls(kernels=kernels, precision=precision, memory_mb=memory_mb)


@dataclass(frozen=True, kw_only=True, eq=False)
class CallResult:
    """Results of all rows.

    Attributes:
        logp: (N,).
        entropy: (N,), or `None`.
        computed: (N,) bool, false where a row was not projected.
        with_gradient: how many rows entered the gradient products.
        gradients: of hidden states, weight and bias; `None` where not wanted.
    """

    logp: Tensor
    entropy: Tensor | None
    computed: Tensor
    with_gradient: int
    gradients: tuple[Tensor | None, Tensor | None, Tensor | None]


class Call:
    """One call: its inputs, its workspace and its results.

    Args:
        hidden: (N, H).
        targets: (N,).
        head: the head.
        settings: kernels and precision.
        wanted: whether gradients of hidden states, weight and bias are.
        entropy: whether entropies are.
        rows: how many rows will be projected, at most.
        coupled: whether rows wait for others until their coefficient is known.
    """

    def __init__(
        self,
        hidden: Tensor,
        targets: Tensor,
        head: Head,
        settings: BackendSettings,
        *,
        wanted: tuple[bool, bool, bool],
        entropy: bool,
        rows: int,
        coupled: bool = False,
    ) -> None:
        kernels, self.precision = settings.kernels, settings.precision
        self.hidden, self.targets = hidden, targets
        keep = any(wanted)
        self.sizes = choose_sizes(
            head,
            self.precision,
            kernels.block,
            rows,
            keep=keep,
            shared=not coupled,
            memory_mb=settings.memory_mb,
        )
        self.gradients = Gradients(hidden, head, self.precision.logits, wanted)
        self.workspace = Workspace(
            head, self.precision, kernels, self.sizes, keep=keep, entropy=entropy
        )
        count, logits = hidden.shape[0], self.precision.logits
        self.logp = hidden.new_zeros(count, dtype=logits)
        self.entropy = hidden.new_zeros(count, dtype=logits) if entropy else None
        self.computed = torch.zeros(count, dtype=torch.bool, device=hidden.device)
        self.with_gradient = 0

    def project(self, rows: Tensor) -> RowStatistics:
        """Project rows, given by index, and note their log-probs."""
        found = self.workspace.fill(self._operand(rows), self.targets[rows])
        self.logp[rows] = found.logp
        if self.entropy is not None and found.entropy is not None:
            self.entropy[rows] = found.entropy
        self.computed[rows] = True
        return found

    def differentiate(self, rows: Tensor, found: RowStatistics, weights: Weights) -> None:
        """Add the gradients of the rows just projected; those that weigh nothing cost nothing.

        Raises:
            NonFiniteLogitsError: a row's log-prob is not finite.
            ValueError: a row's coefficient is not.
        """
        alive = weights.logp != 0
        finite = torch.isfinite(weights.logp)
        if weights.entropy is not None:
            alive = alive | (weights.entropy != 0)
            finite = finite & torch.isfinite(weights.entropy)
        status = torch.stack([alive, torch.isfinite(found.logp), finite]).cpu()
        if not bool(status[1].all()):
            self.refuse()
        if not bool(status[2].all()):
            raise ValueError(
                f"the objective's gradient is not finite at {int((~status[2]).sum())} tokens whose "
                "log-probs are; look for NaN or infinity in the batch's advantages and log-probs"
            )
        source = arrange(status[0])
        if not len(source):
            return
        self.with_gradient += len(source)
        source = source.to(rows.device)
        self.workspace.finish(
            self._operand(rows),
            self.targets[rows],
            rows=found,
            slopes=Slopes(logp=weights.logp, entropy=weights.entropy, gain=self._gain(weights)),
            source=source,
            positions=rows[source],
            gradients=self.gradients,
        )

    def refuse(self) -> None:
        """Raise if a log-prob is not finite, saying where to look."""
        bad = self.computed & ~torch.isfinite(self.logp)
        if not bool(bad.any()):
            return
        first = int(bad.nonzero()[0])
        head = self.workspace.head
        culprits = [
            name
            for name, value in (
                (f"hidden[{first}]", self.hidden[first]),
                ("weight", head.weight),
                ("bias", head.bias),
            )
            if value is not None and not bool(torch.isfinite(value).all())
        ]
        where = f"{' and '.join(culprits)} not finite" if culprits else "the products overflowed"
        raise NonFiniteLogitsError(
            f"{int(bad.sum())} of {len(bad)} log-probs are not finite, the first that of row "
            f"{first} (target {int(self.targets[first])}): {where}. Has training diverged?"
        )

    def result(self) -> CallResult:
        """The results so far, gradients included."""
        return CallResult(
            logp=self.logp,
            entropy=self.entropy,
            computed=self.computed,
            with_gradient=self.with_gradient,
            gradients=self.gradients.finished(),
        )

    def indices(self, rows: Rows) -> Tensor:
        """A range of rows as indices."""
        return torch.arange(*rows, device=self.hidden.device)

    def _operand(self, rows: Tensor) -> Tensor:
        return self.hidden.index_select(0, rows).to(self.precision.operand)

    def _gain(self, weights: Weights) -> float:
        """Brings the largest coefficient near 2^10 where gradients are kept in float16."""
        if self.precision.tile != torch.float16:
            return 1.0
        largest = weights.logp.abs().amax()
        if weights.entropy is not None:
            largest = torch.maximum(largest, weights.entropy.abs().amax())
        return float(torch.exp2((10 - largest.log2()).floor().clamp(-100, 100)))


def score(
    hidden: Tensor, targets: Tensor, head: Head, settings: BackendSettings, *, entropy: bool
) -> CallResult:
    """Log-probs, and entropies, of all rows: one product, no gradients."""
    call = Call(
        hidden,
        targets,
        head,
        settings,
        wanted=(False, False, False),
        entropy=entropy,
        rows=len(targets),
    )
    for tile in cut(0, len(targets), call.sizes.rows):
        call.project(call.indices(tile))
    call.refuse()
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
    rows = torch.arange(len(targets), device=hidden.device)
    if not (every_row or entropy):
        rows = weights.logp.nonzero().squeeze(1)
    call = Call(hidden, targets, head, settings, wanted=wanted, entropy=entropy, rows=len(rows))
    for start, stop in cut(0, len(rows), call.sizes.rows):
        tile = rows[start:stop]
        call.differentiate(tile, call.project(tile), Weights(logp=weights.logp[tile], entropy=None))
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
        early = len(weights.logp) - len(rows)
        call.differentiate(rows, found, _part(weights, slice(early, None)))
        again = weights.logp[:early] != 0
        if weights.entropy is not None:
            again |= weights.entropy[:early] != 0
        chosen = again.nonzero().squeeze(1)
        for first, last in cut(0, len(chosen), call.sizes.rows):
            part = chosen[first:last]
            call.differentiate(part + start, call.project(part + start), _part(weights, part))
    return call.result()


def _part(weights: Weights, rows: Tensor | slice) -> Weights:
    per_entropy = None if weights.entropy is None else weights.entropy[rows]
    return Weights(logp=weights.logp[rows], entropy=per_entropy)
