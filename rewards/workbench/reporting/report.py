"""Scored files in, one HTML page out: the whole job, in two passes over each file at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from rewards.columns import Role, columns_for
from rewards.errors import DataFileError, InputError
from rewards.text.visible import visible
from rewards.verdict import Status
from rewards.workbench.reporting.figures import RunFigures
from rewards.workbench.reporting.listed_rows import RowCutter
from rewards.workbench.reporting.matching import MatchBy, find_match
from rewards.workbench.reporting.page import (
    PageContent,
    page_bytes,
    write_page,
)
from rewards.workbench.reporting.row_store import RowStore, scalar_columns
from rewards.workbench.reporting.run_changes import RunChanges, VerdictIndex
from rewards.workbench.reporting.sample import Sample
from rewards.workbench.reporting.scored_rows import (
    OnProgress,
    ReportColumns,
    ScoredRow,
    read_scored,
)
from rewards.workbench.reporting.serving import Answers, ReportServer
from rewards.workbench.reporting.summary import ReportSummary
from rewards.workbench.reporting.templates import require_template_engine
from rewards.workbench.rows.columns_read import filled_columns

MAX_CHANGED_ROWS = 2000
_HEAD_ROWS = 200  # that say which rewards and columns there are
# Ranks of the sample: false verdicts first (by reward, in the file's order), then failures.
_RANK_FAILED = 10**6
_RANK_REST = _RANK_FAILED + 1


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """What to report on, and how much of it.

    Attributes:
        files: scored files; the later ones are compared with the first.
        output: where the page goes; `None` where it is served.
        named: columns that the user named.
        match: the column that says which rows of two files belong together; `None` takes `id`
            where every file has it, else the prompt, else the row's number.
        max_rows: how many rows the page lists, over all files.
        max_characters: how much of a completion it shows.
        title: the page's title; `None` names the files.
    """

    files: tuple[Path, ...]
    output: Path | None = None
    named: ReportColumns = field(default_factory=ReportColumns)
    match: str | None = None
    max_rows: int = 20_000
    max_characters: int = 1500
    title: str | None = None


def write_report(options: ReportOptions, *, on_progress: OnProgress | None = None) -> ReportSummary:
    """Write the report.

    Args:
        options: what to report on.
        on_progress: see `read_scored`.

    Raises:
        DataFileError: a file cannot be read, or the page cannot be written.
        InputError: a file holds no verdicts, or a named column is nowhere to be found.
        MissingExtraError: Jinja2 is not installed.
    """
    require_template_engine("rlvr report")
    if options.output is None:
        raise InputError("a page needs a place: name a file for --output, or use --serve")
    _check_output(options.output)
    content = _read_files(options, on_progress)
    write_page(options.output, content)
    return ReportSummary(
        output=options.output,
        runs=content.runs,
        comparisons=content.comparisons,
        listed_rows=len(content.rows),
        columns=_columns(options),
    )


@contextmanager
def serve_report(
    options: ReportOptions, *, port: int = 0, on_progress: OnProgress | None = None
) -> Iterator[ReportServer]:
    """A server that shows the report; it answers while its `serve_forever` runs.

    Rows lie in a temporary folder, as large as the files, which is gone in the end.

    Args:
        options: as for a page; what concerns its size is of no account.
        port: to listen on; 0 for any that is free.
        on_progress: see `read_scored`.

    Raises:
        DataFileError: a file cannot be read.
        InputError: a file holds no verdicts, a named column is nowhere to be found, or the port is
            taken.
        MissingExtraError: Jinja2 is not installed.
    """
    require_template_engine("rlvr report")
    head = [row for path in options.files for row in _first_rows(path, options.named)]
    rewards = dict.fromkeys(name for row in head for name in row.verdicts)
    columns = [name for name in scalar_columns(head) if name not in rewards]
    with (
        TemporaryDirectory(prefix="rlvr-report-") as folder,
        RowStore(
            Path(folder), rewards=list(rewards), columns=columns, runs=run_names(options.files)
        ) as store,
    ):
        content = _read_files(options, on_progress, store)
        store.finish()
        content.served = [visible(name) for name in store.columns]
        cutter = RowCutter(options.max_characters, options.named.completion)
        answers = Answers(store, content.runs, cutter, options.named)
        with ReportServer(page_bytes(content), answers, port=port) as server:
            yield server


def _completion_column(options: ReportOptions) -> str | None:
    """The usual name that the first row's completion has."""
    for row in _first_rows(options.files[0], options.named)[:1]:
        return next(iter(columns_for(Role.COMPLETION, row.columns)), None)
    return None


def _columns(options: ReportOptions) -> dict[str, str]:
    """Which columns the first file's first rows are read from."""
    named = options.named
    roles: dict[Role, str | None] = {
        Role.COMPLETION: named.completion,
        Role.PROMPT: named.prompt,
        Role.REFERENCE: None,
        Role.LABEL: named.label,
    }
    rows = _first_rows(options.files[0], named)
    return filled_columns((row.columns for row in rows), roles)


def _first_rows(path: Path, named: ReportColumns) -> list[ScoredRow]:
    rows = (row for row in read_scored(path, named) if isinstance(row, ScoredRow))
    return list(islice(rows, _HEAD_ROWS))


def _read_files(
    options: ReportOptions, on_progress: OnProgress | None, store: RowStore | None = None
) -> PageContent:
    several = len(options.files) > 1
    match_by = (
        find_match(options.files, options.match, options.named) if several else MatchBy("number")
    )
    names = run_names(options.files)
    cutter = RowCutter(options.max_characters, options.named.completion)
    content = PageContent(
        title=options.title or "Scores of " + ", ".join(names),
        match=match_by.words,
        max_characters=options.max_characters,
        completion=options.named.completion or _completion_column(options),
    )
    with VerdictIndex() as index:
        for run, path in enumerate(options.files):
            figures = RunFigures(path, names[run])
            comparison = RunChanges(path, names[run])
            sample: Sample[str] = Sample(max(1, options.max_rows // len(options.files)))
            changed: Sample[tuple[int, str]] = Sample(
                MAX_CHANGED_ROWS // max(1, len(options.files) - 1)
            )
            for row in read_scored(path, options.named, on_progress):
                if isinstance(row, str):
                    figures.add_flaw(row)
                    continue
                figures.add(row)
                number = figures.rows - 1
                if store is not None:
                    store.add(row, run, figures)
                elif (place := sample.place(_rank(row, figures))) is not None:
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


def run_names(paths: Sequence[Path]) -> list[str]:
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


def _check_output(output: Path) -> None:
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
