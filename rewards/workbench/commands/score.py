"""`rlvr score`: a file of completions in, the same rows with verdicts out."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rewards.workbench.commands.options import (
    BUILDS_KEPT,
    COLUMNS,
    LIMITS,
    OUTPUT,
    BuildCacheOption,
    CompletionColumn,
    PrintJson,
    PromptColumn,
    Quiet,
    ReferenceColumn,
    TestsColumn,
    Workers,
    keep_builds,
)
from rewards.workbench.commands.signals import ended_by_signals

if TYPE_CHECKING:
    from rewards.workbench.scoring import ShardsSummary, Summary

EXIT_SOME_FAILED = 1


def score(  # noqa: PLR0913 - one parameter per option
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="JSONL (one row a line, plain, .gz or .zst), CSV, TSV, a JSON array, parquet, a "
            "folder that datasets' save_to_disk wrote, or a folder of shards, read as one file; - "
            "for standard input; an address such as s3://… or hf://… (fsspec). Several files, or a "
            "pattern such as 'shards/*.jsonl.gz', with --output-dir.",
            show_default=False,
        ),
    ],
    *,
    reward: Annotated[
        list[str],
        typer.Option(
            "--reward",
            "-r",
            help="A reward: accuracy, code, format, …, with options as in "
            "'accuracy(tolerance=1e-3)', or your own as module:name or file.py:name (TRL's "
            "signature). NAME=REWARD names its output column. Give it once per reward.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            rich_help_panel=OUTPUT,
            help="Where the scored rows go; compression and format follow the suffix: .gz, .zst or "
            ".parquet; JSONL otherwise, also to standard output: -.",
            show_default=False,
        ),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            rich_help_panel=OUTPUT,
            help="Where each file's rows go instead, under its own name. Files that an earlier "
            "run finished with the same options are skipped.",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
    completion_column: CompletionColumn = None,
    prompt_column: PromptColumn = None,
    reference_column: ReferenceColumn = None,
    tests_column: TestsColumn = None,
    references: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=COLUMNS,
            help="A file with what the rows lack, such as the answers to a batch's requests, "
            "joined by id.",
            show_default=False,
        ),
    ] = None,
    join_on: Annotated[
        str | None,
        typer.Option(
            metavar="OURS[=THEIRS]",
            rich_help_panel=COLUMNS,
            help="The column with the ids for --references; by default custom_id, id, task_id, ….",
            show_default=False,
        ),
    ] = None,
    row_timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            envvar="RLVR_ROW_TIMEOUT",
            rich_help_panel=LIMITS,
            help="What one row may take of a reward of your own; more is an error of that row.",
        ),
    ] = 10.0,
    row_memory: Annotated[
        int,
        typer.Option(
            metavar="MB",
            envvar="RLVR_ROW_MEMORY",
            rich_help_panel=LIMITS,
            help="The memory a reward of your own may take for one row; more is an error.",
        ),
    ] = 2048,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="RLVR_CACHE",
            rich_help_panel=LIMITS,
            help="Remember verdicts in this file, and take from it those on pairs that were judged "
            "before. Runs may share it.",
            show_default=False,
        ),
    ] = None,
    build_cache: BuildCacheOption = BUILDS_KEPT,
    flat: Annotated[
        bool,
        typer.Option(
            "--flat",
            rich_help_panel=OUTPUT,
            help="Write verdicts to .parquet as one column a field, accuracy.score, ….",
        ),
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            envvar="RLVR_RAY",
            rich_help_panel=LIMITS,
            help="Judge on the nodes of a Ray cluster: auto, host:6379, or local to start one.",
            show_default=False,
        ),
    ] = None,
    json: PrintJson = False,
    quiet: Quiet = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            rich_help_panel=OUTPUT,
            help="Replace a finished output, and drop an unfinished one that does not match. In "
            "--output-dir finished ones that match are kept.",
        ),
    ] = False,
) -> None:
    """Score a file of completions with rewards.

    The output has the input's rows, in order, with one object per reward added: score, status,
    extracted, expected, reason. Rewards that look for an answer add found_in, the place where it
    stood, which the summary counts; those that compare answers add basis, what the verdict rests on
    (proof, words, undecided, judge). Columns are found by their usual names (completion, response,
    …; solution, answer, …) or named.

    A row may hold a list of completions. Each gets a verdict, in a list, and beside it stands a
    summary: pass@1, 2, 4, … and the answer of the majority. Pairs of completion and reference that
    are equal are judged once; with --cache FILE also over runs. The cache holds verdicts of our
    rewards, and only those of the very code that runs.

    An interrupted run leaves OUTPUT.partial; the same command continues it, and the output is the
    same as that of an uninterrupted run. A row that cannot be read is recorded with its line
    number and the rest is scored. With --output-dir all files are looked at first and scored one
    after the other.

    A reward of your own is imported once and called on batches of rows, in processes that can be
    ended. One that hangs, crashes or takes too much memory makes an error of the row, and stops
    nothing; after 10 rows one after another on which it hung it is not called again. With
    --workers 0 there are no such limits.

    With --ray the rows are judged as tasks of a Ray cluster, in blocks; this process reads and
    writes. With --output-dir and at least as many files as CPUs, whole files are tasks where the
    nodes see them at the same paths: they read and write. Output and resuming are the same, and a
    node that is lost costs time alone.

    Exit codes: 0 all rows were judged; 1 finished, but some rows could not be judged (status
    "error"); 2 bad input or options, or the output cannot be written; 130 interrupted (143 by
    SIGTERM).

    For example:

        rlvr score samples.jsonl --reward accuracy --reward format --output scored.jsonl

        rlvr score 'shards/*.parquet' --reward accuracy --output-dir scored
    """
    from rewards.workbench.commands.file_arguments import expand_patterns  # `--help` is quick
    from rewards.workbench.commands.progress import show_progress
    from rewards.workbench.commands.streams import STREAM, files_for_streams
    from rewards.workbench.commands.summary import print_summary
    from rewards.workbench.scoring import ScoreOptions, ShardsSummary, score_file, score_shards
    from rewards.workbench.scoring.row_columns import NamedColumns
    from rewards.workbench.scoring.row_limits import RowLimits

    keep_builds(build_cache)
    named = expand_patterns(files)
    _check_outputs(named, output, output_dir, json=json)
    summary: Summary | ShardsSummary
    with (
        ended_by_signals(),
        files_for_streams(named, output) as (inputs, target),
        show_progress() as on_progress,
    ):
        options = ScoreOptions(
            input=inputs[0],
            output=target or Path(),
            rewards=reward,
            workers=workers,
            named=NamedColumns(
                completion=completion_column,
                prompt=prompt_column,
                reference=reference_column,
                tests=tests_column,
            ),
            limits=RowLimits(timeout_s=row_timeout, memory_mb=row_memory),
            cache=cache,
            references=references,
            join_on=join_on,
            flat=flat,
            overwrite=overwrite,
            ray=ray,
        )
        if output_dir is None:
            summary = score_file(options, on_progress=on_progress)
        else:
            summary = score_shards(options, inputs, output_dir, on_progress=on_progress)
    if not isinstance(summary, ShardsSummary):
        summary = replace(summary, input=named[0], output=output or STREAM)
    if not quiet:
        print_summary(summary)
    if json:
        typer.echo(jsonlib.dumps(summary.to_dict(), ensure_ascii=False, indent=2))
    if summary.tally.error_rows:
        raise typer.Exit(EXIT_SOME_FAILED)


def _check_outputs(
    inputs: Sequence[Path], output: Path | None, output_dir: Path | None, *, json: bool
) -> None:
    from rewards.errors import InputError  # `--help` is quick

    if (output is None) == (output_dir is None):
        raise InputError(
            "name where the scored rows go: either --output FILE, or --output-dir FOLDER for each "
            "file's own"
        )
    if output == Path("-") and json:
        raise InputError("--output - and --json both write to standard output; choose one of them")
    if output is not None and len(inputs) > 1:
        raise InputError(
            f"{len(inputs)} files cannot go to one --output; score each into --output-dir FOLDER, "
            "or name the folder they lie in to read them as one"
        )
