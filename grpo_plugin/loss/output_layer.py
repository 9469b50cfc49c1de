"""The parts of a causal language model that the fused loss stands between, and what lies there.

Which factor and soft cap a model puts on its output layer's logits is found by looking at some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from grpo_plugin.errors import UnsupportedHeadError

# What configurations call a factor on, or a divisor of, the logits; which of the two it is, and
# whether the model heeds it, is found by looking at logits.
_SCALES = ("logit_scale", "logits_scaling", "lm_head_multiplier", "output_multiplier")


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """What a model does to its output layer's logits.

    Attributes:
        factor: on the logits.
        softcap: of them, or `None`.
        kind: the model type and what its configuration says of both.
    """

    factor: float
    softcap: float | None
    kind: tuple[Any, ...]


def backbone_of(model: Any) -> nn.Module:
    """The part that makes hidden states; looked up at each call, since wrappers replace it.

    Raises:
        UnsupportedHeadError: there is none apart from the model itself.
    """
    backbone = getattr(model, "base_model", None)
    if not isinstance(backbone, nn.Module) or backbone is model:
        raise UnsupportedHeadError(f"{type(model).__name__} has no backbone apart from its head")
    return backbone


def linear_head(model: Any) -> nn.Linear:
    """The output layer, looked up at each call, since PEFT replaces it.

    Raises:
        UnsupportedHeadError: it is no plain linear layer.
    """
    head = model.get_output_embeddings()
    if hasattr(head, "modules_to_save"):  # PEFT trains a copy
        try:
            saved = next((n for n in head.active_adapters if n in head.modules_to_save), None)
            off = head.disable_adapters or saved is None
            head = head.original_module if off else head.modules_to_save[saved]
        except (AttributeError, TypeError) as error:
            raise UnsupportedHeadError(
                f"the output layer is a {type(head).__name__} that is not PEFT's: {error}"
            ) from error
    if hasattr(head, "base_layer"):
        raise UnsupportedHeadError(
            "the output layer carries an adapter of its own; leave it out of target_modules, or "
            "train it whole with modules_to_save"
        )
    if not isinstance(head, nn.Linear) or not head.weight.is_floating_point():
        raise UnsupportedHeadError(
            f"the output layer is a {type(head).__name__}, not a linear layer in floating point"
        )
    return head


def check_present(weight: Tensor) -> None:
    """Raise where another wrapper than FSDP2 has taken the weight to pieces.

    Raises:
        UnsupportedHeadError: names the wrapper where it can be told.
    """
    if hasattr(weight, "ds_id") and (weight.dim() != 2 or not weight.numel()):
        raise UnsupportedHeadError(
            "ZeRO-3 has partitioned the output layer (use stage 2 or FSDP2 for the fused loss)"
        )
    if weight.dim() != 2 or not weight.numel() or weight.is_meta:
        raise UnsupportedHeadError("the weights are not here: fuse the head before sharding them")


@torch.no_grad()
def probe(model: Any, forward: Callable[..., Any]) -> Scaling:
    """Factor and soft cap such that our logits of a few tokens are those of the model's `forward`.

    Raises:
        UnsupportedHeadError: there are none.
    """
    head = linear_head(model)
    if not hasattr(head.weight, "ds_id"):
        check_present(head.weight)
    if isinstance(head.weight, DTensor):
        raise UnsupportedHeadError("the weights are in shards: fuse the head before sharding them")
    embeddings = model.get_input_embeddings()  # PEFT's wrappers show no sizes of theirs
    ids = torch.arange(4, device=getattr(embeddings, "weight", head.weight).device)[None]
    ids = ids % min(head.out_features, getattr(embeddings, "num_embeddings", head.out_features))
    training = model.training
    model.eval()
    try:
        wanted = forward(input_ids=ids, use_cache=False).logits[0].double()
        states = backbone_of(model)(input_ids=ids, use_cache=False).last_hidden_state[0]
        raw = head(states.to(head.weight)).double().to(wanted.device)
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise UnsupportedHeadError(
            f"{type(model).__name__} does not run on token ids alone: {error}"
        ) from error
    finally:
        model.train(training)
    tolerance = 8 * max(torch.finfo(head.weight.dtype).eps, 1e-6) * float(wanted.abs().max())
    for scale, softcap in _candidates(model.config.get_text_config()):
        ours = raw * scale
        if softcap is not None:
            ours = softcap * torch.tanh(ours / softcap)
        if ours.shape == wanted.shape and float((ours - wanted).abs().max()) <= tolerance:
            return Scaling(factor=scale, softcap=softcap, kind=kind_of(model))
    raise UnsupportedHeadError(
        f"the logits of {type(model).__name__} are not its output layer's on the last hidden "
        "state, with a scale and a soft cap that its configuration names"
    )


def kind_of(model: Any) -> tuple[Any, ...]:
    """The model type, and what its configuration says of scale and soft cap."""
    config = model.config.get_text_config()
    return (config.model_type, *_candidates(config))


def _candidates(config: Any) -> Iterator[tuple[float, float | None]]:
    """Scales and soft caps, what the configuration names first."""
    softcaps = [getattr(config, "final_logit_softcapping", None), None]
    named = [getattr(config, name, None) for name in _SCALES]
    scales = [float(value) for value in named if isinstance(value, int | float) and value]
    for softcap in dict.fromkeys(softcaps):
        for scale in [*scales, *(1 / scale for scale in scales), 1.0]:
            yield scale, softcap
