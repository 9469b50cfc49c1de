"""`rlvr report`: scored files in, one HTML page to look at out."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from rewards.text.visible import visible
from rewards.workbench.commands.options import CompletionColumn, PrintJson
from rewards.workbench.commands.signals import ended_by_signals


def report(  # noqa: PLR0913 - one parameter per option
    files: Annotated[
        list[Path],
        typer.Argument(
            help="What `rlvr score` wrote, in any format it writes: files, or folders of shards. "
            "Later ones are compared with the first.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Where the page goes, such as report.html.", show_default=False
        ),
    ],
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="A column to group scores by; give it once per column. By default source, kind, "
            "dataset and level, those that are there.",
            show_default=False,
        ),
    ] = None,
    match: Annotated[
        str | None,
        typer.Option(
            help="The column that says which rows of two files belong together. By default id if "
            "every file has it, else the prompt, else the row's number.",
            show_default=False,
        ),
    ] = None,
    max_rows: Annotated[
        int,
        typer.Option(
            min=1,
            help="How many rows the page lists, over all files. Of more, those judged against "
            "their label and those that failed come first, the rest are drawn by lot.",
        ),
    ] = 20_000,
    max_characters: Annotated[
        int, typer.Option(min=1, help="How much of a completion it shows: its start and its end.")
    ] = 1500,
    completion_column: CompletionColumn = None,
    label_column: Annotated[
        str | None,
        typer.Option(help="The column that says whether a completion is truly correct."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="The page's title.")] = None,
    json: PrintJson = False,
) -> None:
    """Make one HTML page from scored rows: figures, plots, and every row with its verdict.

    The page holds everything it needs and loads nothing. It shows the scores by status, group and
    length, where the verdicts disagree with the labels (true or false, or 1 or 0, in label,
    correct or is_correct) and why, and the rows in a table to filter, sort and search. Given
    several files, it shows in which rows the verdicts changed. Statistics are over all rows,
    however few of them are listed. An earlier page is replaced.

    Exit codes: 0 the page was written; 2 bad input or options, or the page cannot be written;
    130 interrupted.

    For example:

        rlvr report scored.jsonl --output report.html

        rlvr report before.jsonl after.jsonl --by source --output changes.html
    """
    from rewards.workbench.reporting import ReportOptions, write_report
    from rewards.workbench.reporting.scored_rows import ReportColumns

    options = ReportOptions(
        files=tuple(files),
        output=output,
        named=ReportColumns(
            completion=completion_column, label=label_column, groups=tuple(by or ())
        ),
        match=match,
        max_rows=max_rows,
        max_characters=max_characters,
        title=title,
    )
    with ended_by_signals():
        summary = write_report(options)
    rows = sum(run.rows for run in summary.runs)
    shown = f"{rows:,} rows, {summary.listed_rows:,} of them listed: {summary.output}"
    typer.echo(visible(shown), err=True)
    if json:
        typer.echo(jsonlib.dumps(summary.to_dict(), indent=2))
