"""Per-token log-probs, entropy and the router's loss of a micro-batch, by TRL's forward pass."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_OWN = frozenset({"self", "model", "input_ids", "attention_mask", "logits_to_keep", "batch_size"})


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenLogps:
    """`logp` and `entropy` are (B, T); `auxiliary` is a scalar (mixture of experts) or `None`."""

    logp: Tensor
    entropy: Tensor | None = None
    auxiliary: Tensor | None = None


def token_logps(  # noqa: PLR0913 - what a forward pass can be asked for
    trainer: Any,
    model: Any,
    inputs: dict[str, Any],
    *,
    entropy: bool = True,
    auxiliary: bool = False,
    batch_size: int | None = None,
) -> TokenLogps:
    """Compute log π(o_t | q, o_<t) of the completions' tokens at the sampling temperature.

    Every input that TRL's method has a parameter for (images and the like) is passed on, so new
    ones need nothing here.

    Args:
        trainer: whose `_get_per_token_logps_and_entropies` is called.
        model: the policy as it is wrapped for training, or another.
        inputs: TRL's micro-batch.
        entropy: whether to compute the entropy too.
        auxiliary: and the router's loss.
        batch_size: rows per forward pass; all at once by default.
    """
    method = trainer._get_per_token_logps_and_entropies  # noqa: SLF001 - TRL's hook
    accepted = inspect.signature(method).parameters
    extra = {
        key: value
        for key, value in inputs.items()
        if key in accepted and key not in _OWN and value is not None
    }
    if auxiliary:
        extra["compute_aux_loss"] = True
    if batch_size is not None:
        extra["batch_size"] = batch_size
    found = method(
        model,
        torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1),
        torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1),
        inputs["completion_ids"].size(1),
        compute_entropy=entropy,
        **extra,
    )
    return TokenLogps(
        logp=found[0], entropy=found[1], auxiliary=found[2] if len(found) > 2 else None
    )
