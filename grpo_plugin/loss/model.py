"""The fused loss inside a Hugging Face causal language model's own forward.

`fuse_head(model)` lets `model(input_ids, ..., fused=request)` return a loss, or log-probs, instead
of logits. Because that happens inside `forward`, whatever wraps the model (DDP, FSDP, PEFT,
accelerate's autocast) gathers parameters and reduces gradients as it always does; a call without
`fused` is the model's own, so generation is unchanged.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.distributed.tensor import DTensor, Partial

from grpo_plugin.errors import UnsupportedHeadError
from grpo_plugin.loss.fused import fused_logps, fused_policy_loss
from grpo_plugin.loss.output_layer import (
    Scaling,
    backbone_of,
    check_present,
    kind_of,
    linear_head,
    probe,
)
from grpo_plugin.loss.request import FusedOutput, FusedRequest


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
    unfused = Unfused.of(model)
    backbone_of(model)
    weight = linear_head(model).weight
    partitioned = hasattr(weight, "ds_id")
    scaling = (
        known if isinstance(weight, DTensor) and known and known.kind == kind_of(model) else None
    )
    if scaling is None and not partitioned:
        scaling = probe(model, functools.partial(unfused, model))
    if "rlvr_fused_head" not in model.__dict__:  # else it is bound, by us or anew by accelerate
        model.forward = FusedForward(model)
    model.rlvr_fused_head = FusedHead(unfused=unfused, scaling=scaling)
    return scaling


def untie_forward(model: Any) -> None:
    """Let copies of a model answer for themselves where TRL's patch would not let them.

    TRL (since 1.15) puts a forward pass on the model that calls what was bound to this very
    instance: a deep copy's logits then are the original's, whatever becomes of its weights. Other
    models are left as they are.
    """
    if hasattr(model, "get_base_model"):
        model = model.get_base_model()
    if "rlvr_fused_head" not in model.__dict__ and (unfused := Unfused.of(model)).is_trls:
        model.forward = FusedForward(model)
        model.rlvr_fused_head = FusedHead(unfused=unfused, scaling=None)


@dataclass(frozen=True)
class Unfused:
    """The forward pass that a model had before: its class's, or one that was put on the instance.

    Attributes:
        own: what stood on the instance, or `None`.
        is_trls: whether that is TRL's patch on the class's, which serves calls with
            `fused_lm_head` alone; all others can go to the class's directly.
    """

    own: Callable[..., Any] | None = None
    is_trls: bool = False

    @classmethod
    def of(cls, model: Any) -> Unfused:
        """That of a model, whether its head has been fused already or not."""
        if "rlvr_fused_head" in model.__dict__:
            found: Unfused = model.rlvr_fused_head.unfused
            return found
        own = model.__dict__.get("forward")
        if not isinstance(own, types.MethodType) or not inspect.isfunction(own.__func__):
            return cls(own)
        beneath = inspect.getclosurevars(own.__func__).nonlocals.get("original_forward")
        return cls(own, is_trls=getattr(beneath, "__func__", None) is type(model).forward)

    def __call__(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Run it."""
        if self.own is not None and not (self.is_trls and not kwargs.get("fused_lm_head")):
            return self.own(*args, **kwargs)
        kwargs.pop("fused_lm_head", None)
        return type(model).forward(model, *args, **kwargs)


@dataclass
class FusedHead:
    """What a model whose head is fused carries with it, into copies and pickles.

    Attributes:
        unfused: its forward pass without.
        scaling: of its logits; `None` until ZeRO-3 has gathered the head once.
    """

    unfused: Unfused
    scaling: Scaling | None


class FusedForward:
    """`model.forward` with the keyword `fused`.

    An object and no closure, so that a copy of the model (deep, pickled, or made by another
    process) has one of its own: what is bound to an instance would answer with the original's
    weights. It looks like a bound method to accelerate, which binds `__func__` anew under
    autocast, and has the model's own signature, by which `generate` checks its arguments.

    Args:
        model: whose `forward` it is; the model's `rlvr_fused_head` holds the rest.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The model's forward pass."""
        return self.__func__(self._model, *args, **kwargs)

    @property
    def __func__(self) -> Callable[..., Any]:
        kind = type(self._model)
        if kind not in _FORWARDS:
            _FORWARDS[kind] = _forward_of(kind)
        return _FORWARDS[kind]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(types.MethodType(self.__func__, self._model))


_FORWARDS: dict[type, Callable[..., Any]] = {}


def _forward_of(kind: type) -> Callable[..., Any]:
    """The forward pass of models of a class, as an unbound method."""

    @functools.wraps(kind.forward)  # type: ignore[attr-defined]
    def forward(self: Any, *args: Any, fused: FusedRequest | None = None, **kwargs: Any) -> Any:
        found: FusedHead = self.rlvr_fused_head
        if fused is None:
            return found.unfused(self, *args, **kwargs)
        if found.scaling is None:
            found.scaling = probe(self, functools.partial(found.unfused, self))
        for unused in ("labels", "logits_to_keep", "use_cache"):
            kwargs.pop(unused, None)
        if getattr(self.config.get_text_config(), "output_router_logits", False):
            kwargs.setdefault("output_router_logits", True)
        head = linear_head(self)
        made = backbone_of(self)(*args, use_cache=False, **kwargs)
        answer = functools.partial(_answer, head=head, request=fused, scaling=found.scaling)
        output = _within(head, answer, made.last_hidden_state)
        output.router_logits = getattr(made, "router_logits", None)
        return output

    return forward


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
        alone = fused_logps(hidden, weight, targets, square_sum=request.square_sum, **options)
        return FusedOutput(logp=alone.logp, entropy=alone.entropy, square_sum=alone.square_sum)
    found = fused_policy_loss(
        hidden,
        weight,
        targets,
        request.objective,
        request.batch,
        config=request.config,
        every_row=request.every_row,
        foresight=request.foresight,
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
