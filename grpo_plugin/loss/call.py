"""One call of the fused loss: its buffers, its results, and what the host looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from grpo_plugin.errors import NonFiniteLogitsError
from grpo_plugin.host import read, send
from grpo_plugin.loss.head import Head, Precision, check_range
from grpo_plugin.loss.kernels import Backend, Kernels, choose, half_products
from grpo_plugin.loss.row_statistics import RowStatistics, Slopes
from grpo_plugin.loss.tiling import Rows, choose_sizes
from grpo_plugin.loss.weighing import Weights
from grpo_plugin.loss.workspace import Gradients, Workspace, arrange


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
        square_sum: (N,), Σ p², or `None`.
    """

    logp: Tensor
    entropy: Tensor | None
    computed: Tensor
    with_gradient: int
    gradients: tuple[Tensor | None, Tensor | None, Tensor | None]
    square_sum: Tensor | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """What the host has read of n rows.

    Attributes:
        alive: (n,) bool on the CPU: rows that have a gradient.
        gain: brings the largest coefficient near 2^10 where gradients are kept in float16; else 1.
    """

    alive: Tensor
    gain: float


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
        square_sum: whether Σp² is.
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
        square_sum: bool = False,
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
            head,
            self.precision,
            kernels,
            self.sizes,
            keep=keep,
            entropy=entropy,
            square_sum=square_sum,
        )
        count, logits = hidden.shape[0], self.precision.logits
        self.logp = hidden.new_zeros(count, dtype=logits)
        self.entropy = hidden.new_zeros(count, dtype=logits) if entropy else None
        self.square_sum = hidden.new_zeros(count, dtype=logits) if square_sum else None
        self.computed = torch.zeros(count, dtype=torch.bool, device=hidden.device)
        self.with_gradient = 0
        self._range = torch.stack(targets.aminmax()) if count else targets.new_zeros(2)

    def project(self, rows: Tensor) -> RowStatistics:
        """Project rows, given by index, and note their log-probs."""
        found = self.workspace.fill(self._operand(rows), self.targets[rows])
        self.logp[rows] = found.logp
        if self.entropy is not None and found.entropy is not None:
            self.entropy[rows] = found.entropy
        if self.square_sum is not None and found.square_sum is not None:
            self.square_sum[rows] = found.square_sum
        self.computed.index_fill_(0, rows, value=True)
        return found

    def inspect(self, weights: Weights | None, logp: Tensor | None) -> Inspection:
        """Look at rows from the host: the one place that waits for the device.

        Args:
            weights: (n,) each, or `None` where no gradient is wanted.
            logp: (n,), those that are known by now.

        Raises:
            NonFiniteLogitsError: a log-prob is not finite.
            ValueError: a coefficient is not, or a target is outside the vocabulary.
        """
        asked = self.logp.new_zeros(0) if weights is None else weights.logp
        alive, finite, largest = asked != 0, torch.isfinite(asked), asked.abs()
        if weights is not None and weights.entropy is not None:
            alive = alive | (weights.entropy != 0)
            finite = finite & torch.isfinite(weights.entropy)
            largest = torch.maximum(largest, weights.entropy.abs())
        seen = asked if logp is None else logp
        alive, finite, good, largest, bounds = read(
            alive,
            finite,
            torch.isfinite(seen).all(),
            largest_of(largest),
            self._range,
        )
        check_range(int(bounds[0]), int(bounds[1]), self.workspace.head)
        if logp is not None and not bool(good):
            self.refuse()
        if not bool(finite.all()):
            raise ValueError(
                f"the objective's gradient is not finite at {int((~finite).sum())} tokens whose "
                "log-probs are; look for NaN or infinity in the batch's advantages and log-probs"
            )
        return Inspection(alive=alive, gain=self.gain(float(largest)))

    def differentiate(
        self, rows: Tensor, found: RowStatistics, weights: Weights, seen: Inspection
    ) -> None:
        """Add the gradients of the rows just projected; those that weigh nothing cost nothing.

        Args:
            rows: (n,), by index.
            found: what `project` returned for them.
            weights: of the n rows.
            seen: of the n rows.
        """
        source = arrange(seen.alive)
        if not len(source):
            return
        self.with_gradient += len(source)
        self.workspace.finish(
            self._operand(rows),
            self.targets[rows],
            rows=found,
            slopes=Slopes(logp=weights.logp, entropy=weights.entropy, gain=seen.gain),
            source=source,
            positions=rows[send(source, rows.device)],
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
            square_sum=self.square_sum,
            computed=self.computed,
            with_gradient=self.with_gradient,
            gradients=self.gradients.finished(),
        )

    def indices(self, rows: Rows) -> Tensor:
        """A range of rows as indices."""
        return torch.arange(*rows, device=self.hidden.device)

    def _operand(self, rows: Tensor) -> Tensor:
        return self.hidden.index_select(0, rows).to(self.precision.operand)

    def gain(self, largest: float) -> float:
        """What brings the largest coefficient near 2^10 where gradients are kept in float16."""
        if self.precision.tile != torch.float16 or not 0 < largest < math.inf:
            return 1.0
        return float(2.0 ** max(-100, min(100, math.floor(10 - math.log2(largest)))))


def largest_of(values: Tensor) -> Tensor:
    """The largest magnitude, 0 of nothing."""
    return values.abs().amax() if len(values) else values.new_zeros(())
