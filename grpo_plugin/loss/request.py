"""What a fused forward pass is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from transformers.utils import ModelOutput

from grpo_plugin.batch import Batch
from grpo_plugin.loss.kernels import Backend
from grpo_plugin.loss.weighing import Foresight
from grpo_plugin.objectives.config import ObjectiveConfig
from grpo_plugin.objectives.registry import Objective


class FusedRequest:
    """What a fused forward is asked for.

    Not a dataclass: FSDP rebuilds those among the arguments, and would round their tensors to
    its compute dtype.

    Args:
        positions: (N,) int64, where in the flattened (B · S) hidden states each live token is
            predicted; see `predicting_positions`.
        targets: (N,), the live tokens, in the batch's order.
        length: S; a model that lengthens its input (prompt tuning) is refused.
        objective: whose loss is asked for; `None` for log-probs alone, without gradients.
        batch: for the objective.
        config: its options.
        temperature: of sampling.
        entropy: whether entropies are asked for.
        square_sum: whether Σ_v π(v)² is, with log-probs alone.
        every_row: see `fused_policy_loss`.
        memory_mb: likewise.
        backend: likewise.
        foresight: likewise.
    """

    def __init__(
        self,
        *,
        positions: Tensor,
        targets: Tensor,
        length: int,
        objective: str | Objective | Callable[..., Tensor] | None = None,
        batch: Batch | None = None,
        config: ObjectiveConfig | None = None,
        temperature: float = 1.0,
        entropy: bool = False,
        square_sum: bool = False,
        every_row: bool = False,
        memory_mb: float | None = None,
        backend: Backend | str = Backend.AUTO,
        foresight: Foresight | None = None,
    ) -> None:
        if (objective is None) != (batch is None):
            raise ValueError("an objective and a batch come together: give both or neither")
        if positions.shape != targets.shape or positions.dim() != 1:
            raise ValueError(
                f"positions have shape {tuple(positions.shape)}, targets {tuple(targets.shape)}; "
                "both must be (N,)"
            )
        self.positions, self.targets, self.length = positions, targets, length
        self.objective, self.batch, self.config = objective, batch, config
        self.temperature, self.entropy, self.every_row = temperature, entropy, every_row
        self.memory_mb, self.backend = memory_mb, backend
        self.foresight, self.square_sum = foresight, square_sum


@dataclass
class FusedOutput(ModelOutput):  # type: ignore[misc]
    """What a fused forward returns.

    Attributes:
        loss: scalar with graph, or `None` when only log-probs were asked for.
        logp: (N,), without graph.
        entropy: (N,), without graph, or `None`.
        square_sum: (N,), Σ_v π(v)², or `None`.
        computed: (N,) bool, see `LossOutput`; `None` with log-probs alone.
        with_gradient: how many rows entered the gradient products.
        router_logits: what a mixture of experts needs for its auxiliary loss, with graph, where
            the call or the configuration asks for `output_router_logits`.
    """

    loss: Tensor | None = None
    logp: Tensor | None = None
    entropy: Tensor | None = None
    square_sum: Tensor | None = None
    computed: Tensor | None = None
    with_gradient: int | None = None
    router_logits: tuple[Tensor, ...] | None = None


def predicting_positions(mask: Tensor, length: int) -> Tensor:
    """(N,) flat positions, in (B, length) hidden states, of those that predict live tokens.

    Args:
        mask: (B, T), of completions that are the last T of `length` tokens.
        length: of prompts and completions together, more than T.
    """
    size, tokens = mask.shape
    if length <= tokens:
        raise ValueError(f"{tokens} completion tokens of {length}: nothing predicts the first")
    row, column = mask.bool().nonzero(as_tuple=True)
    return row * length + (length - tokens - 1) + column if size else row
