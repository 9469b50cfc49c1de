"""`rlvr report`: scored files in, one HTML page to look at out."""

from __future__ import annotations

import json as jsonlib
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from rewards.text.visible import visible
from rewards.workbench.commands.options import CompletionColumn, LabelColumn, PrintJson, Quiet
from rewards.workbench.commands.progress import show_reading
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
        Path | None,
        typer.Option(
            "--output", "-o", help="Where the page goes, such as report.html.", show_default=False
        ),
    ] = None,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Show the report over loopback until Ctrl-C instead of writing a page: every row "
            "of files of any size, to filter, search and group by any column.",
        ),
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port for --serve; 0 takes a free one.")
    ] = 0,
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
    group_column: Annotated[
        str | None,
        typer.Option(
            help="The column that tells prompts apart. By default group, prompt_id and the like, "
            "or the prompt itself.",
            show_default=False,
        ),
    ] = None,
    label_column: LabelColumn = None,
    title: Annotated[str | None, typer.Option(help="The page's title.")] = None,
    json: PrintJson = False,
    quiet: Quiet = False,
) -> None:
    """Make one HTML page from scored rows: figures, plots, and every row with its verdict.

    The page holds everything it needs and loads nothing. It opens with what spoils training and
    why rows score 0, each count a link to its rows; it shows the scores by status, group, length
    and training step, pass@k, where the verdicts disagree with the labels (true or false, or 1 or
    0, in label, correct or is_correct), and the rows in a table to filter, sort, search and group,
    whose address keeps what was chosen. Given several files, it shows in which rows the verdicts
    changed, and why. A trainer's tables of completions are read as well. Statistics are over all
    rows, however few of them are listed. An earlier page is replaced.

    Exit codes: 0 the page was written; 2 bad input or options, or the page cannot be written;
    130 interrupted.

    For example:

        rlvr report scored.jsonl --output report.html

        rlvr report before.jsonl after.jsonl --by source --output changes.html

        rlvr report million.parquet --serve
    """
    from rewards.errors import InputError
    from rewards.workbench.reporting import ReportOptions, serve_report, write_report
    from rewards.workbench.reporting.scored_rows import ReportColumns
    from rewards.workbench.rows.columns_read import columns_in_words

    options = ReportOptions(
        files=tuple(files),
        output=output,
        named=ReportColumns(
            completion=completion_column,
            label=label_column,
            groups=tuple(by or ()),
            prompt=group_column,
        ),
        match=match,
        max_rows=max_rows,
        max_characters=max_characters,
        title=title,
    )
    if serve:
        if output is not None:
            raise InputError("--serve shows the report and writes no page; leave out --output")
        with ended_by_signals(), ExitStack() as until_the_end:
            with show_reading("reading") as on_progress:
                served = serve_report(options, port=port, on_progress=on_progress)
                server = until_the_end.enter_context(served)
            typer.echo(f"the report is at {server.address} until Ctrl-C", err=True)
            server.serve_forever()
        return
    with ended_by_signals(), show_reading("reading") as on_progress:
        summary = write_report(options, on_progress=on_progress)
    if not quiet:
        rows = sum(run.rows for run in summary.runs)
        shown = f"{rows:,} rows, {summary.listed_rows:,} of them listed: {summary.output}"
        typer.echo(visible(shown), err=True)
        if read := columns_in_words(summary.columns):
            typer.echo(visible(read), err=True)
    if json:
        typer.echo(jsonlib.dumps(summary.to_dict(), indent=2))
