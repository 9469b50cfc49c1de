"""Process supervision inside a training step: TRL's outputs in, (B, T) advantages out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from time import perf_counter
from typing import Any

from torch import Tensor

from grpo_plugin.errors import StepError
from grpo_plugin.steps.cutting import CutCompletion, cut_completions
from grpo_plugin.steps.scoring import Scores, score_steps
from grpo_plugin.steps.supervision import ProcessSupervision
from grpo_plugin.training.metrics import record
from grpo_plugin.training.rollout import loss_mask

_OWN_ARGUMENTS = ("prompt", "completion", "completion_ids", "steps")


@dataclass
class _Journal:
    """What step rewards log, until it is gathered from all processes."""

    extra: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    metrics: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def log_extra(self, column: str, values: Sequence[Any]) -> None:
        self.extra[column].extend(values)

    def log_metric(self, name: str, value: float) -> None:
        self.metrics[name].append(float(value))


@dataclass
class _Report:
    """One process's share of a generation batch, as it is sent to the others."""

    rewards: Scores
    by_function: list[Scores]
    journal: _Journal
    problem: str = ""


def scored_rows(called_with: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Dataset rows with the `prompt`, `completion` and `completion_ids` that were scored.

    Args:
        called_with: the arguments of TRL's `_calculate_rewards`, by name.
    """
    own = zip(
        called_with["inputs"],
        called_with["prompts"],
        called_with["completions"],
        called_with["completion_ids_list"],
        strict=True,
    )
    return [
        {**row, "prompt": prompt, "completion": completion, "completion_ids": ids}
        for row, prompt, completion, ids in own
    ]


def no_outcome(completions: Sequence[Any], **_: Any) -> list[float]:
    """0 for each completion: the outcome reward of a run that has step rewards alone."""
    return [0.0] * len(completions)


def check_process_supervision(trainer: Any, supervision: ProcessSupervision | None) -> None:
    """Raise unless the trainer can take advantages that step rewards give.

    Raises:
        StepError: dynamic sampling is on and there are no outcome rewards for it to look at, or
            the loss is fused by Liger (TRL before 1.0), which takes one advantage per completion.
    """
    if supervision is None:
        return
    if trainer.reward_funcs == [no_outcome] and trainer.plan.dynamic_sampling_rounds:
        raise StepError(
            "dynamic_sampling_rounds replaces groups whose outcome rewards are all equal, and "
            "step_reward_funcs stands alone; add reward_funcs, or set dynamic_sampling_rounds=0"
        )
    if trainer.critic is not None:
        raise StepError(
            "advantage_estimator='gae' takes its advantages from a value model, and "
            "step_reward_funcs would add none to them; leave one of them out"
        )
    if hasattr(trainer, "liger_grpo_loss"):
        raise StepError(
            "use_liger_kernel takes one advantage per completion, and step_reward_funcs gives one "
            "per token; set use_liger_kernel=False"
        )


def supervise_steps(
    trainer: Any,
    supervision: ProcessSupervision,
    rows: Sequence[Mapping[str, Any]],
    tensors: Mapping[str, Any],
    outcome: Tensor,
) -> Tensor:
    """(n, T): the advantages of outcome and steps together, of this process's completions.

    Step rewards are gathered from all processes, as a group may be spread over several, and
    normalised together. A failure in one process is raised in all, so that none waits for it.

    Args:
        trainer: a GRPO trainer of TRL's.
        supervision: the functions and weights.
        rows: this process's completions, see `scored_rows`.
        tensors: their tokens and masks, as `_generate_and_score_completions` returns them.
        outcome: (n,) or (n, T), their advantages from outcome rewards.

    Raises:
        StepError: a splitter or a step reward broke its contract, here or in another process.
    """
    from accelerate.utils import gather_object  # with TRL, never before it

    started = perf_counter()
    live = loss_mask(dict(tensors))
    error: Exception | None = None
    report = _Report([], [], _Journal())
    cuts: list[CutCompletion] = []
    try:
        cuts = cut_completions(
            tensors["completion_ids"],
            live,
            decode=_decoding(trainer),
            splitter=supervision.splitter,
        )
        steps = [list(cut.steps) for cut in cuts]
        arguments = _arguments(trainer, rows, report.journal)
        report.by_function = score_steps(supervision.functions, steps, arguments)
        report.rewards = supervision.combine(report.by_function)
    except Exception as problem:  # noqa: BLE001 - raised below, once every process knows
        error = problem
        report.problem = f"{type(problem).__name__}: {problem}"
    reports: list[_Report] = gather_object([report])
    if error is not None:
        raise error
    for rank, other in enumerate(reports):
        if other.problem:
            raise StepError(f"step rewards failed in process {rank}: {other.problem}")
    rank, size = trainer.accelerator.process_index, len(cuts)
    training = trainer.model.training
    _log(trainer, supervision.names, reports)
    record(trainer, "timing/step_reward_s", perf_counter() - started)
    return supervision.advantages(
        outcome=outcome,
        rewards=[row for other in reports for row in other.rewards],
        own=slice(rank * size, (rank + 1) * size),
        group_size=trainer.num_generations if training else trainer.num_generations_eval,
        cuts=cuts,
        live=live,
    )


def _decoding(trainer: Any) -> Any:
    tokenizer = getattr(trainer.processing_class, "tokenizer", trainer.processing_class)

    def decode(ids: Sequence[int]) -> str:
        return str(
            tokenizer.decode(
                list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    return decode


def _arguments(
    trainer: Any, rows: Sequence[Mapping[str, Any]], journal: _Journal
) -> dict[str, Any]:
    """TRL's keyword arguments of a reward function."""
    columns = [name for name in rows[0] if name not in _OWN_ARGUMENTS]
    arguments: dict[str, Any] = {name: [row[name] for row in rows] for name in columns}
    arguments |= {
        "prompts": [row["prompt"] for row in rows],
        "completions": [row["completion"] for row in rows],
        "completion_ids": [row["completion_ids"] for row in rows],
        "trainer_state": trainer.state,
        "log_extra": journal.log_extra,
        "log_metric": journal.log_metric,
    }
    if getattr(trainer, "environments", None) is not None:
        arguments["environments"] = trainer.environments
    return arguments


def _log(trainer: Any, names: Sequence[str], reports: Sequence[_Report]) -> None:
    """Record metrics and extra columns where TRL keeps its own until it logs."""
    rows = [row for report in reports for row in report.rewards]
    every = [value for row in rows for value in row]
    record(trainer, "steps/count", len(every) / max(len(rows), 1))
    record(trainer, "steps/no_steps", fmean(not row for row in rows))
    if every:
        record(trainer, "steps/unscored", fmean(map(math.isnan, every)))
    for number, name in enumerate(names):
        values = [
            value
            for report in reports
            for row in report.by_function[number]
            for value in row
            if not math.isnan(value)
        ]
        if values:
            record(trainer, f"steps/{name}/mean", fmean(values))
            record(trainer, f"steps/{name}/std", stdev(values) if len(values) > 1 else 0.0)
    for name in sorted({name for report in reports for name in report.journal.metrics}):
        values = [value for report in reports for value in report.journal.metrics.get(name, ())]
        record(trainer, name, fmean(values))
    extra = trainer._logs.get("extra")  # noqa: SLF001 - the completions table; not in every TRL
    if extra is None:
        return
    for column in sorted({name for report in reports for name in report.journal.extra}):
        for report in reports:
            extra[column].extend(report.journal.extra.get(column, [None] * len(report.rewards)))
