"""Scored files in, one HTML page out: the whole job, in two passes over each file at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rewards.errors import DataFileError, InputError
from rewards.verdict import Status
from rewards.workbench.reporting.figures import RunFigures
from rewards.workbench.reporting.listed_rows import RowCutter
from rewards.workbench.reporting.page import PageContent, require_template_engine, write_page
from rewards.workbench.reporting.run_changes import RunChanges, VerdictIndex
from rewards.workbench.reporting.sample import Sample
from rewards.workbench.reporting.scored_rows import (
    ID_COLUMN,
    ReportColumns,
    ScoredRow,
    as_text,
    read_scored,
)

MAX_CHANGED_ROWS = 2000
# Ranks of the sample: false verdicts first (by reward, in the file's order), then failures.
_RANK_FAILED = 10**6
_RANK_REST = _RANK_FAILED + 1


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What to report on, and how much of it.

    Attributes:
        files: scored files; the later ones are compared with the first.
        output: where the page goes.
        named: columns that the user named.
        match: the column that says which rows of two files belong together; `None` takes `id`
            where every file has it, else the prompt, else the row's number.
        max_rows: how many rows the page lists, over all files.
        max_characters: how much of a completion it shows.
        title: the page's title; `None` names the files.
    """

    files: tuple[Path, ...]
    output: Path
    named: ReportColumns = field(default_factory=ReportColumns)
    match: str | None = None
    max_rows: int = 20_000
    max_characters: int = 1500
    title: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReportSummary:
    """What was written.

    Attributes:
        output: the page.
        runs: the figures of each file.
        comparisons: of each later file with the first.
        listed_rows: how many rows the page lists.
    """

    output: Path
    runs: list[RunFigures]
    comparisons: list[RunChanges]
    listed_rows: int

    def to_dict(self) -> dict[str, object]:
        """The summary as plain JSON values."""
        return {
            "output": str(self.output),
            "listed_rows": self.listed_rows,
            "runs": [_run_dict(run) for run in self.runs],
            "comparisons": [_comparison_dict(comparison) for comparison in self.comparisons],
        }


def write_report(options: ReportOptions) -> ReportSummary:
    """Write the report.

    Raises:
        DataFileError: a file cannot be read, or the page cannot be written.
        InputError: a file holds no verdicts, or a named column is nowhere to be found.
        MissingExtraError: Jinja2 is not installed.
    """
    require_template_engine()
    _check_output(options)
    content = _read_files(options)
    write_page(options.output, content)
    return ReportSummary(
        output=options.output,
        runs=content.runs,
        comparisons=content.comparisons,
        listed_rows=len(content.rows),
    )


def _read_files(options: ReportOptions) -> PageContent:
    several = len(options.files) > 1
    match_by = _match_by(options) if several else MatchBy("number")
    names = _run_names(options.files)
    cutter = RowCutter(options.max_characters, options.named.completion)
    content = PageContent(
        title=options.title or "Scores of " + ", ".join(names),
        match=match_by.words,
        max_characters=options.max_characters,
        completion=options.named.completion,
    )
    with VerdictIndex() as index:
        for run, path in enumerate(options.files):
            figures = RunFigures(path, names[run])
            comparison = RunChanges(path, names[run])
            sample: Sample[str] = Sample(max(1, options.max_rows // len(options.files)))
            changed: Sample[tuple[int, str]] = Sample(
                MAX_CHANGED_ROWS // max(1, len(options.files) - 1)
            )
            for row in read_scored(path, options.named):
                if isinstance(row, str):
                    figures.add_flaw(row)
                    continue
                figures.add(row)
                number = figures.rows - 1
                place = sample.place(_rank(row, figures))
                if place is not None:
                    sample.put(place, cutter.listed(row, run, figures))
                if not several:
                    continue
                match = index.add(run, match_by.key(row, number), row, number)
                if run and comparison.add(row, match) and match is not None:
                    place = changed.place(0)
                    if place is not None:
                        changed.put(place, (match.place, cutter.listed(row, run, figures)))
            _check_verdicts(figures, options)
            content.runs.append(figures)
            content.rows += sample.items()
            if run:
                comparison.only_first = content.runs[0].rows - comparison.matched
                comparison.check(options.files[0], match_by.words)
                content.comparisons.append(comparison)
                content.changed += _with_first_sides(
                    options, cutter, changed.items(), content.runs[0]
                )
    return content


def _run_names(paths: Sequence[Path]) -> list[str]:
    """Names that tell the files apart, as short as they can be."""
    for names in ([path.name for path in paths], [str(path) for path in paths]):
        if len(set(names)) == len(names):
            return names
    return [f"{path} ({number})" for number, path in enumerate(paths, start=1)]


def _rank(row: ScoredRow, figures: RunFigures) -> int:
    if row.truth is not None:
        for at, reward in enumerate(figures.rewards):
            if row.is_false(reward):
                return at
    failed = any(v.status == Status.ERROR.value for v in row.verdicts.values())
    return _RANK_FAILED if failed else _RANK_REST


def _with_first_sides(
    options: ReportOptions, cutter: RowCutter, changed: list[tuple[int, str]], first: RunFigures
) -> Iterator[str]:
    """Each changed row with its counterpart, which only a second look at the first file has."""
    wanted = {place for place, _ in changed}
    firsts: dict[int, str] = {}
    if wanted:
        rows = (row for row in read_scored(options.files[0], options.named))
        readable = (row for row in rows if isinstance(row, ScoredRow))
        for place, row in enumerate(readable):
            if place in wanted:
                firsts[place] = cutter.listed(row, 0, first)
                if len(firsts) == len(wanted):
                    break
    for place, after in changed:
        yield f'{{"before":{firsts[place]},"after":{after}}}'


@dataclass(frozen=True)
class MatchBy:
    """What says which rows of two files belong together.

    Attributes:
        kind: `column`, `prompt`, or `number` for the row's number in its file.
        column: the column's name.
    """

    kind: Literal["column", "prompt", "number"]
    column: str = ""

    @property
    def words(self) -> str:
        """The same in words."""
        said = {"prompt": "their prompt", "number": "their number in the file"}
        return said.get(self.kind, f"the column {self.column!r}")

    def key(self, row: ScoredRow, number: int) -> str:
        """What the row shares with those that belong to it."""
        if self.kind == "column":
            return as_text(row.columns.get(self.column))
        return str(number if self.kind == "number" else row.prompt)


def _match_by(options: ReportOptions) -> MatchBy:
    """The named column; else `id`, else the prompt, where every file's first row has it."""
    firsts = []
    for path in options.files:
        rows = read_scored(path, options.named)
        firsts.append(next((row for row in rows if isinstance(row, ScoredRow)), None))
    if options.match is not None:
        for path, first in zip(options.files, firsts, strict=True):
            if first is None or options.match not in first.columns:
                seen = ", ".join(first.columns) if first else "none"
                raise InputError(
                    f"{path}: has no column {options.match!r} to match rows by. Columns seen: "
                    f"{seen}. Name another one with --match, or leave it out to match by prompt"
                )
        return MatchBy("column", options.match)
    if all(first is not None and ID_COLUMN in first.columns for first in firsts):
        return MatchBy("column", ID_COLUMN)
    if all(first is not None and first.prompt is not None for first in firsts):
        return MatchBy("prompt")
    return MatchBy("number")


def _check_verdicts(figures: RunFigures, options: ReportOptions) -> None:
    if not figures.rewards:
        broken = f" ({figures.flaws[0]})" if figures.flaws else ""
        raise InputError(
            f"{figures.path}: holds no verdicts{broken}; score it first: rlvr score "
            f"{figures.path} --reward accuracy --output SCORED.jsonl"
        )
    for name in options.named.groups:
        if name not in figures.groups:
            raise InputError(
                f"{figures.path}: no row has the column {name!r} to group by; name another one "
                "with --by"
            )
    if options.named.completion is not None and not figures.lengths["characters"]:
        raise InputError(
            f"{figures.path}: no row has the column {options.named.completion!r} with a "
            "completion; name another one with --completion-column"
        )
    if options.named.label is not None and not figures.labelled:
        raise InputError(
            f"{figures.path}: no judged row has true or false in the column "
            f"{options.named.label!r}; name another one with --label-column"
        )


def _check_output(options: ReportOptions) -> None:
    output = options.output
    if not output.parent.is_dir():
        raise DataFileError(f"{output.parent}: no such folder; create it first (mkdir -p)")
    if output.is_dir():
        raise DataFileError(f"{output}: is a directory; name a file in it for --output")
    if not output.exists():
        return
    if not output.is_file():
        raise DataFileError(f"{output}: is no place for a file; name a file for --output")
    try:
        with output.open("rb") as file:
            start = file.read(64).lstrip().lower()
    except OSError as error:
        raise DataFileError(f"{output}: may not be read: {error.strerror or error}") from None
    # A report is quickly made again and may be replaced; anything else stays.
    if start and not start.startswith(b"<!doctype html"):
        raise DataFileError(
            f"{output}: exists and is no HTML page; name another file for --output, or remove it"
        )


def _run_dict(run: RunFigures) -> dict[str, object]:
    return {
        "file": str(run.path),
        "rows": run.rows,
        "unreadable_lines": run.unreadable,
        "rewards": {
            reward: {
                "mean": figures.scores.mean,
                "interval": figures.scores.interval,
                "pass_at": {one.k: one.mean for one in figures.prompts.pass_at()},
                "scored": figures.scores.scored,
                "statuses": dict(figures.statuses),
                "labels": figures.confusion.to_dict()
                if run.labelled and reward in run.about_labels()
                else None,
            }
            for reward, figures in run.rewards.items()
        },
    }


def _comparison_dict(comparison: RunChanges) -> dict[str, object]:
    return {
        "file": str(comparison.path),
        "matched": comparison.matched,
        "only_here": comparison.only_here,
        "only_first": comparison.only_first,
        "changed_rows": comparison.changed_rows,
        "rewards": {
            reward: {
                "matched": changes.matched,
                "changed": changes.changed,
                "better": changes.better,
                "worse": changes.worse,
                "mean_difference": changes.difference,
                "interval": changes.interval,
                "statuses": [
                    {"before": before, "after": after, "rows": rows}
                    for (before, after), rows in changes.statuses.most_common()
                ],
            }
            for reward, changes in comparison.rewards.items()
        },
    }
