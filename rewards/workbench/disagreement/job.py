"""The whole job: one file, two or more rewards, where they disagree and which one is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from rewards.columns import COLUMN_ALIASES, KIND_COLUMNS, Role, columns_for, truth
from rewards.completion import completion_text
from rewards.errors import InputError
from rewards.text.shorten import shorten, shorten_end
from rewards.verdict import Status
from rewards.workbench.disagreement.decisions import PairCounts, decide, is_right
from rewards.workbench.disagreement.examples import (
    Disagreement,
    ShownDisagreements,
)
from rewards.workbench.disagreement.judged_rows import JudgedRow, read_judged_rows, split_rewards
from rewards.workbench.rows.columns_read import filled_columns
from rewards.workbench.rows.whole_output import WholeOutput
from rewards.workbench.scoring.reward_arguments import read_reward_arguments
from rewards.workbench.scoring.row_columns import NamedColumns
from rewards.workbench.scoring.score import Progress
from rewards.workbench.scoring.written_verdicts import dump_row, read_head, verdict_columns

SHOWN_ERRORS = 10


@dataclass(frozen=True, kw_only=True)
class DisagreementOptions:
    """What to compare, on what.

    Attributes:
        input: a file or folder of rows, scored or not.
        rewards: two or more; each a column of verdicts that is there, or what `rlvr score` takes.
        limit: how many disagreements of each pair to show.
        min_score: the lowest score that passes; `None` asks for the status `correct`.
        output: where all rows with a disagreement go; `None` for nowhere.
        workers: worker processes; `None` for one per usable CPU, 0 to judge in this process.
        named: columns that the user named.
        label_column: the column with the truth; `None` takes `label`, `correct` or `is_correct`
            where it holds truth values.
        kind_column: the column with the kinds; `None` takes `kind`, else `source`.
        overwrite: replace the output when it is there already.
    """

    input: Path
    rewards: Sequence[str]
    limit: int = 20
    min_score: float | None = None
    output: Path | None = None
    workers: int | None = None
    named: NamedColumns = field(default_factory=NamedColumns)
    label_column: str | None = None
    kind_column: str | None = None
    overwrite: bool = False


@dataclass(kw_only=True)
class RewardComparison:
    """How rewards compare.

    Attributes:
        input: the file.
        rewards: their names.
        label_column: where the truth was read, if anywhere.
        kind_column: where the kinds were read, if anywhere.
        pairs: the counts of each two of them.
        shown: of each pair the disagreements to show.
        rows: how many rows there are.
        error_rows: how many of them some reward could not judge.
        errors: "path:line: why" of the first of these.
        labelled_rows: how many rows say whether the completion is right.
        right: on how many of these each reward decides rightly.
        notes: what a user should know of how the output was written.
        columns: which columns were read for what.
    """

    input: Path
    rewards: tuple[str, ...]
    label_column: str | None
    kind_column: str | None
    pairs: list[PairCounts]
    shown: list[list[Disagreement]] = field(default_factory=list)
    rows: int = 0
    error_rows: int = 0
    errors: list[str] = field(default_factory=list)
    labelled_rows: int = 0
    right: Counter[str] = field(default_factory=Counter)
    notes: tuple[str, ...] = ()
    columns: dict[str, str | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """The comparison as plain JSON, for `--json`."""
        return {
            "input": str(self.input),
            "rewards": list(self.rewards),
            "rows": self.rows,
            "error_rows": self.error_rows,
            "errors": list(self.errors),
            "notes": list(self.notes),
            "columns": dict(self.columns),
            "label_column": self.label_column,
            "kind_column": self.kind_column,
            "labelled_rows": self.labelled_rows,
            "right": {label: self.right[label] for label in self.rewards},
            "pairs": [
                counts.to_dict() | {"shown": [one.to_dict() for one in shown]}
                for counts, shown in zip(self.pairs, self.shown, strict=True)
            ],
        }


def compare_rewards(
    options: DisagreementOptions, *, on_progress: Callable[[Progress], None] | None = None
) -> RewardComparison:
    """Judge a file with several rewards, or take the verdicts it holds, and compare each two.

    Memory does not grow with the file.

    Raises:
        InputError: something in the options or the file cannot be used.
        KeyboardInterrupt: interrupted; nothing is left behind.
    """
    rewards = read_reward_arguments(options.rewards, least=2)
    head = read_head(options.input, options.named.completion)
    read, judge = split_rewards(options.input, rewards, verdict_columns(head))
    labels = tuple(one.label for one in rewards)
    comparison = RewardComparison(
        input=options.input,
        rewards=labels,
        label_column=_label_column(options, head),
        kind_column=_kind_column(options, head),
        pairs=[PairCounts(first=one, second=other) for one, other in combinations(labels, 2)],
    )
    comparison.columns |= filled_columns(head, {Role.COMPLETION: options.named.completion})
    shown = [ShownDisagreements(options.limit) for _ in comparison.pairs]
    with ExitStack() as stack:
        output = None
        if options.output is not None:
            output = stack.enter_context(
                WholeOutput(options.output, overwrite=options.overwrite, inputs=[options.input])
            )
        rows = stack.enter_context(
            closing(
                read_judged_rows(
                    options.input,
                    read,
                    judge,
                    workers=options.workers,
                    named=options.named,
                    on_progress=on_progress,
                    columns=comparison.columns,
                )
            )
        )
        for row in rows:
            differing = _count(row, comparison, shown, options)
            if output is not None and differing:
                output.write(dump_row(_written_row(row, differing, labels)))
    if output is not None:
        comparison.notes = output.notes
    comparison.shown = [
        one.choose(counts) for one, counts in zip(shown, comparison.pairs, strict=True)
    ]
    return comparison


def _count(
    row: JudgedRow,
    comparison: RewardComparison,
    shown: Sequence[ShownDisagreements],
    options: DisagreementOptions,
) -> list[PairCounts]:
    """Count one row; returns the pairs that disagree on it."""
    right = truth(row.row, comparison.label_column) if comparison.label_column else None
    kind = row.row.get(comparison.kind_column) if comparison.kind_column else None
    kind = None if kind is None else shorten(str(kind))
    comparison.rows += 1
    failed = [v.reason for v in row.verdicts.values() if v.status is Status.ERROR]
    if failed:
        comparison.error_rows += 1
        if len(comparison.errors) < SHOWN_ERRORS:
            comparison.errors.append(f"{options.input}:{row.line}: {failed[0]}")
    if right is not None:
        comparison.labelled_rows += 1
        for label, verdict in row.verdicts.items():
            comparison.right[label] += is_right(decide(verdict, options.min_score), right)
    differing = []
    for counts, held in zip(comparison.pairs, shown, strict=True):
        both = {label: row.verdicts[label] for label in (counts.first, counts.second)}
        if counts.add(*both.values(), kind=kind, truth=right, min_score=options.min_score):
            differing.append(counts)
            if options.limit:
                reference = _first(row.row, Role.REFERENCE, options.named.reference)
                held.add(
                    Disagreement(
                        line=row.line,
                        kind=kind,
                        truth=right,
                        reference=None if reference is None else shorten(str(reference)),
                        ending=_ending(_first(row.row, Role.COMPLETION, options.named.completion)),
                        verdicts=both,
                    ),
                    counts,
                )
    return differing


def _written_row(
    row: JudgedRow, differing: Sequence[PairCounts], labels: Sequence[str]
) -> dict[str, object]:
    return {
        "line": row.line,
        "disagree": [[counts.first, counts.second] for counts in differing],
        "verdicts": {label: row.verdicts[label].to_dict(seconds=False) for label in labels},
        "row": {name: value for name, value in row.row.items() if name not in labels},
    }


def _label_column(options: DisagreementOptions, head: Sequence[Mapping[str, object]]) -> str | None:
    wanted = (options.label_column,) if options.label_column else COLUMN_ALIASES[Role.LABEL]
    for name in wanted:
        if any(truth(row, name) is not None for row in head):
            return name
    if options.label_column:
        raise InputError(
            f"{options.input}: the column {options.label_column!r} holds no truth values in the "
            f"first rows; name one with true and false (columns seen: {_seen(head)})"
        )
    return None


def _kind_column(options: DisagreementOptions, head: Sequence[Mapping[str, object]]) -> str | None:
    wanted = (options.kind_column,) if options.kind_column else KIND_COLUMNS
    for name in wanted:
        if any(isinstance(row.get(name), str | int) for row in head):
            return name
    if options.kind_column:
        raise InputError(
            f"{options.input}: has no kinds in a column {options.kind_column!r} (columns seen: "
            f"{_seen(head)})"
        )
    return None


def _seen(head: Sequence[Mapping[str, object]]) -> str:
    return ", ".join(dict.fromkeys(name for row in head for name in row)) or "none"


def _first(row: Mapping[str, object], role: Role, column: str | None) -> object:
    names = columns_for(role, row, column=column)
    return next((row[name] for name in names if row[name] is not None), None)


def _ending(completion: object) -> str:
    try:
        return shorten_end(completion_text(completion).text)
    except InputError:
        return ""
