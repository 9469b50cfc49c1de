"""What every reward shares: one completion judged, a batch judged, TRL's calling convention."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import ClassVar

from rewards.batch import ReadsColumns, is_column, is_missing
from rewards.columns import without_arrays
from rewards.completion import completion_text
from rewards.errors import InputError
from rewards.logs import LogExtra, LogMetric, log_verdicts, warn_once
from rewards.options import naming_misfits
from rewards.sample import Sample
from rewards.text.shorten import shorten_repr
from rewards.verdict import Stage, Status, Verdict

__all__ = ["Reward", "Sample", "is_column", "warn_once"]

# What `Sample(…)` does at three times the price: every row of a batch becomes one.
_new = tuple.__new__


@dataclass(frozen=True, kw_only=True)
class Reward(ReadsColumns, ABC):
    """A verifier with TRL's batch calling convention.

    A subclass is a frozen dataclass whose fields are its options. It gives `name` a default, sets
    `role` to what it needs from the row (`Role.REFERENCE` or `Role.TESTS` of `rewards.columns`;
    `None` for the completion alone) and implements `judge`. Everything else (columns, text of a
    completion, failures, logging) happens here, once. `also_reads` names further columns that the
    reward looks at where a row has them: they come as `Sample.row`.

    Attributes:
        name: what the trainer and result files call it.
        column: the dataset column to read the reference from; by default the first known name.
        logs: what a trainer's logs get: "all" for what was extracted, what was expected and the
            reason in columns of their own and the share of every status; "reason" for one column
            with status and reason, and the shares of the statuses that were seen so far.
    """

    logs: str = "all"

    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    """The lowest and the highest score there can be."""
    compares_completions: ClassVar[bool] = False
    """Whether a verdict depends on the prompt's other completions in the batch."""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if "__post_init__" in vars(cls):
            cls.__post_init__ = naming_misfits(vars(cls)["__post_init__"])  # type: ignore[attr-defined]

    @property
    def __name__(self) -> str:
        return self.name

    @abstractmethod
    def judge(self, sample: Sample) -> Verdict:
        """Judge one completion. May raise: the caller turns it into an `ERROR` verdict."""

    def stages(self, sample: Sample) -> list[Stage]:
        """The steps that lead from the completion to the verdict.

        Only for people to read: `rlvr explain` shows them between the completion's text and what
        the verdict itself says. Here the parts of the completion that a reward may look at.
        """
        own = sample.own_turn
        stages = [] if own == sample.completion else [Stage("own turn", own)]
        answer = sample.answer_part()
        if answer is None:
            return [*stages, Stage("answer part", "none: the reasoning never ends")]
        return stages if answer == own else [*stages, Stage("answer part", answer)]

    def warm_up(self) -> None:
        """Start what the first verdict would wait for, such as workers; does nothing by default.

        A trainer calls it when it is made, so that the first step does not pay for it.
        """

    def judge_many(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Judge samples, in order. A reward with workers overrides this to use them together."""
        return [self._judge_safely(sample) for sample in samples]

    def same_answer(self, one: str, other: str) -> bool:
        """Whether two answers, as verdicts show them, say the same; for counting votes."""
        return one == other

    def verify(
        self,
        completion: object,
        reference: object = None,
        *,
        prompt: object = None,
        completion_ids: Sequence[int] | None = None,
        **row: object,
    ) -> Verdict:
        """Judge one completion against its reference.

        Args:
            completion: a string, or chat messages.
            reference: what is right; leave it out for a reward that needs none.
            prompt: the prompt, where the reward looks at it.
            completion_ids: the completion's token ids, where the reward looks at them.
            **row: cells of other columns that the reward looks at, see `also_reads`.

        Returns:
            The verdict; a failure is recorded in it, never raised.
        """
        return self._judge_batch([completion], [reference], [prompt], [completion_ids], [row])[0]

    def verify_many(
        self,
        completions: Sequence[object],
        references: Sequence[object],
        *,
        prompts: Sequence[object] | None = None,
        completion_ids: Sequence[object] | None = None,
        rows: Sequence[Mapping[str, object]] | None = None,
    ) -> list[Verdict]:
        r"""Judge completions, each against its own reference: `verify` for a batch, in order.

        >>> from rewards import accuracy
        >>> [v.score for v in accuracy.verify_many([r"\boxed{2}", r"\boxed{3}"], ["2", "2"])]
        [1.0, 0.0]

        Args:
            completions: what the model wrote, one a row.
            references: what is right for each.
            prompts: the prompt of each, where the reward looks at it.
            completion_ids: the token ids of each, where the reward looks at them.
            rows: cells of other columns that the reward looks at, see `also_reads`.

        Raises:
            InputError: the lists are not equally long.
        """
        self._check_completions(completions)
        count = len(completions)
        return self._judge_batch(
            completions,
            self._checked_column("references", references, count),
            self._optional_column("prompts", prompts, count),
            self._optional_column("completion_ids", completion_ids, count),
            [{}] * count if rows is None else self._checked_column("rows", rows, count),  # type: ignore[arg-type]
        )

    def verdicts(
        self,
        *,
        completions: Sequence[object],
        prompts: object = None,
        completion_ids: object = None,
        **columns: object,
    ) -> list[Verdict]:
        """Judge a batch given as columns, one verdict per completion, in order.

        Args:
            completions: what the model wrote.
            prompts: the prompts, or `None`.
            completion_ids: the token ids of each completion, or `None`.
            **columns: dataset columns, each as long as `completions`; anything that is not a list
                (a trainer's state, a callback) is ignored.

        Raises:
            InputError: a column this reward reads has another length than `completions`.
            MissingColumnError: no column holds the reference this reward needs.
        """
        self._check_completions(completions)
        count = len(completions)
        if count == 0:
            return []
        return self._judge_batch(
            completions,
            self._references(columns, count),
            self._optional_column("prompts", prompts, count),
            self._optional_column("completion_ids", completion_ids, count),
            self._rows(columns, count),
        )

    def __call__(
        self,
        completions: Sequence[object],
        *,
        prompts: object = None,
        log_extra: LogExtra | None = None,
        log_metric: LogMetric | None = None,
        **columns: object,
    ) -> list[float | None]:
        """Score a batch as TRL's trainers ask for it: one number or `None` per completion.

        TRL names every argument; ms-swift hands the completions over by position.
        `log_extra` gets what was extracted, what was expected and the reason, in columns that
        bear this reward's name; `log_metric` gets the share of each status. See `logs`.

        Raises:
            InputError: `logs` is neither "all" nor "reason".
        """
        if self.logs not in {"all", "reason"}:
            raise InputError(f"{self.name}: logs={self.logs!r}; it takes 'all' or 'reason'")
        verdicts = self.verdicts(completions=completions, prompts=prompts, **columns)
        log_verdicts(
            self.name,
            verdicts,
            reason_only=self.logs == "reason",
            log_extra=log_extra,
            log_metric=log_metric,
        )
        return [v.score for v in verdicts]

    def _judge_batch(
        self,
        completions: Sequence[object],
        references: Sequence[object],
        prompts: Sequence[object],
        ids: Sequence[object],
        rows: Sequence[Mapping[str, object]],
    ) -> list[Verdict]:
        verdicts: list[Verdict | None] = [None] * len(completions)
        samples: list[Sample] = []
        positions: list[int] = []
        lines = zip(completions, references, prompts, ids, rows, strict=True)
        for position, (completion, given, prompt, tokens, row) in enumerate(lines):
            reference, missing = given, False
            if type(given) is not str:  # it is one as a rule
                missing = is_missing(given)
                reference = self.default_reference() if missing else without_arrays(given)
            if missing and self.role is not None and is_missing(reference):
                verdicts[position] = Verdict(
                    None,
                    Status.NOT_APPLICABLE,
                    reason=f"the row has no {self.role.value} for {self.name}",
                )
                continue
            token_ids = tokens if tokens is not None and is_column(tokens) else None
            if isinstance(completion, str):  # the usual case
                text, has_reasoning_field = completion, False
            else:
                try:
                    written = completion_text(completion)
                except InputError as error:
                    verdicts[position] = self._failed(error)
                    continue
                text, has_reasoning_field = written.text, written.has_reasoning_field
            cells = {name: without_arrays(cell) for name, cell in row.items()} if row else row
            sample = (text, reference, prompt, has_reasoning_field, token_ids, cells)
            samples.append(_new(Sample, sample))
            positions.append(position)
        for position, verdict in zip(positions, self.judge_many(samples), strict=True):
            verdicts[position] = verdict
        return [verdict for verdict in verdicts if verdict is not None]

    def _judge_safely(self, sample: Sample) -> Verdict:
        started = perf_counter()
        try:
            verdict = self.judge(sample)
        except Exception as error:  # noqa: BLE001 - one bad row must not end a training run
            verdict = self._failed(error)
        if not isinstance(verdict, Verdict):
            slip = TypeError(f"judge returned {shorten_repr(verdict)}; return a Verdict")
            verdict = self._failed(slip)
        self._warn_of(sample, verdict)
        return replace(verdict, seconds=perf_counter() - started)

    def _warn_of(self, sample: Sample, verdict: Verdict) -> None:
        if verdict.status is Status.BAD_REFERENCE:
            warn_once(
                f"{self.name}: unusable reference {shorten_repr(sample.reference)}: "
                f"{verdict.reason}. Its rows score None."
            )

    def _failed(self, error: Exception) -> Verdict:
        reason = f"{type(error).__name__}: {error}"
        warn_once(f"{self.name} could not judge a completion ({reason}). It scores None.")
        return Verdict(None, Status.ERROR, reason=reason)
