"""`rlvr bench`: reward functions against labels, each other and attacks; their training signal."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rewards.errors import DataFileError
from rewards.workbench.commands.plain_text import plain
from rewards.workbench.commands.signals import ended_by_signals

if TYPE_CHECKING:
    from rewards.workbench.benchmarking import BenchReport

EXIT_SOME_FAILED = 1
_SHOWN_MISTAKES = 10


def bench(  # noqa: PLR0913 - one parameter per option
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
            help="A file or folder that rlvr score reads: a completion, a reference, and true or "
            "false in label "
            "(not with --signal). Give it once per file. By default a small set that comes with "
            "rlvr.",
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
        float, typer.Option(help="Seconds that one call may take.", metavar="SECONDS")
    ] = 10.0,
    row_memory: Annotated[
        int, typer.Option(help="Megabytes that one call may take.", metavar="MB")
    ] = 2048,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
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

        rlvr bench --reward accuracy --reward math-verify --reward mine:fn --data labelled.jsonl
    """
    from rewards.workbench.benchmarking import BenchOptions, run_bench  # `--help` is quick
    from rewards.workbench.benchmarking.throughput import read_workers
    from rewards.workbench.scoring.row_limits import RowLimits

    options = BenchOptions(
        rewards=reward,
        data=data or (),
        stress=stress,
        signal=signal,
        group_column=group_column,
        throughput=() if throughput is None else read_workers(throughput),
        box_bare=box_bare,
        threshold=threshold,
        limits=RowLimits(timeout_s=row_timeout, memory_mb=row_memory),
    )
    with ended_by_signals(), _show_steps() as on_progress:
        report = run_bench(options, on_progress=on_progress)
    if output is not None:
        _write(report, output)
    if json:
        typer.echo(jsonlib.dumps(report.to_dict(), indent=2))
    else:
        _print(report)
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


def _print(report: BenchReport) -> None:
    from rich.box import SIMPLE_HEAD  # `--help` is quick
    from rich.console import Console
    from rich.table import Table

    from rewards.workbench.benchmarking.tables import tables

    console = Console(highlight=False)
    for shown in tables(report):
        table = Table(title=plain(shown.title), title_justify="left", box=SIMPLE_HEAD)
        for at, heading in enumerate(shown.headings):
            table.add_column(plain(heading), justify="right" if at else "left")
        for row in shown.rows:
            table.add_row(*map(plain, row))
        console.print(table)
        for note in shown.notes:
            console.print(plain(f"  {note}"), soft_wrap=True)
    for mistake in report.mistakes[:_SHOWN_MISTAKES]:
        said = f"{mistake.set}:{mistake.line} {mistake.reward}: {mistake.status}, {mistake.reason}"
        console.print(plain(" ".join(said.split())[:300]), soft_wrap=True)
    left = len(report.mistakes) - _SHOWN_MISTAKES
    if left > 0:
        console.print(f"and {left:,} more wrong decisions: --output writes all, --json too")


@contextmanager
def _show_steps() -> Iterator[Callable[[str, str], None] | None]:
    """A listener that says on a terminal what is being judged; `None` in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda name, label: status.update(f"{name}: {label}")
