"""The fused loss inside a Hugging Face causal language model's own forward.

`fuse_head(model)` lets `model(input_ids, ..., fused=request)` return a loss, or log-probs, instead
of logits. Because that happens inside `forward`, whatever wraps the model (DDP, FSDP, PEFT,
accelerate's autocast) gathers parameters and reduces gradients as it always does; a call without
`fused` is the model's own, so generation is unchanged.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.distributed.tensor import DTensor, Partial
from transformers.utils import ModelOutput

from grpo_plugin.batch import Batch
from grpo_plugin.errors import UnsupportedHeadError
from grpo_plugin.loss.fused import fused_logps, fused_policy_loss
from grpo_plugin.loss.kernels import Backend
from grpo_plugin.loss.output_layer import (
    Scaling,
    backbone_of,
    check_present,
    kind_of,
    linear_head,
    probe,
)
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
        every_row: see `fused_policy_loss`.
        memory_mb: likewise.
        backend: likewise.
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
        every_row: bool = False,
        memory_mb: float | None = None,
        backend: Backend | str = Backend.AUTO,
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


@dataclass
class FusedOutput(ModelOutput):  # type: ignore[misc]
    """What a fused forward returns.

    Attributes:
        loss: scalar with graph, or `None` when only log-probs were asked for.
        logp: (N,), without graph.
        entropy: (N,), without graph, or `None`.
        computed: (N,) bool, see `LossOutput`; `None` with log-probs alone.
        with_gradient: how many rows entered the gradient products.
        router_logits: what a mixture of experts needs for its auxiliary loss, with graph, where
            the call or the configuration asks for `output_router_logits`.
    """

    loss: Tensor | None = None
    logp: Tensor | None = None
    entropy: Tensor | None = None
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


def fuse_head(model: Any, *, known: Scaling | None = None) -> Scaling | None:
    """Let a causal language model compute the fused loss; to be called before it is wrapped.

    Args:
        model: a `PreTrainedModel` with its weights present, or partitioned by ZeRO-3; a PEFT model
            is patched underneath.
        known: what was returned for a model of the same configuration: taken for one whose
            weights FSDP2 has sharded already, so that it cannot be looked at.

    Returns:
        What its logits were found to be; `None` under ZeRO-3, whose hooks gather weights in a
        forward pass only: the first fused one looks, and raises the error below.

    Raises:
        UnsupportedHeadError: its logits are not those of a linear layer on the backbone's last
            hidden state, scaled and soft-capped; the message says what is in the way.
    """
    if hasattr(model, "get_base_model"):
        model = model.get_base_model()
    original = model.forward
    backbone_of(model)
    weight = linear_head(model).weight
    partitioned = hasattr(weight, "ds_id")
    scaling = (
        known if isinstance(weight, DTensor) and known and known.kind == kind_of(model) else None
    )
    if scaling is None and not partitioned:
        scaling = probe(model, original)

    @functools.wraps(type(model).forward)  # `generate` checks its arguments by the signature
    def forward(self: Any, *args: Any, fused: FusedRequest | None = None, **kwargs: Any) -> Any:
        nonlocal scaling
        if fused is None:
            return original(*args, **kwargs)
        if scaling is None:
            scaling = probe(self, original)
        for unused in ("labels", "logits_to_keep", "use_cache"):
            kwargs.pop(unused, None)
        if getattr(self.config.get_text_config(), "output_router_logits", False):
            kwargs.setdefault("output_router_logits", True)
        head = linear_head(self)
        made = backbone_of(self)(*args, use_cache=False, **kwargs)
        answer = functools.partial(_answer, head=head, request=fused, scaling=scaling)
        found = _within(head, answer, made.last_hidden_state)
        found.router_logits = getattr(made, "router_logits", None)
        return found

    model.forward = types.MethodType(forward, model)
    return scaling


def _within(
    head: nn.Linear, answer: Callable[[Tensor], FusedOutput], states: Tensor
) -> FusedOutput:
    """The answer; under ZeRO-3 in the head's own forward pass, for which its hooks gather it."""
    if not hasattr(head.weight, "ds_id"):
        return answer(states)
    head.forward = answer  # type: ignore[method-assign,assignment]
    try:
        found: FusedOutput = head(states)
    finally:
        del head.forward
    return found


def _answer(
    states: Tensor, head: nn.Linear, request: FusedRequest, scaling: Scaling
) -> FusedOutput:
    check_present(head.weight)
    if states.shape[1] != request.length:
        raise UnsupportedHeadError(
            f"the model made {states.shape[1]} hidden states of {request.length} tokens; prompt "
            "tuning and the like cannot be fused"
        )
    weight, bias = _whole(head.weight), _whole(head.bias)
    hidden = states.flatten(0, 1).index_select(0, request.positions.to(states.device))
    options: dict[str, Any] = {
        "bias": bias,
        "temperature": request.temperature,
        "softcap": scaling.softcap,
        "logit_scale": scaling.factor,
        "entropy": request.entropy,
        "memory_mb": request.memory_mb,
        "backend": request.backend,
    }
    hidden, targets = hidden.to(weight.device), request.targets.to(weight.device)
    if request.objective is None or request.batch is None:
        alone = fused_logps(hidden, weight, targets, **options)
        return FusedOutput(logp=alone.logp, entropy=alone.entropy)
    found = fused_policy_loss(
        hidden,
        weight,
        targets,
        request.objective,
        request.batch,
        config=request.config,
        every_row=request.every_row,
        **options,
    )
    return FusedOutput(
        loss=found.loss,
        logp=found.logp,
        entropy=found.entropy,
        computed=found.computed,
        with_gradient=found.with_gradient,
    )


def _whole(parameter: Any) -> Any:
    """A parameter that FSDP2 keeps in shards of its own, gathered.

    Each rank's gradient is then of its own data: the shards get the mean, as FSDP's own would.
    """
    if not isinstance(parameter, DTensor):
        return parameter
    mesh = parameter.device_mesh
    whole = parameter.full_tensor(grad_placements=[Partial()] * mesh.ndim)
    if whole.requires_grad:
        hook: Any = whole.register_hook
        hook(lambda gradient: gradient / mesh.size())
    return whole
