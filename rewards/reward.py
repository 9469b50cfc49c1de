"""What every reward shares: one completion judged, a batch judged, TRL's calling convention."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache, wraps
from time import perf_counter
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, TypeGuard

from rewards.columns import Role, columns_for, missing_column, without_arrays
from rewards.completion import completion_text, opens_think_block
from rewards.errors import InputError
from rewards.extraction.tags import after_reasoning
from rewards.extraction.turns import first_turn
from rewards.text.shorten import shorten_repr
from rewards.verdict import Stage, Status, Verdict

LogExtra = Callable[[str, list[object]], None]
LogMetric = Callable[[str, float], None]


class Sample(NamedTuple):
    """One completion with what its dataset row says about it: all that a reward may look at.

    A reward for an answer looks at `answer_part()`, one for the form of a completion at `own_turn`;
    `completion` also holds what a model made up after its turn was over.

    Attributes:
        completion: the text the model wrote (see `rewards.completion`).
        reference: what the row says is right, or `None` for a reward that needs none.
        prompt: the prompt as the dataset holds it.
        has_reasoning_field: the reasoning arrived in a field of its own.
        completion_ids: the completion's token ids, or `None` when nobody gave them.
        row: the row's cells in the columns that the reward's `also_reads` names.
    """

    completion: str
    reference: object = None
    prompt: object = None
    has_reasoning_field: bool = False
    completion_ids: Sequence[int] | None = None
    row: Mapping[str, object] = MappingProxyType({})

    @property
    def own_turn(self) -> str:
        """The completion up to where the model's own turn ends."""
        return first_turn(self.completion)

    def answer_part(self, *, prefilled: bool | None = None) -> str | None:
        """What stands after the reasoning, in the model's own turn; `None`: it never ends.

        `prefilled` says whether the prompt or chat template already opened `<think>`; `None` looks
        at the prompt.

        >>> Sample("<think>hm</think> yes<|im_end|>no").answer_part()
        ' yes'
        >>> Sample("it may be 4", prompt="2+2? <think>").answer_part() is None
        True
        """
        opened = prefilled
        if opened is None:
            opened = self.prompt is not None and opens_think_block(self.prompt)
        return after_reasoning(first_turn(self.completion), opened=opened)


# What `Sample(…)` does at three times the price: every row of a batch becomes one.
_new = tuple.__new__


@dataclass(frozen=True, kw_only=True)
class Reward(ABC):
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

    name: str
    column: str | None = None
    logs: str = "all"

    role: ClassVar[Role | None] = None
    also_reads: ClassVar[tuple[str, ...]] = ()
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    """The lowest and the highest score there can be."""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        # A combination finds its role in its parts, by a property.
        if cls.role is not None and not isinstance(cls.role, Role | property):
            known = ", ".join(f"Role.{role.name}" for role in Role)
            raise InputError(f"{cls.__name__}.role is {cls.role!r}; it takes None or {known}")

        if "__post_init__" in vars(cls):
            cls.__post_init__ = _naming_misfits(vars(cls)["__post_init__"])  # type: ignore[attr-defined]

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

    def warm_up(self) -> None:  # noqa: B027 - most rewards have nothing to start
        """Start what the first verdict would wait for, such as workers; does nothing by default.

        A trainer calls it when it is made, so that the first step does not pay for it.
        """

    def judge_many(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Judge samples, in order. A reward with workers overrides this to use them together."""
        return [self._judge_safely(sample) for sample in samples]

    def same_answer(self, one: str, other: str) -> bool:
        """Whether two answers, as verdicts show them, say the same; for counting votes."""
        return one == other

    def default_reference(self) -> object:
        """What stands for the reference of a row that has none, such as an option; or `None`."""
        return None

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
        short = self.logs == "reason"
        if log_extra is not None and short:
            said = [f"{v.status.value}: {v.reason}" for v in verdicts]
            log_extra(f"{self.name}_reason", list[object](said))
        elif log_extra is not None:
            log_extra(f"{self.name}_extracted", [v.extracted or "" for v in verdicts])
            log_extra(f"{self.name}_expected", [v.expected or "" for v in verdicts])
            log_extra(f"{self.name}_reason", [v.reason for v in verdicts])
        if log_metric is not None and verdicts:
            # Every status, also at zero: TRL averages over the calls that reported a name. Of
            # those that come up later the first average is over fewer calls.
            seen = _statuses_seen.setdefault(self.name, set())
            seen |= {v.status for v in verdicts}
            for status in seen if short else Status:
                share = sum(v.status is status for v in verdicts) / len(verdicts)
                log_metric(f"{self.name}/{status.value}", share)
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
                missing = _is_missing(given)
                reference = self.default_reference() if missing else without_arrays(given)
            if missing and self.role is not None and _is_missing(reference):
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

    def _references(self, columns: Mapping[str, object], count: int) -> Sequence[object]:
        if self.role is None:
            return [None] * count
        lists = {name: value for name, value in columns.items() if is_column(value)}
        names = columns_for(self.role, columns, column=self.column)
        if not names:
            if self.default_reference() is not None:
                return [None] * count
            raise missing_column(self.role, lists, needed_by=self.name, column=self.column)
        found = [self._checked_column(name, columns[name], count) for name in names]
        if len(found) == 1:
            return found[0]
        # Rows of a mixed dataset fill different columns: each takes the first that it fills.
        return [
            next((value for value in row if not _is_missing(value)), None)
            for row in zip(*found, strict=True)
        ]

    def check_columns(self, columns: Mapping[str, object], count: int) -> None:
        """Raise what `verdicts` would raise for these columns of `count` values each."""
        self._references(columns, count)
        self._rows(columns, count)

    def _check_completions(self, completions: object) -> None:
        if not is_column(completions):
            raise InputError(
                f"{self.name}: completions must be a list, not {type(completions).__name__}; "
                "for a single completion use verify(completion, reference)"
            )

    def _rows(self, columns: Mapping[str, object], count: int) -> Sequence[Mapping[str, object]]:
        """Each row's cells in the columns named by `also_reads`."""
        named = (self.column,) if self.column is not None and self.role is None else ()
        read = {
            name: self._checked_column(name, columns[name], count)
            for name in (*self.also_reads, *named)
            if is_column(columns.get(name))
        }
        if not read:
            return [{}] * count
        return [{name: cells[at] for name, cells in read.items()} for at in range(count)]

    def _optional_column(self, name: str, value: object, count: int) -> Sequence[object]:
        return [None] * count if value is None else self._checked_column(name, value, count)

    def _checked_column(self, name: str, value: object, count: int) -> Sequence[object]:
        if not is_column(value):
            raise InputError(
                f"{self.name}: the column {name!r} is a {type(value).__name__}; "
                f"give a list with one value per completion ({count})"
            )
        column: list[object] = list(value)
        if len(column) != count:
            raise InputError(
                f"{self.name}: the column {name!r} has {len(column)} values for {count} "
                "completions; give exactly one per completion"
            )
        return column


_TEXTUAL = re.compile(r"\bstr\b|Literal|Any|object")


def _naming_misfits(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """A `__post_init__` whose `TypeError` becomes one that names the options and what they are."""

    @wraps(check)
    def checked(self: Any) -> None:
        try:
            check(self)
        except TypeError as error:
            given = {field: getattr(self, field.name) for field in fields(self)}
            misfits = [
                f"{field.name}={shorten_repr(value)}"
                for field, value in given.items()
                if (isinstance(value, str) and not _TEXTUAL.search(str(field.type)))
                or (isinstance(field.default, int | float) and not isinstance(value, int | float))
            ]
            named = ", ".join(misfits) or "one of its options"
            raise InputError(
                f"{type(self).__name__}: {named} has the wrong type ({error}); see its docstring"
            ) from error

    return checked


def is_column(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether a keyword holds one value per completion (lists, tuples, arrays; not text)."""
    return (
        hasattr(value, "__len__")
        and hasattr(value, "__getitem__")
        and not isinstance(value, str | bytes | Mapping)
    )


def _is_missing(value: object) -> bool:
    """Whether a cell is empty: `None`, or the NaN that pandas puts in its place."""
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124


_statuses_seen: dict[str, set[Status]] = {}  # by the name under which they are logged


@lru_cache(maxsize=1024)
def warn_once(message: str) -> None:
    """Log a warning, the first time it is given."""
    import logging  # a third of what importing this package would cost

    logging.getLogger(__name__).warning(message)
