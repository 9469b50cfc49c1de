"""The last layer of a language model: from hidden states to the logits that are sampled from.

z = softcap · tanh(logit_scale · (h Wᵀ + b) / softcap) / temperature, each part optional.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_HALF = (torch.float16, torch.bfloat16)
_FLOAT = (*_HALF, torch.float32, torch.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """A linear layer with what models and samplers do to its logits.

    Attributes:
        weight: (V, H).
        bias: (V,), or `None`.
        temperature: what sampling divided the logits by, > 0.
        softcap: Gemma's final-logit soft-capping, > 0; `None` for none.
        logit_scale: factor on the layer's output (Cohere, Granite), finite and not 0.

    Raises:
        ValueError: a shape, device or number does not fit; the message names it.
        TypeError: a tensor is missing or has no floating-point dtype.
    """

    weight: Tensor
    bias: Tensor | None = None
    temperature: float = 1.0
    softcap: float | None = None
    logit_scale: float = 1.0

    def __post_init__(self) -> None:
        check_floating("weight", self.weight)
        if self.weight.dim() != 2 or 0 in self.weight.shape:
            raise ValueError(
                f"weight has shape {tuple(self.weight.shape)}; it must be (vocabulary, hidden) "
                "with neither zero (under ZeRO-3 or FSDP, gather the head first)"
            )
        if self.bias is not None:
            check_floating("bias", self.bias)
            if tuple(self.bias.shape) != (self.vocabulary,):
                raise ValueError(
                    f"bias has shape {tuple(self.bias.shape)}; with a weight of "
                    f"{tuple(self.weight.shape)} it must be ({self.vocabulary},)"
                )
            check_device("bias", self.bias, self.weight)
        for name in ("temperature", "softcap"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"{name} is {value}; it must be above 0 and finite")
        if not 0 < abs(self.logit_scale) < float("inf"):
            raise ValueError(f"logit_scale is {self.logit_scale}; it must be finite and not 0")

    @property
    def vocabulary(self) -> int:
        """V."""
        return self.weight.shape[0]

    @property
    def width(self) -> int:
        """Hidden size, H."""
        return self.weight.shape[1]


@dataclass(frozen=True, kw_only=True)
class Precision:
    """The dtypes of the three matrix products and of what lies between them.

    Logits are never rounded to half precision: an rms error of 1.7e-3 on each log-prob, which
    bfloat16 logits bring, turns the ratio of a whole output of 2,048 tokens into × 0.92.

    Attributes:
        operand: what the products multiply.
        logits: what they accumulate in and return, and that of all statistics.
        tile: what exponentials and logit gradients are kept in; an exponential in half precision
            has the relative error that the gradient would be rounded with anyway.
        lift: power of two on kept exponentials, so that float16 does not flush them to zero.
    """

    operand: torch.dtype
    logits: torch.dtype
    tile: torch.dtype
    lift: float = 1.0

    @classmethod
    def choose(cls, hidden: Tensor, weight: Tensor, *, half_products: bool) -> Precision:
        """What fits the inputs, autocast and the device.

        Args:
            hidden: (N, H).
            weight: (V, H); where the two dtypes differ, the wider one counts.
            half_products: whether the device multiplies half precision into float32 natively
                (CUDA). Elsewhere operands are widened, slice by slice, and autocast is ignored:
                wider costs nothing there.
        """
        operand = torch.promote_types(hidden.dtype, weight.dtype)
        if half_products and torch.is_autocast_enabled(hidden.device.type):
            operand = torch.get_autocast_dtype(hidden.device.type)
        if operand in _HALF and half_products:
            lift = 2.0**15 if operand == torch.float16 else 1.0
            return cls(operand=operand, logits=torch.float32, tile=operand, lift=lift)
        wide = torch.float32 if operand in _HALF else operand
        return cls(operand=wide, logits=wide, tile=wide)


def check_floating(name: str, value: object) -> None:
    """Raise unless the value is a tensor of 16, 32 or 64-bit floating point.

    Raises:
        TypeError: names the tensor and its dtype.
    """
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} is a {type(value).__name__}; it must be a tensor")
    if value.dtype not in _FLOAT:
        raise TypeError(
            f"{name} has dtype {value.dtype}; it must be float16, bfloat16, float32 or float64 "
            "(dequantise a quantised head, or leave the fused loss off)"
        )


def check_device(name: str, value: Tensor, other: Tensor) -> None:
    """Raise unless both tensors are on one device.

    Raises:
        ValueError: names both devices.
    """
    if value.device != other.device:
        raise ValueError(f"{name} is on {value.device} but weight is on {other.device}; move one")


def check_inputs(hidden: Tensor, targets: Tensor, head: Head) -> None:
    """Raise unless hidden states and targets fit each other and the head.

    Raises:
        ValueError: a shape, a device or a target; the message names it.
        TypeError: a dtype.
    """
    check_floating("hidden", hidden)
    if hidden.dim() != 2 or hidden.shape[1] != head.width:
        raise ValueError(
            f"hidden has shape {tuple(hidden.shape)}; with a weight of "
            f"{tuple(head.weight.shape)} it must be (tokens, {head.width})"
        )
    check_device("hidden", hidden, head.weight)
    if not isinstance(targets, Tensor) or targets.dtype not in (torch.int64, torch.int32):
        kind = targets.dtype if isinstance(targets, Tensor) else type(targets).__name__
        raise TypeError(f"targets are {kind}; they must be a tensor of int64 or int32 token ids")
    if tuple(targets.shape) != (hidden.shape[0],):
        raise ValueError(
            f"targets have shape {tuple(targets.shape)}; with hidden states of "
            f"{tuple(hidden.shape)} they must be ({hidden.shape[0]},)"
        )
    check_device("targets", targets, head.weight)


def check_range(low: int, high: int, head: Head) -> None:
    """Raise unless targets, whose least and greatest are given, are in the vocabulary.

    Raises:
        ValueError: names both and the vocabulary.
    """
    if low < 0 or high >= head.vocabulary:
        raise ValueError(
            f"targets range from {low} to {high}, but the vocabulary is {head.vocabulary}: "
            "ids must be in [0, vocabulary) (leave ignored positions such as -100 out)"
        )
