"""What an objective is told about a micro-batch of completions, besides the policy's log-probs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

_PER_TOKEN = (
    "advantages",
    "mask",
    "old_logp",
    "ref_logp",
    "sampling_logp",
    "sampling_ratio",
    "policy_weight",
    "entropy",
)
_PER_ROW = ("rewards", "group")


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """B completions of at most T tokens, as one process sees them in one micro-batch.

    Log-probs are natural logarithms of the probability of the sampled token. What stands at
    positions outside the mask is never read: it may be NaN.

    The counts let a loss be summed over micro-batches and averaged over processes (which is what
    gradient accumulation and data-parallel training do) and come out as one mean over the *window*,
    i.e. everything that goes into one optimizer step, in all processes together.

    Attributes:
        advantages: (B, T), one per token; the same along a row for outcome supervision.
        mask: (B, T), bool, integer or float; true where a token was written by the policy and
            counts (padding, tool output and overlong completions do not).
        old_logp: (B, T), under the policy that π_θ is compared with (π_old). `None` when that is
            the present policy: the ratio is then 1, with the gradient of log π_θ.
        ref_logp: (B, T), under the frozen reference; needed by a KL term in the loss and by DPO.
        sampling_logp: (B, T), as the sampling engine reported them, where it differs from π_old.
        sampling_ratio: (B, T) or (B, 1), a constant factor on the policy term (not on the KL)
            that corrects for a sampler that is not π_old; see `sampler_correction`.
        policy_weight: (B, T), a further constant factor on the policy term, e.g. 1 at tokens of
            high entropy and 0 elsewhere.
        entropy: (B, T), of the policy's distribution at each token, with its gradient, in nats.
        rewards: (B,), NaN where no reward applied.
        group: (B,), integers; completions of the same prompt share one.
        token_count: live tokens in the window. By default this micro-batch's times `accumulation`
            times `world_size`.
        sequence_count: completions in the window, masked ones included. By default B times
            `accumulation` times `world_size`.
        accumulation: micro-batches in the window, per process.
        world_size: processes over which gradients are averaged.
        max_length: the largest completion length, in tokens, that sampling allows (Dr. GRPO).
        seed: makes the random choice of an objective that has one; vary it from step to step.
        local_token_count: live tokens of the micro-batch this is a part of, set by `rows`.
        local_weight_sum: the same with each token counted `policy_weight` times.

    Raises:
        ValueError: a shape, dtype or device does not fit; the message names the field.
    """

    advantages: Tensor
    mask: Tensor
    old_logp: Tensor | None = None
    ref_logp: Tensor | None = None
    sampling_logp: Tensor | None = None
    sampling_ratio: Tensor | None = None
    policy_weight: Tensor | None = None
    entropy: Tensor | None = None
    rewards: Tensor | None = None
    group: Tensor | None = None
    token_count: float | Tensor | None = None
    sequence_count: float | Tensor | None = None
    accumulation: int = 1
    world_size: int = 1
    max_length: int | None = None
    seed: int = 0
    local_token_count: float | Tensor | None = None
    local_weight_sum: float | Tensor | None = None

    def __post_init__(self) -> None:
        if self.mask.dim() != 2:
            raise ValueError(f"mask has shape {tuple(self.mask.shape)}; it must be (B, T)")
        for name in (*_PER_TOKEN, *_PER_ROW):
            if getattr(self, name) is not None:
                _check_tensor(name, getattr(self, name), self.mask)
        for name in ("accumulation", "world_size", "max_length"):
            count = getattr(self, name)
            if count is not None and count < 1:
                raise ValueError(f"{name} is {count}; it must be at least 1")

    @property
    def live(self) -> Tensor:
        """(B, T) bool: the tokens that count."""
        return self.mask if self.mask.dtype == torch.bool else self.mask != 0

    @property
    def lengths(self) -> Tensor:
        """(B, 1): live tokens per row, at least 1 so that it can divide."""
        return self.live.sum(dim=1, keepdim=True).clamp(min=1).to(self.advantages.dtype)

    @property
    def local_tokens(self) -> float | Tensor:
        """Live tokens of the whole micro-batch, at least 1."""
        if self.local_token_count is not None:
            return self.local_token_count
        return self.live.sum().clamp(min=1).to(self.advantages.dtype)

    @property
    def local_weight(self) -> float | Tensor:
        """`local_tokens`, each counted `policy_weight` times where that is given; at least 1."""
        if self.policy_weight is None:
            return self.local_tokens
        if self.local_weight_sum is not None:
            return self.local_weight_sum
        weight = torch.where(self.live, self.policy_weight, torch.zeros_like(self.policy_weight))
        return weight.sum().clamp(min=1)

    @property
    def window_tokens(self) -> float | Tensor:
        """Live tokens in the window, over all processes, at least 1."""
        count = self.token_count
        if count is None:
            return self.local_tokens * self.accumulation * self.world_size
        return count.clamp(min=1) if isinstance(count, Tensor) else max(count, 1.0)

    @property
    def window_sequences(self) -> float | Tensor:
        """Completions in the window, over all processes, at least 1."""
        count = self.sequence_count
        if count is None:
            return float(max(self.mask.shape[0], 1) * self.accumulation * self.world_size)
        return count.clamp(min=1) if isinstance(count, Tensor) else max(count, 1.0)

    def masked(self) -> Batch:
        """The same batch with every per-token value outside the mask replaced by zero."""
        live = self.live
        cleaned: dict[str, Any] = {"mask": live}
        for name in _PER_TOKEN:
            value = getattr(self, name)
            if name != "mask" and value is not None and value.shape == live.shape:
                cleaned[name] = torch.where(live, value, torch.zeros_like(value))
        return replace(self, **cleaned)

    def rows(self, start: int, stop: int) -> Batch:
        """Rows `start` to `stop` (exclusive) as a part of this micro-batch, all counts kept.

        The losses of the parts sum to the loss of the whole for every objective that does not
        couple rows, BNPO included (which a true split into micro-batches would change).
        """
        if not 0 <= start < stop <= self.mask.shape[0]:
            raise ValueError(f"rows {start} to {stop} of a batch of {self.mask.shape[0]}")
        kept: dict[str, Any] = {
            "token_count": self.window_tokens,
            "sequence_count": self.window_sequences,
            "local_token_count": self.local_tokens,
            "local_weight_sum": self.local_weight,
        }
        for name in (*_PER_TOKEN, *_PER_ROW):
            value = getattr(self, name)
            if value is not None:
                kept[name] = value[start:stop]
        return replace(self, **kept)


def _check_tensor(name: str, value: object, mask: Tensor) -> None:
    """Raise unless a field of the batch fits the mask's shape and device, and has its dtype."""
    if not isinstance(value, Tensor):
        raise ValueError(f"{name} is a {type(value).__name__}; it must be a tensor")  # noqa: TRY004
    size, length = mask.shape
    shapes: list[tuple[int, ...]] = [(size,)] if name in _PER_ROW else [(size, length)]
    if name == "sampling_ratio":
        shapes.append((size, 1))
    if tuple(value.shape) not in shapes:
        hint = ""
        if name == "advantages" and tuple(value.shape) == (size,):
            hint = "; for one advantage per completion give a[:, None].expand_as(mask)"
        raise ValueError(
            f"{name} has shape {tuple(value.shape)}; with a mask of {(size, length)} it must be "
            f"{' or '.join(map(str, shapes))}{hint}"
        )
    if value.device != mask.device:
        raise ValueError(f"{name} is on {value.device} but mask is on {mask.device}; move one")
    if name == "group" and (value.is_floating_point() or value.dtype == torch.bool):
        raise ValueError(f"group has dtype {value.dtype}; give integer ids, equal within a group")
    if name not in ("group", "mask") and not value.is_floating_point():
        raise ValueError(f"{name} has dtype {value.dtype}; it must be floating point")
