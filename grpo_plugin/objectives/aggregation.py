"""How token losses become one number: what each live token weighs.

A loss is Σ_t w_t L_t. The weights depend on the mask and the window's counts only, never on
log-probs, so they are known before the model runs. W is the number of processes (whose gradients
are averaged), N the completions and M the live tokens of the window (see `Batch`).
"""

from __future__ import annotations

from enum import Enum

import torch
from torch import Tensor

from grpo_plugin.batch import Batch


class Aggregation(str, Enum):
    """Each member gives w_t for a live token of completion i; masked tokens weigh nothing."""

    SEQUENCE_MEAN = "sequence_mean"
    """W / (N |o_i|): mean over the tokens of a completion, then over completions (GRPO)."""
    SEQUENCE_SUM = "sequence_sum"
    """W / N: sum over the tokens of a completion, mean over completions (REINFORCE, LUSPO)."""
    FIXED_LENGTH = "fixed_length"
    """W / (N · max_length): a constant in place of |o_i| (Dr. GRPO)."""
    TOKEN_MEAN = "token_mean"  # noqa: S105 - a unit of text
    """W / M: every token of the window weighs the same (DAPO)."""
    TOKEN_SUM = "token_sum"  # noqa: S105 - a unit of text
    """W: the sum over all tokens of the window, divided by nothing (Tinker, verl, prime-rl)."""
    MICRO_BATCH_TOKEN_MEAN = "micro_batch_token_mean"  # noqa: S105 - a unit of text
    """1 / (live tokens of this micro-batch · accumulation): couples a micro-batch (BNPO)."""


def aggregation_weights(batch: Batch, how: Aggregation) -> Tensor:
    """(B, T): what each token's loss weighs in the scalar loss.

    Raises:
        ValueError: Dr. GRPO without `batch.max_length`.
    """
    live = batch.live.to(batch.advantages.dtype)
    if how is Aggregation.SEQUENCE_MEAN:
        return live / batch.lengths * (batch.world_size / batch.window_sequences)
    if how is Aggregation.SEQUENCE_SUM:
        return live * (batch.world_size / batch.window_sequences)
    if how is Aggregation.FIXED_LENGTH:
        if batch.max_length is None:
            raise ValueError("max_length is missing: a fixed-length mean divides by it; set it")
        return live * (batch.world_size / batch.window_sequences / batch.max_length)
    if how is Aggregation.TOKEN_MEAN:
        return live * (batch.world_size / batch.window_tokens)
    if how is Aggregation.TOKEN_SUM:
        return live * float(batch.world_size)
    return live / (batch.local_tokens * batch.accumulation)


def aggregate(losses: Tensor, batch: Batch, how: Aggregation) -> Tensor:
    """The scalar Σ_t w_t L_t.

    Args:
        losses: (B, T), or (B, 1) for one value shared by the tokens of a completion.
        batch: whose mask and counts give the weights.
        how: see `Aggregation`.
    """
    weights = aggregation_weights(batch, how)
    return (torch.where(batch.live, losses, torch.zeros_like(losses)) * weights).sum()
