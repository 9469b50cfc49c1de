"""`rlvr bench`: reward functions against labels, each other and attacks; their training signal."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rewards.errors import DataFileError
from rewards.workbench.commands.options import (
    COLUMNS,
    LIMITS,
    OUTPUT,
    CompletionColumn,
    LabelColumn,
    PromptColumn,
    ReferenceColumn,
    TestsColumn,
)
from rewards.workbench.commands.plain_text import plain
from rewards.workbench.commands.side_by_side import Said, print_case
from rewards.workbench.commands.signals import ended_by_signals

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from rewards.workbench.benchmarking import BenchReport
    from rewards.workbench.benchmarking.figures import Mistake

EXIT_SOME_FAILED = 1


def bench(  # noqa: PLR0913 - one parameter per option
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Labelled files or folders that rlvr score reads: a completion, a reference, and "
            "true or false in label (not with --signal). By default a small set that comes with "
            "rlvr.",
            show_default=False,
        ),
    ] = None,
    *,
    reward: Annotated[
        list[str],
        typer.Option(
            "--reward",
            "-r",
            help="A reward: accuracy, code, …, with options as in 'accuracy(tolerance=1e-3)'; trl "
            "or math-verify; or your own as module:name or file.py:name. Give it once per reward.",
            show_default=False,
        ),
    ],
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="The same as an option: a file or folder. Give it once per file.",
            show_default=False,
        ),
    ] = None,
    stress: Annotated[
        bool,
        typer.Option(
            "--stress",
            help="Also on completions that try to win a reward they do not deserve: hedges, "
            "injections, hostile formats, bombs, ….",
        ),
    ] = False,
    signal: Annotated[
        bool,
        typer.Option(
            "--signal",
            help="The training signal of the rewards (groups without spread, spread, correlation "
            "with length), on files with several completions of each prompt; needs no labels.",
        ),
    ] = False,
    group_column: Annotated[
        str | None,
        typer.Option(
            help="For --signal: the column that tells prompts apart. By default group, group_id, "
            "prompt_id, problem_id, question_id, … or the prompt itself.",
            show_default=False,
        ),
    ] = None,
    throughput: Annotated[
        str | None,
        typer.Option(
            help="Also completions a second with so many worker processes: 1,2,4, or auto for one "
            "and all processors.",
            metavar="WORKERS",
            show_default=False,
        ),
    ] = None,
    box_bare: Annotated[
        bool,
        typer.Option("--box-bare", help="Put completions without a box in one."),
    ] = False,
    threshold: Annotated[float, typer.Option(help="A score above it is a reward.")] = 0.5,
    row_timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            envvar="RLVR_ROW_TIMEOUT",
            rich_help_panel=LIMITS,
            help="Seconds that one call may take.",
        ),
    ] = 10.0,
    row_memory: Annotated[
        int,
        typer.Option(
            metavar="MB",
            envvar="RLVR_ROW_MEMORY",
            rich_help_panel=LIMITS,
            help="Megabytes that one call may take.",
        ),
    ] = 2048,
    limit: Annotated[
        int, typer.Option(min=0, help="How many rows with wrong decisions to show.")
    ] = 10,
    completion_column: CompletionColumn = None,
    prompt_column: PromptColumn = None,
    reference_column: ReferenceColumn = None,
    tests_column: TestsColumn = None,
    label_column: LabelColumn = None,
    kind_column: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=COLUMNS,
            help="The column with the kind of a row; by default kind, else source.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            rich_help_panel=OUTPUT,
            help="A folder for results.json, results.md, figures.csv, mistakes.csv and, where they "
            "were asked for, signal.csv, hackability.csv and throughput.csv.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON instead.")] = False,
) -> None:
    """Benchmark reward functions against labels and against each other.

    Shows, for each file and over all: false negatives and positives, accuracy, precision, recall
    and F1 with 95 % intervals; errors by kind; for each two rewards Cohen's kappa and McNemar's
    test; the time of a call, memory, time-outs and crashes. Each call is made in a process of its
    own that can be ended, so a reward that hangs stops nothing.

    --stress adds a table of what share of wrong answers each sort of attack gets accepted.
    --signal shows what a trainer would get: groups in which all rewards are equal, the spread, the
    share of completions with an advantage, and the correlation with length.

    Exit codes: 0 measured, whatever was found; 1 measured, but some calls hung, crashed or failed,
    or trl or math-verify is not installed; 2 bad input or options; 130 interrupted (143 by
    SIGTERM).

    For example:

        rlvr bench labelled.jsonl --reward accuracy --reward math-verify --reward mine:fn
    """
    from rewards.workbench.benchmarking import BenchOptions, run_bench  # `--help` is quick
    from rewards.workbench.benchmarking.labelled import LabelledColumns
    from rewards.workbench.benchmarking.throughput import read_workers
    from rewards.workbench.scoring.row_limits import RowLimits

    options = BenchOptions(
        rewards=reward,
        data=(*(files or ()), *(data or ())),
        stress=stress,
        signal=signal,
        group_column=group_column,
        throughput=() if throughput is None else read_workers(throughput),
        box_bare=box_bare,
        threshold=threshold,
        limits=RowLimits(timeout_s=row_timeout, memory_mb=row_memory),
        columns=LabelledColumns(
            completion=completion_column,
            prompt=prompt_column,
            reference=reference_column,
            tests=tests_column,
            label=label_column,
            kind=kind_column,
        ),
    )
    with ended_by_signals(), _show_steps() as on_progress:
        report = run_bench(options, on_progress=on_progress)
    if output is not None:
        _write(report, output)
    if json:
        typer.echo(jsonlib.dumps(report.to_dict(), indent=2))
    else:
        _print(report, limit)
    if not report.complete:
        raise typer.Exit(EXIT_SOME_FAILED)


def _write(report: BenchReport, folder: Path) -> None:
    from rewards.workbench.benchmarking.spreadsheets import spreadsheets
    from rewards.workbench.benchmarking.tables import as_markdown

    texts = {
        "results.json": jsonlib.dumps(report.to_dict(), indent=1) + "\n",
        "results.md": as_markdown(report),
        **spreadsheets(report),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise DataFileError(
            f"{folder}: cannot be written: {error.strerror or error}; choose another --output"
        ) from None


def _print(report: BenchReport, limit: int) -> None:
    from rich.box import SIMPLE_HEAD  # `--help` is quick
    from rich.console import Console
    from rich.table import Table

    from rewards.workbench.benchmarking.narrow_tables import fit_to
    from rewards.workbench.benchmarking.tables import tables

    console = Console(highlight=False)
    for table in tables(report):
        shown = fit_to(table, console.width)
        grid = Table(title=plain(shown.title), title_justify="left", box=SIMPLE_HEAD)
        for at, heading in enumerate(shown.headings):
            grid.add_column(_heading(heading), justify="right" if at else "left")
        for row in shown.rows:
            grid.add_row(*map(plain, row))
        console.print(grid)
        for note in shown.notes:
            console.print(plain(f"  {note}"), soft_wrap=True)
    left = _print_mistakes(console, report.mistakes, limit)
    if left > 0:
        console.print(
            f"\nand {left:,} more rows with wrong decisions (--limit shows more, "
            "--output writes all)"
        )


def _heading(text: str) -> Text:
    """A heading with its line breaks."""
    from rich.text import Text

    return Text("\n").join([plain(line) for line in text.split("\n")])


def _print_mistakes(console: Console, mistakes: Sequence[Mistake], limit: int) -> int:
    """Print rows with wrong decisions, those of more rewards first; returns how many are left."""
    from rewards.text.shorten import shorten_end

    rows: dict[tuple[str, int, str], list[Mistake]] = {}
    for mistake in mistakes:
        rows.setdefault((mistake.set, mistake.line, mistake.completion), []).append(mistake)
    ordered = sorted(rows.values(), key=len, reverse=True)
    for wrong in ordered[:limit]:
        first = wrong[0]
        known = {
            "kind": first.kind,
            "reference": first.reference,
            "right": "yes" if first.truth else "no",
        }
        said = [
            Said(
                one.reward,
                f"{'false negative' if one.truth else 'false positive'}: {one.status}",
                one.score,
                one.extracted,
                one.reason,
            )
            for one in wrong
        ]
        where = f"{first.set}:{first.line}"
        print_case(console, where, known, shorten_end(first.completion), said)
    return len(ordered) - len(ordered[:limit])


@contextmanager
def _show_steps() -> Iterator[Callable[[str, str], None] | None]:
    """A listener that says on a terminal what is being judged; `None` in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda name, label: status.update(f"{name}: {label}")
