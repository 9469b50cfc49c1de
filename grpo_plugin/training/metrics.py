"""What the trainer logs, under which names.

With an objective of ours, per micro-batch, over all processes, averaged over the logging window:

| name                       | meaning                                                          |
|----------------------------|------------------------------------------------------------------|
| `objective`                | what is maximised: minus the loss, accumulation undone           |
| `kept_completions`         | share of completions that entered the model; all names below are |
|                            | computed on those                                                |
| `kept_tokens`              | live tokens that did, as a share of all completion positions     |
| `ratio/min` … `ratio/max`  | and `q01`, `q50`, `q99`: quantiles of π_θ/π_old (the quantiles   |
|                            | between are means over processes)                                |
| `clip/low`, `clip/high`    | share held back by the clip: A < 0 below, A > 0 above            |
| `ratio_overflow`           | log-ratios beyond `log_ratio_cap`, a count                       |
| `kl_overflow`              | log π_ref − log π_θ beyond it, a count                           |
| `kl/k1`, `k2`, `k3`, `abs` | mean over tokens of each estimate of KL(π_θ‖π_ref)               |
| `kl/coefficient`           | the KL coefficient that was in force, where there is one         |
| `entropy`                  | mean over tokens, in nats; with the fused loss, that of the      |
|                            | micro-batches of logged steps only                               |

Per generation batch:

| name                               | meaning                                                  |
|------------------------------------|----------------------------------------------------------|
| `dead_groups`                      | share of groups whose rewards are all equal, as trained  |
| `dynamic_sampling/rounds`          | rounds of refilling, where it is on                      |
| `dynamic_sampling/refilled_groups` | groups that were replaced                                |

Always, wall seconds: `timing/reward_s` and `timing/generation_s` per generation batch (waiting for
other processes included), `timing/loss_s` per micro-batch (forward pass and loss, no backward).
TRL's names of what its loss logs stay beside ours (`grpo_plugin.training.trl_metrics`). TRL adds
those of a generation batch, and each reward of ours the rate of each status (`accuracy/correct`).

What is measured in a micro-batch is gathered over the processes in one collective, and stays on the
device until something is logged: then all of it is read at once.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from accelerate.utils import gather_object
from torch import Tensor

from grpo_plugin.host import read
from grpo_plugin.objectives import ObjectiveConfig, objective_metrics
from grpo_plugin.training.loss import PolicyLoss
from grpo_plugin.training.microbatch import MicroBatch
from grpo_plugin.training.rollout import Rollout
from grpo_plugin.training.trl_metrics import trl_metrics

_EVEN = ("objective", "kept_tokens", "kept_completions", "value_loss")
"""Means in which every process weighs the same."""
_MOST_WAITING = 256  # micro-batches whose figures wait, where nothing is ever logged
_COUNTS = ("ratio_overflow", "kl_overflow")
_TOTAL, _COUNT = "total of ", "count of "
"""Prefixes of what is divided once it is summed over processes."""
_LOWEST = ("ratio/min", "clip_ratio/low_min")
_HIGHEST = ("ratio/max", "clip_ratio/high_max")


def record(trainer: Any, name: str, value: float) -> None:
    """Add one value to TRL's averages; NaN, which stands for nothing to measure, is left out."""
    if value == value:  # noqa: PLR0124 - not NaN
        mode = "train" if trainer.model.training else "eval"
        trainer._metrics[mode][name].append(value)  # noqa: SLF001 - where TRL collects them


def record_rollout(trainer: Any, rollout: Rollout, rounds: int) -> None:
    """The metrics of a generation batch."""
    dead = rollout.dead(every_reward=trainer.plan.every_reward)
    record(trainer, "dead_groups", float(dead.float().mean()))
    if trainer.plan.dynamic_sampling_rounds and trainer.model.training:
        record(trainer, "dynamic_sampling/rounds", float(rounds))
        record(trainer, "dynamic_sampling/refilled_groups", float(rollout.refilled))


def show_advantages(trainer: Any, rollout: Rollout, advantages: Tensor) -> None:
    """Put the advantages that are trained with into TRL's table of completions, in place of TRL's.

    An advantage for each token is shown by its mean. Where dynamic sampling replaced groups, the
    table shows the completions that are trained on.
    """
    logs, gather = trainer._logs, trainer.accelerator.gather  # noqa: SLF001 - TRL's table
    if advantages.dim() == 2:
        live = rollout.mask
        advantages = (advantages * live).sum(dim=1) / live.sum(dim=1).clamp(min=1)
    shown = gather(advantages).tolist()
    if rollout.refilled:
        for column, key in (("prompt", "prompt"), ("completion", "completion")):
            logs[column].extend(gather_object([row[key] for row in rollout.rows]))
        for index, name in enumerate(trainer.reward_func_names):
            logs["rewards"][name].extend(rollout.rewards_per_func[:, index].tolist())
        for values in logs.get("extra", {}).values():  # of the completions that were dropped
            values.extend([None] * len(shown))
    else:
        for _ in range(min(len(shown), len(logs["advantages"]))):
            logs["advantages"].pop()
    logs["advantages"].extend(shown)


class Waiting:
    """Figures of micro-batches that nobody has read yet, in training and in evaluation."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[list[str], Tensor]]] = {"train": [], "eval": []}

    def add(self, trainer: Any, figures: dict[str, Tensor], tokens: Tensor) -> None:
        """Keep a micro-batch's, with the number of tokens that their means are over."""
        mine = self._kept["train" if trainer.model.training else "eval"]
        names = sorted(figures)
        wide = torch.float if tokens.device.type == "mps" else torch.double  # no float64 there
        values = [tokens.to(wide), *(figures[name].to(wide) for name in names)]
        # Gathered here, where all processes are: a callback may log in one of them alone.
        table = trainer.accelerator.gather(torch.stack(values))
        mine.append((names, table.view(-1, len(values))))
        if len(mine) >= _MOST_WAITING:
            self.hand_over(trainer)

    def hand_over(self, trainer: Any) -> None:
        """Put them into TRL's averages: one wait for the device."""
        for mode, mine in self._kept.items():
            if not mine:
                continue
            tables = read(*(table for _, table in mine))
            for (names, _), table in zip(mine, tables, strict=True):
                for name, value in _together(names, table).items():
                    trainer._metrics[mode][name].append(value)  # noqa: SLF001 - TRL's averages
            mine.clear()


@torch.no_grad()
def record_loss(
    trainer: Any,
    micro: MicroBatch,
    found: PolicyLoss,
    options: ObjectiveConfig,
    *,
    value_loss: Tensor | None = None,
) -> None:
    """The metrics of a micro-batch."""
    batch = replace(found.batch, rewards=None, group=None)  # dead groups: see `record_rollout`
    local = objective_metrics(trainer.plan.objective, found.logp, batch, options)
    tokens = batch.live.sum().float()
    local["kept_tokens"] = tokens / micro.positions
    local["kept_completions"] = torch.full_like(tokens, batch.mask.shape[0] / micro.rows)
    local["objective"] = -found.value * batch.accumulation
    if value_loss is not None:
        local["value_loss"] = value_loss
    theirs = trl_metrics(trainer, micro, found, options)
    for name, total in theirs.totals.items():
        local[_TOTAL + name], local[_COUNT + name] = total, theirs.counts[name]
    trainer.waiting_metrics.add(trainer, local | theirs.extremes, tokens)
    if options.beta != 0 or trainer.kl_controller.coefficient != 0:
        record(trainer, "kl/coefficient", trainer.kl_controller.coefficient)


def _together(names: list[str], table: Tensor) -> dict[str, float]:
    """Means weighted by live tokens, ratios of sums, sums of counts, extremes of extremes.

    Args:
        names: of what was measured.
        table: (processes, 1 + names) on the CPU: tokens, and the values.
    """
    weight, values = table[:, :1], table[:, 1:]
    known = ~values.isnan() & (weight > 0)
    share = torch.where(known, weight, torch.zeros_like(weight))
    mean = (torch.nan_to_num(values) * share).sum(0) / share.sum(0)
    found = dict(zip(names, mean.tolist(), strict=True))
    for index, name in enumerate(names):
        column = values[:, index]
        if name in _COUNTS or name.startswith((_TOTAL, _COUNT)):
            found[name] = float(column.nansum())
        elif name in _EVEN:
            found[name] = float(column.mean())
        elif name in (*_LOWEST, *_HIGHEST) and bool(known[:, index].any()):
            seen = column[known[:, index]]
            found[name] = float(seen.min() if name in _LOWEST else seen.max())
    for name in [name for name in found if name.startswith(_TOTAL)]:
        own = name.removeprefix(_TOTAL)
        found[own] = found.pop(name) / max(found.pop(_COUNT + own), 1.0)
    return {name: value for name, value in found.items() if math.isfinite(value)}
