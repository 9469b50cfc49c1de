"""What of a micro-batch enters the model, and what the objective is told about it.

A completion stays out of the model when neither the loss nor its gradient would change:

- it has no token that counts (a truncated completion under `mask_truncated_completions`), or
- its gradient coefficients are exactly zero whatever the log-probs: computed, where they are known
  beforehand (`known_beforehand`: on-policy, no KL), else where all its advantages are zero, there
  is no KL term and the objective declares `zero_without_advantage`.

Nothing is left out where something else needs every completion: a router's auxiliary loss, an
entropy bonus, the entropy quantile, an objective that couples the micro-batch, or inputs that are
not text. Normalisers count the full micro-batch. One completion always remains, because other
processes wait for this one's gradients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.errors import ConfigurationError, UnsupportedTRLError
from grpo_plugin.host import send
from grpo_plugin.loss.weighing import Foresight
from grpo_plugin.objectives import (
    Coupling,
    Objective,
    ObjectiveConfig,
    gradient_coefficient,
    known_beforehand,
)
from grpo_plugin.training.foresight import Foreseen, OnHost
from grpo_plugin.training.plan import TrainingPlan
from grpo_plugin.training.rollout import loss_mask
from grpo_plugin.training.window import Window

ROWS = "rewards", "group"
"""Keys of ours in a generation batch, (n,) each."""

_NEEDED = ("prompt_ids", "prompt_mask", "completion_ids", "completion_mask", "advantages")
_PROMPTS = ("prompt_ids", "prompt_mask")
_COMPLETIONS = (
    "completion_ids",
    "completion_mask",
    "tool_mask",
    "old_per_token_logps",
    "ref_per_token_logps",
    "sampling_per_token_logps",
    "importance_sampling_ratio",
    "advantages",
    "values",
    "returns",
)
TEXT = frozenset({*_PROMPTS, *_COMPLETIONS, *ROWS, "num_items_in_batch"})


@dataclass(frozen=True, kw_only=True, eq=False)
class MicroBatch:
    """The part of a micro-batch that enters the model.

    Attributes:
        inputs: TRL's tensors, of the completions that are kept, without common padding.
        batch: the same for the objective, still without entropy; counts are those of the whole.
        rows: completions of the whole micro-batch.
        positions: completion positions of the whole, padding included.
        attended: (B, P + T) bool on the CPU: tokens that the model is to see.
        foresight: what the CPU knows of the batch.
    """

    inputs: dict[str, Any]
    batch: Batch
    rows: int
    positions: int
    attended: Tensor
    foresight: Foresight


def require_keys(inputs: dict[str, Any]) -> None:
    """Raise where TRL's batch is not what it is in the releases that rlvr supports.

    Raises:
        UnsupportedTRLError: it lacks a key.
    """
    missing = [key for key in _NEEDED if key not in inputs]
    if missing:
        raise UnsupportedTRLError(
            f"TRL's batch has no {', '.join(missing)}; it has {', '.join(sorted(inputs))}. "
            "Install a TRL release that rlvr supports, or leave objective out"
        )


def microbatch(  # noqa: PLR0913 - what decides
    inputs: dict[str, Any],
    plan: TrainingPlan,
    window: Window,
    foreseen: Foreseen,
    *,
    keep_all: bool,
    multiple: int | None,
) -> MicroBatch:
    """Choose what enters the model.

    Args:
        inputs: one micro-batch as TRL hands it to its loss.
        plan: whose objective is set.
        window: where the micro-batch stands.
        foreseen: what the CPU knows of the micro-batches.
        keep_all: something besides the objective needs every completion.
        multiple: completion lengths are kept multiples of this.

    Raises:
        UnsupportedTRLError: TRL's batch lacks a key.
    """
    require_keys(inputs)
    if plan.objective is None:
        raise ValueError("without an objective the loss is TRL's own")
    batch = _corrected(whole_batch(inputs, window), plan)
    host = foreseen.of(inputs)
    stand_in = _stand_in(batch, host)
    weighty = weighty_tokens(plan.objective, stand_in, plan.options)
    attended = torch.cat([host.prompt, host.completion], dim=1)
    live, kept = host.live, inputs
    size, length = live.shape
    text_only = all(key in TEXT for key, value in inputs.items() if value is not None)
    if text_only and plan.skip_dead_completions and not keep_all:
        rows = _contributing(plan.objective, stand_in, plan.options, weighty)
        if not bool(rows.all()):
            rows = _at_least_one(rows, live)
            kept, batch = _select(inputs, batch, rows)
            live, attended = live[rows], attended[rows]
            weighty = None if weighty is None else weighty[rows]
    if text_only and plan.trim_padding:
        stop = _last_written(attended[:, -length:], multiple or 1)
        kept, batch = _trim(kept, batch, stop)
        live, attended = live[:, :stop], attended[:, : attended.shape[1] - length + stop]
        weighty = None if weighty is None else weighty[:, :stop]
    return MicroBatch(
        inputs=kept,
        batch=batch,
        rows=size,
        positions=size * length,
        attended=attended,
        foresight=Foresight(live=live, weighty=weighty),
    )


def contributing(objective: Objective, batch: Batch, options: ObjectiveConfig) -> Tensor:
    """(B,) bool: completions that the loss or its gradient may depend on."""
    settled = objective.settle(options)
    return _contributing(objective, batch, settled, weighty_tokens(objective, batch, settled))


def weighty_tokens(objective: Objective, batch: Batch, options: ObjectiveConfig) -> Tensor | None:
    """(B, T) bool: tokens whose coefficient is not zero, where that is known before the model runs.

    Args:
        objective: any.
        batch: whose log-probs need not be the true ones: only whether there are some counts.
        options: the objective's.
    """
    settled = objective.settle(options)
    coupled = objective.coupling is Coupling.BATCH or settled.entropy_coef != 0
    if coupled or not known_beforehand(objective, batch, settled):
        return None
    anywhere = torch.zeros_like(batch.advantages)
    return gradient_coefficient(objective, anywhere, batch, settled) != 0


def _contributing(
    objective: Objective, batch: Batch, options: ObjectiveConfig, weighty: Tensor | None
) -> Tensor:
    live = batch.live.any(dim=1)
    if objective.coupling is Coupling.BATCH or options.entropy_coef != 0:
        return torch.ones_like(live)
    if weighty is not None:
        return weighty.any(dim=1)
    if options.beta == 0 and objective.zero_without_advantage:
        return (batch.live & (batch.advantages != 0)).any(dim=1)
    return live


def _stand_in(batch: Batch, host: OnHost) -> Batch:
    """The batch on the CPU, as far as it decides what enters the model."""
    advantages = host.advantages
    if advantages.dim() == 1:
        advantages = advantages[:, None].expand(host.live.shape)

    def blank(original: Tensor | None) -> Tensor | None:
        return None if original is None else torch.zeros(host.live.shape, dtype=advantages.dtype)

    return Batch(
        advantages=advantages,
        mask=host.live,
        old_logp=blank(batch.old_logp),
        ref_logp=blank(batch.ref_logp),
        sampling_logp=blank(batch.sampling_logp),
        rewards=host.rewards,
        group=host.group,
        accumulation=batch.accumulation,
        world_size=batch.world_size,
        max_length=batch.max_length,
        seed=batch.seed,
    )


def whole_batch(inputs: dict[str, Any], window: Window) -> Batch:
    """All of a micro-batch, with the counts of its window."""
    mask = loss_mask(inputs)
    advantages = inputs["advantages"]
    if advantages.dim() == 1:
        advantages = advantages[:, None].expand(mask.shape)
    tokens = inputs.get("num_items_in_batch")
    if window.tokens is not None:
        tokens = window.tokens
    elif tokens is not None:  # of the generation batch: the window's share of it
        tokens = tokens * window.accumulation / window.steps_per_generation
    return Batch(
        advantages=advantages,
        mask=mask,
        old_logp=inputs.get("old_per_token_logps"),
        ref_logp=inputs.get("ref_per_token_logps"),
        sampling_logp=inputs.get("sampling_per_token_logps"),
        sampling_ratio=inputs.get("importance_sampling_ratio"),
        rewards=inputs.get("rewards"),
        group=inputs.get("group"),
        token_count=tokens,
        sequence_count=float(mask.shape[0] * window.accumulation * window.world_size),
        accumulation=window.accumulation,
        world_size=window.world_size,
        max_length=window.max_length,
        seed=window.seed,
        local_token_count=mask.sum().clamp(min=1).to(advantages.dtype),
    )


def _corrected(batch: Batch, plan: TrainingPlan) -> Batch:
    """With the sampler correction that was asked for, in place of TRL's."""
    if plan.sampler is None:
        return batch
    if batch.sampling_logp is None:
        raise ConfigurationError(
            "sampler_correction compares the trainer's log-probs with the sampling engine's, and "
            "TRL's batch has none; use vLLM, a rollout_func that returns logprobs, or leave it out"
        )
    if batch.old_logp is None:  # TRL had no need of them: they are the present policy's
        raise ConfigurationError(
            "sampler_correction needs log-probs of the policy that sampled, and TRL's batch has "
            "none; set num_iterations or steps_per_generation so that it makes them"
        )
    return replace(
        batch, sampling_ratio=plan.sampler(batch.old_logp, batch.sampling_logp, batch.mask)
    )


def _at_least_one(rows: Tensor, live: Tensor) -> Tensor:
    """Indices of the rows, or of the shortest one that has a token, where there are none."""
    if bool(rows.any()):
        return rows.nonzero().squeeze(1)
    lengths = live.sum(dim=1)
    return torch.where(lengths > 0, lengths, live.shape[1] + 1).argmin()[None]


def _select(inputs: dict[str, Any], batch: Batch, rows: Tensor) -> tuple[dict[str, Any], Batch]:
    """The micro-batch with these rows alone; `rows` are indices on the CPU."""
    rows = send(rows, batch.mask.device)
    kept = {
        key: value[rows] if isinstance(value, Tensor) and value.dim() > 0 else value
        for key, value in inputs.items()
    }
    return kept, _mapped(batch, lambda value: value[rows])


def _last_written(completion: Tensor, multiple: int) -> int:
    """Columns up to the last that a completion reaches, at least one, a multiple if there is room.

    Padding left of the prompts stays: without it positions would shift, and with them rounding
    (rotary embeddings) or the result itself (learned ones).
    """
    written = completion.any(dim=0)
    last = int(written.nonzero().max()) + 1 if bool(written.any()) else 1
    return min(completion.shape[1], -(-last // multiple) * multiple)


def _trim(inputs: dict[str, Any], batch: Batch, stop: int) -> tuple[dict[str, Any], Batch]:
    """Cut columns on the right."""
    length = batch.mask.shape[1]
    if stop == length:
        return inputs, batch

    def cut(value: Tensor) -> Tensor:
        return value[:, :stop] if value.dim() == 2 and value.shape[1] == length else value

    kept = {
        key: cut(value) if key in _COMPLETIONS and isinstance(value, Tensor) else value
        for key, value in inputs.items()
    }
    return kept, _mapped(batch, cut)


def _mapped(batch: Batch, change: Any) -> Batch:
    tensors = (
        *("advantages", "mask", "old_logp", "ref_logp", "sampling_logp", "sampling_ratio"),
        *("rewards", "group"),
    )
    found = {name: getattr(batch, name) for name in tensors}
    return replace(
        batch, **{name: change(value) for name, value in found.items() if value is not None}
    )
