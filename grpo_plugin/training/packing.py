"""A ragged micro-batch in few full rows: it costs the model its tokens, not its longest row.

Several completions, each with its prompt and without padding, share a row; positions start anew
with each, by which transformers keeps them apart (`position_ids` without an attention mask: a
block-diagonal mask, or variable-length attention where the model has it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from grpo_plugin.errors import UnsupportedHeadError
from grpo_plugin.host import send
from grpo_plugin.loss.output_layer import backbone_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Packed:
    """What the model is given, and where in it the answers are.

    Attributes:
        inputs: `input_ids` and `position_ids` (R, L), and the sequences' limits where attention
            has variable length.
        predicting: (N,) flat positions in (R · L) of what predicts the live tokens, row by row of
            the micro-batch; on the CPU.
        length: L.
    """

    inputs: dict[str, Any] = field(repr=False)
    predicting: Tensor
    length: int


def pack(ids: Tensor, attended: Tensor, live: Tensor, *, in_one_row: bool) -> Packed | None:
    """Pack a micro-batch; `None` where that would save nothing or cannot be done.

    Rows without a live token are left out. A row holds at most as many tokens as the longest
    completion with its prompt, so that attention costs no more than it would in a padded batch.

    Args:
        ids: (B, S) token ids of prompts and completions.
        attended: (B, S) bool on the CPU, tokens that are not padding.
        live: (B, T) bool on the CPU, those of the last T columns whose log-probs are asked for.
        in_one_row: all in a single row, for attention of variable length.
    """
    size, length = attended.shape
    asked = torch.zeros_like(attended)
    asked[:, length - live.shape[1] :] = live
    order = attended.long().cumsum(dim=1) - 1  # place of a token in its own sequence
    if not bool(live.any()) or bool((asked & (~attended | (order < 1))).any()):
        return None  # the first token of all is predicted by nothing
    lengths = (attended.sum(dim=1) * live.any(dim=1)).tolist()
    capacity = sum(lengths) if in_one_row else max(lengths)
    rows = _fill(lengths, capacity)
    width = max(sum(lengths[member] for member in row) for row in rows)
    if len(rows) * width >= size * length:
        return None
    starts = torch.zeros(size, dtype=torch.long)
    sources = torch.zeros(len(rows), width, dtype=torch.long)
    positions = torch.zeros(len(rows), width, dtype=torch.long)
    for index, row in enumerate(rows):
        at = 0
        for member in row:
            count = lengths[member]
            starts[member] = index * width + at
            sources[index, at : at + count] = attended[member].nonzero()[:, 0] + member * length
            positions[index, at : at + count] = torch.arange(count)
            at += count
        positions[index, at:] = torch.arange(width - at)  # what fills the row is apart, too
    where = starts[:, None] + order - 1
    taken = ids.flatten().index_select(0, send(sources.flatten(), ids.device))
    inputs: dict[str, Any] = {
        "input_ids": taken.view(sources.shape),
        "position_ids": send(positions, ids.device),
    }
    if in_one_row:
        ends = [lengths[member] for member in rows[0]]
        limits = torch.tensor([0, *ends]).cumsum(0).to(torch.int32)
        limits = send(limits, ids.device)
        inputs |= {"cu_seq_lens_q": limits, "cu_seq_lens_k": limits}
        inputs |= {"max_length_q": max(ends), "max_length_k": max(ends)}
    return Packed(inputs=inputs, predicting=where[asked], length=width)


def _fill(lengths: list[int], capacity: int) -> list[list[int]]:
    """Indices of what has a length, shared out over rows: first fit, the longest first."""
    rows: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if not lengths[index]:
            continue
        fitting = (row for row, left in enumerate(room) if left >= lengths[index])
        row = next(fitting, len(rows))
        if row == len(rows):
            rows.append([])
            room.append(capacity)
        rows[row].append(index)
        room[row] -= lengths[index]
    return rows


def has_variable_length(model: Any) -> bool:
    """Whether the model's attention takes sequences of any lengths end to end."""
    return "flash" in str(getattr(model.config.get_text_config(), "_attn_implementation", ""))


@torch.no_grad()
def check_packing(model: Any) -> None:
    """Find out whether packed sequences have the hidden states that padded ones have.

    Two sequences are run padded, packed, and one after the other as if they were one: packing must
    come far nearer to the first than the last does.

    Args:
        model: with its weights present and not sharded.

    Raises:
        UnsupportedHeadError: they have others, or the model cannot be run so.
    """
    if hasattr(model, "get_base_model"):
        model = model.get_base_model()
    embeddings = model.get_input_embeddings().weight
    if hasattr(embeddings, "ds_id") or not embeddings.numel() or embeddings.is_meta:
        raise UnsupportedHeadError("the weights are in shards, so that it cannot be tried")
    backbone, device = backbone_of(model), embeddings.device
    ids = torch.arange(8, device=device) % embeddings.shape[0]
    rows = torch.stack([ids[:5], torch.cat([ids[:2], ids[5:]])])
    mask = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]], device=device)
    restarted = torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]], device=device)
    limits: dict[str, Any] = {}
    if has_variable_length(model):
        ends = torch.tensor([0, 5, 8], dtype=torch.int32, device=device)
        limits = {"cu_seq_lens_q": ends, "cu_seq_lens_k": ends}
        limits |= {"max_length_q": 5, "max_length_k": 5}
    run: Callable[..., Tensor] = lambda **given: (  # noqa: E731 - three calls alike
        backbone(use_cache=False, **given).last_hidden_state.double()
    )
    training = model.training
    model.eval()
    try:
        padded = run(input_ids=rows, attention_mask=mask)
        packed = run(input_ids=ids[None], position_ids=restarted, **limits)[0]
        joined = run(input_ids=ids[None], attention_mask=torch.ones_like(ids[None]))[0, 5:]
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise UnsupportedHeadError(
            f"{type(model).__name__} does not run on packed sequences: {error}"
        ) from error
    finally:
        model.train(training)
    wanted = torch.cat([padded[0], padded[1, 2:]])
    apart, mixed = (packed - wanted).abs().max(), (joined - padded[1, 2:]).abs().max()
    rounding = 8 * torch.finfo(embeddings.dtype).eps * wanted.abs().max()
    if not bool(apart <= torch.maximum(mixed / 16, rounding)):
        raise UnsupportedHeadError(
            f"{type(model).__name__} has other hidden states for packed sequences: its positions "
            "are not relative, or its layers do not keep the sequences apart"
        )
