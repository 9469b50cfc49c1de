"""As many tokens for each micro-batch of an optimizer step, in all processes.

The slowest process decides how long a step takes, and the longest micro-batch how much memory. The
gradient is a sum over the completions of a step, so they may change places within it.
"""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import Tensor

from grpo_plugin.host import read, send
from grpo_plugin.objectives import Aggregation
from grpo_plugin.objectives.config import EntropyMean
from grpo_plugin.training.microbatch import TEXT, require_keys
from grpo_plugin.training.plan import TrainingPlan
from grpo_plugin.training.resampling import pad_token

logger = logging.getLogger(__name__)

_LEFT_PADDED = ("prompt_ids", "prompt_mask")


def look_ahead(trainer: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Balance and read a generation batch that is new; the micro-batch whose turn it is.

    Args:
        trainer: whose plan has an objective.
        inputs: the micro-batch as TRL chose it.
    """
    parts = trainer._buffered_inputs  # noqa: SLF001 - TRL's name
    if not trainer.model.training or not parts or trainer.foreseen.covers(parts):
        return inputs
    for part in parts:
        require_keys(part)
    if trainer.plan.balance_micro_batches:
        every = trainer.args.gradient_accumulation_steps
        for start in range(0, len(parts), every):
            parts[start : start + every] = _balanced(trainer, parts[start : start + every])
        inputs = parts[trainer._step % trainer.args.steps_per_generation]  # noqa: SLF001
    trainer.foreseen.look(parts)
    return inputs


def balances(plan: TrainingPlan, args: Any) -> bool:
    """Whether completions may change places within an optimizer step; a warning says why not."""
    if not plan.balance_micro_batches or plan.objective is None:
        return False
    own_means = plan.options.aggregation is Aggregation.MICRO_BATCH_TOKEN_MEAN or (
        plan.options.entropy_coef != 0 and plan.options.entropy_mean is not EntropyMean.WINDOW
    )
    reason = ""
    if not plan.objective.splits or own_means:
        reason = f"objective={plan.name!r} depends on which completions share a micro-batch"
    elif args.steps_per_generation % args.gradient_accumulation_steps:
        reason = "an optimizer step takes completions of two generation batches"
    if reason:
        logger.warning("balance_micro_batches is off: %s.", reason)
    return not reason


def share_out(costs: list[int], bins: int) -> list[list[int]]:
    """Indices of the costs in bins of equal number whose sums are about equal.

    The largest goes first, into the bin of the least sum that has a place left. As they lie (in
    order, so many a bin) they stay where that is no worse.
    """
    each = len(costs) // bins
    before = [list(range(start, start + each)) for start in range(0, each * bins, each)]
    made: list[list[int]] = [[] for _ in range(bins)]
    sums = [0] * bins
    for index in sorted(range(each * bins), key=lambda i: (-costs[i], i)):
        place = min((b for b in range(bins) if len(made[b]) < each), key=lambda b: sums[b])
        made[place].append(index)
        sums[place] += costs[index]
    now = max(sum(costs[index] for index in part) for part in before)
    return made if max(sums) < now else before


def _balanced(trainer: Any, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The micro-batches of a window of this process, completions exchanged with the others."""
    if not all(_movable(key, value) for part in parts for key, value in part.items()):
        return parts
    accelerator, keys = trainer.accelerator, [k for k, v in parts[0].items() if _rows(v)]
    mine = {key: torch.cat([part[key] for part in parts]) for key in keys}
    costs = mine["prompt_mask"].sum(dim=1) + mine["completion_mask"].sum(dim=1)
    plan = trainer.plan
    if plan.skip_dead_completions and plan.options.beta == 0 and plan.objective is not None:
        alive = (mine["advantages"] != 0).reshape(len(costs), -1).any(dim=1)
        costs = costs * (alive | (not plan.objective.zero_without_advantage))
    (known,) = read(accelerator.gather(costs))
    count = len(parts) * accelerator.num_processes
    first = accelerator.process_index * len(parts)
    chosen = share_out(known.tolist(), count)[first : first + len(parts)]
    if accelerator.num_processes > 1:
        mine = {key: _everybodys(trainer, key, value) for key, value in mine.items()}
    places = [send(torch.tensor(rows), costs.device) for rows in chosen]
    return [
        part | {key: mine[key].index_select(0, rows) for key in keys}
        for part, rows in zip(parts, places, strict=True)
    ]


def _everybodys(trainer: Any, key: str, value: Tensor) -> Tensor:
    """(N, ...): the rows of all processes, padded to one length."""
    if value.dim() == 2:
        value = trainer.accelerator.pad_across_processes(
            value,
            dim=1,
            pad_index=pad_token(trainer) if key.endswith("_ids") else 0,
            pad_first=key in _LEFT_PADDED,
        )
    gathered: Tensor = trainer.accelerator.gather(value)
    return gathered


def _rows(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dim() > 0


def _movable(key: str, value: Any) -> bool:
    """Text in tensors; what belongs to images is laid out otherwise."""
    return value is None or (key in TEXT and isinstance(value, Tensor))
