"""`rlvr select`: of a scored file the verified completions, to fine-tune on."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rewards.workbench.commands.options import (
    COLUMNS,
    OUTPUT,
    CompletionColumn,
    PrintJson,
    PromptColumn,
    Quiet,
    ReplaceOutput,
)
from rewards.workbench.commands.plain_text import plain
from rewards.workbench.commands.progress import show_reading
from rewards.workbench.commands.signals import ended_by_signals

if TYPE_CHECKING:
    from rewards.workbench.selection import Selection

EXIT_NOTHING_KEPT = 1


def select(  # noqa: PLR0913 - one parameter per option
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCORED...",
            help="What rlvr score wrote, in any format it writes: files, folders of shards, or a "
            "pattern such as 'scored/*.parquet'.",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            rich_help_panel=OUTPUT,
            help="Where the kept rows go, packed as the name ends: .gz, .zst or .parquet; JSONL "
            "otherwise.",
            show_default=False,
        ),
    ],
    reward: Annotated[
        list[str] | None,
        typer.Option(
            "--reward",
            "-r",
            help="A column of verdicts that must reach `--min-score`; by default every one that "
            "is there. Give it once per column.",
            show_default=False,
        ),
    ] = None,
    min_score: Annotated[
        float, typer.Option(help="The lowest score that counts as verified.")
    ] = 1.0,
    per_prompt: Annotated[
        int | None,
        typer.Option(min=1, help="Keep at most this many of a prompt; by default all."),
    ] = None,
    prefer: Annotated[
        Literal["first", "shortest", "diverse"],
        typer.Option(
            help="Which ones of a prompt: first as they come; shortest in tokens "
            "(completion_ids) or words; diverse: again and again the one that overlaps least "
            "with those taken, in runs of three words."
        ),
    ] = "first",
    format: Annotated[
        Literal["chat", "rows", "prompt-completion"],
        typer.Option(
            help="chat: messages; prompt-completion: both apart; rows: as they stand. The first "
            "two are what TRL's SFTTrainer reads, and end a completion where its turn ends."
        ),
    ] = "chat",
    completion_column: CompletionColumn = None,
    prompt_column: PromptColumn = None,
    group_column: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=COLUMNS,
            help="The column that tells prompts apart; by default the prompt itself.",
        ),
    ] = None,
    json: PrintJson = False,
    quiet: Quiet = False,
    overwrite: ReplaceOutput = False,
) -> None:
    """Keep the verified completions of a scored file, for rejection-sampling fine-tuning.

    A completion is verified when every reward gave it at least --min-score; one that could not be
    judged never is. A prompt's exact duplicates are kept once. Rows come out in the order of the
    input, and the output is there whole or not at all.

    Exit codes: 0 something was kept; 1 nothing was (the output is empty); 2 bad input or options,
    or the output cannot be written; 130 interrupted (143 by SIGTERM), nothing is written.

    For example:

        rlvr select scored.jsonl --per-prompt 4 --prefer shortest --output sft.jsonl
    """
    from rewards.workbench.commands.file_arguments import expand_patterns  # `--help` is quick
    from rewards.workbench.scoring.row_columns import NamedColumns
    from rewards.workbench.selection import Form, SelectOptions, select_rows
    from rewards.workbench.selection.candidates import Prefer

    options = SelectOptions(
        inputs=expand_patterns(files),
        output=output,
        rewards=tuple(dict.fromkeys(reward or ())),
        min_score=min_score,
        per_prompt=per_prompt,
        prefer=Prefer(prefer),
        form=Form(format),
        named=NamedColumns(completion=completion_column, prompt=prompt_column),
        group_column=group_column,
        overwrite=overwrite,
    )
    with ended_by_signals(), show_reading("selecting") as on_progress:
        selection = select_rows(options, on_progress=on_progress)
    if not quiet:
        _print_selection(selection)
    if json:
        typer.echo(jsonlib.dumps(selection.to_dict(), ensure_ascii=False, indent=2))
    if not selection.kept:
        raise typer.Exit(EXIT_NOTHING_KEPT)


def _print_selection(selection: Selection) -> None:
    from rich.box import SIMPLE_HEAD  # `--help` is quick
    from rich.console import Console
    from rich.table import Table

    from rewards.workbench.rows.columns_read import columns_in_words
    from rewards.workbench.selection.row_counts import MEANINGS, Fate

    console = Console(stderr=True, highlight=False)
    for note in selection.notes:
        console.print(plain(f"note: {note}"), soft_wrap=True)
    table = Table(box=SIMPLE_HEAD)
    table.add_column("")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    table.add_column("")
    for fate in reversed(Fate):
        if count := selection.fates[fate]:
            name = fate.value.replace("_", " ")
            table.add_row(name, f"{count:,}", f"{count / selection.rows:.1%}", MEANINGS[fate])
    console.print(table)
    for fault in selection.faults:
        console.print(plain(f"left out: {fault}"), soft_wrap=True)
    console.print(plain(columns_in_words(selection.columns)), soft_wrap=True)
    asked = ", ".join(selection.rewards)
    console.print(
        plain(
            f"{selection.kept:,} of {selection.rows:,} rows kept by {asked}, of "
            f"{selection.prompts_kept:,} of {selection.prompts:,} prompts, written to "
            f"{selection.output}"
        ),
        soft_wrap=True,
    )
