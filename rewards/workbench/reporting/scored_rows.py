"""What `rlvr score` wrote, read row by row: the completion, the verdicts and everything else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rewards.columns import GROUP_COLUMNS, KIND_COLUMNS, Role, columns_for, truth
from rewards.completion import completion_text
from rewards.errors import InputError
from rewards.text.shorten import shorten
from rewards.verdict import Status
from rewards.workbench.benchmarking.intervals import cluster_of
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row
from rewards.workbench.rows.training_logs import logged_verdicts
from rewards.workbench.scoring.completion_lists import unfold_named

ID_COLUMN = "id"
_PROGRESS_ROWS = 1000
OnProgress = Callable[[int, int], None]
_GROUP_CHARACTERS = 80
_LARGEST_SCORE = 1e100  # sums of squares of larger ones overflow

_STATUSES = frozenset(status.value for status in Status)


@dataclass(frozen=True, kw_only=True)
class ReportColumns:
    """Columns that the user named; `None` or nothing looks for the usual names.

    Attributes:
        completion: with what the model wrote.
        label: with whether the completion is truly correct.
        groups: to group scores by.
        prompt: that tells apart the prompts that completions were sampled for.
    """

    completion: str | None = None
    label: str | None = None
    groups: tuple[str, ...] = ()
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class ScoredVerdict:
    """A verdict as it stands in the file; the score is a usable number or `None`."""

    score: float | None
    status: str
    extracted: str | None
    expected: str | None
    reason: str
    found_in: str | None = None
    basis: str | None = None

    @property
    def is_zero_or_none(self) -> bool:
        """Whether somebody will ask why; not of a penalty that is not due."""
        return not self.score and self.status != Status.SCORED.value


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """One row of a scored file.

    Attributes:
        line: its line in the file, from 1.
        nth: which of the line's completions it is, from 1; 0 where the line has but one.
        prompt: what tells its prompt from others, as a number; `None` where nothing says.
        question: the prompt as text.
        reference: what is right, as text.
        step: of the training run that wrote it.
        text: what the model wrote; `None` if the row has none.
        tokens: how many completion ids there are, or `None`.
        verdicts: by reward.
        truth: whether the completion is truly correct, if the row says so.
        groups: the row's value of each grouping column it has.
        columns: the row as it was read, verdicts included.
    """

    line: int
    text: str | None
    tokens: int | None
    verdicts: dict[str, ScoredVerdict]
    truth: bool | None
    groups: dict[str, str]
    columns: dict[str, object] = field(repr=False)
    nth: int = 0
    prompt: int | None = None
    question: str | None = None
    reference: str | None = None
    step: float | None = None

    @property
    def place(self) -> str:
        """Where it stands in the file: its line, and which of the line's completions it is."""
        return f"{self.line}.{self.nth}" if self.nth else str(self.line)

    @property
    def cluster(self) -> int:
        """A number that the completions of one prompt share."""
        return cluster_of(self.place) if self.prompt is None else self.prompt

    @property
    def length(self) -> int | None:
        """How long the completion is: in tokens if they are there, or else in characters."""
        if self.tokens is not None:
            return self.tokens
        return None if self.text is None else len(self.text)

    def is_false(self, reward: str) -> bool:
        """Whether a reward judged against the label.

        `correct` is a positive verdict, `scored` (how much, not whether) none, and every other one
        that carries a number a negative one.
        """
        verdict = self.verdicts.get(reward)
        if verdict is None or verdict.score is None or self.truth is None:
            return False
        if verdict.status == Status.SCORED.value:
            return False
        return (verdict.status == Status.CORRECT.value) is not self.truth


def read_scored(
    path: Path, named: ReportColumns, on_progress: OnProgress | None = None
) -> Iterator[ScoredRow | str]:
    """The rows of a scored file in order; what is wrong with one, in words, in place of it.

    Args:
        path: the file.
        named: columns that the user named.
        on_progress: called now and then with the bytes that were read, and all there are.

    Raises:
        DataFileError: the file cannot be read.
    """
    with open_rows(path) as rows:
        for number, raw in enumerate(rows, start=1):
            if on_progress is not None and number % _PROGRESS_ROWS == 0:
                on_progress(rows.locate(number), rows.size_bytes)
            columns = parse_row(raw)
            if isinstance(columns, str):
                yield f"line {raw.line}: {columns}"
            else:
                each = unfold_named(columns, named.completion)
                for nth, one in enumerate(each, start=1):
                    yield understand_row(raw.line, nth if len(each) > 1 else 0, one, named)


def as_text(value: object) -> str:
    """A value of a row as one would write it: strings as they are, the rest as JSON.

    >>> as_text("a"), as_text([1, None])
    ('a', '[1, null]')
    """
    if isinstance(value, str):
        return value
    if type(value) is int and abs(value) < 2**63:
        return str(value)  # as JSON has it, at a tenth of the cost
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:  # it could just be read
        return "(nested too deeply to be shown)"


def understand_row(
    line: int, nth: int, columns: dict[str, object], named: ReportColumns
) -> ScoredRow:
    """A row as its columns say; see `ScoredRow` for what `line` and `nth` are."""
    verdicts = {
        name: _verdict(value)
        for name, value in columns.items()
        if isinstance(value, dict) and _is_verdict(value)
    }
    verdicts |= {
        name: _verdict(value)
        for name, value in logged_verdicts(columns).items()
        if name not in verdicts
    }
    ids = columns.get("completion_ids")
    key = _prompt_key(columns, named.prompt)
    if key is None and nth:
        key = f"line {line}"
    return ScoredRow(
        line=line,
        nth=nth,
        prompt=None if key is None else cluster_of(key),
        question=_text_of(Role.PROMPT, columns),
        reference=_text_of(Role.REFERENCE, columns),
        step=usable_score(columns.get("step")),
        text=_completion(columns, named.completion),
        tokens=len(ids) if isinstance(ids, list) else None,
        verdicts=verdicts,
        truth=truth(columns, named.label),
        groups={
            name: shorten(as_text(columns[name]), _GROUP_CHARACTERS)
            for name in (named.groups or KIND_COLUMNS)
            if name in columns and name not in verdicts
        },
        columns=columns,
    )


def _is_verdict(value: dict[str, object]) -> bool:
    status = value.get("status")
    return "score" in value and isinstance(status, str) and status in _STATUSES


def _verdict(value: dict[str, object]) -> ScoredVerdict:
    extracted, expected, reason = (value.get(name) for name in ("extracted", "expected", "reason"))
    return ScoredVerdict(
        score=usable_score(value["score"]),
        status=str(value["status"]),
        extracted=None if extracted is None else as_text(extracted),
        expected=None if expected is None else as_text(expected),
        reason="" if reason is None else as_text(reason),
        found_in=_word(value.get("found_in")),
        basis=_word(value.get("basis")),
    )


def _word(value: object) -> str | None:
    return shorten(value, _GROUP_CHARACTERS) if isinstance(value, str) else None


def _prompt_key(columns: Mapping[str, object], named: str | None) -> str | None:
    """What tells the row's prompt from others: a named column, a group's, or the prompt itself."""
    names = (named,) if named else (*GROUP_COLUMNS, *columns_for(Role.PROMPT, columns))
    for name in names:
        if columns.get(name) is not None:
            return f"{name}: {as_text(columns[name])}"
    return None


def _text_of(role: Role, columns: Mapping[str, object]) -> str | None:
    for name in columns_for(role, columns):
        value = columns[name]
        if value is not None:
            return _as_said(value)
    return None


def _as_said(value: object) -> str:
    try:
        return completion_text(value).text
    except InputError:  # neither text nor messages: shown as it stands
        return as_text(value)


def usable_score(value: object) -> float | None:
    """A number that can be summed; `None` of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) <= _LARGEST_SCORE else None  # NaN is not


def _completion(columns: Mapping[str, object], named: str | None) -> str | None:
    for name in columns_for(Role.COMPLETION, columns, column=named):
        value = columns[name]
        if value is not None:
            return _as_said(value)
    raw = columns.get("raw")  # what `score` writes of a line that it could not read
    return raw if isinstance(raw, str) and columns.get("error") is not None else None
