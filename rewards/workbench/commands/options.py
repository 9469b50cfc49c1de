"""Options that several commands have, each said once."""

from __future__ import annotations

import os
from typing import Annotated, TypeAlias

import typer

# The groups that `--help` shows options in.
COLUMNS = "Columns"
LIMITS = "Processes and limits"
OUTPUT = "Output"

Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=0,
        envvar="RLVR_WORKERS",
        rich_help_panel=LIMITS,
        help="Worker processes; by default one per usable CPU. 0: none, judge here.",
    ),
]
CompletionColumn: TypeAlias = Annotated[
    str | None, typer.Option(rich_help_panel=COLUMNS, help="The column with the completions.")
]
PromptColumn: TypeAlias = Annotated[
    str | None, typer.Option(rich_help_panel=COLUMNS, help="The column with the prompts.")
]
ReferenceColumn: TypeAlias = Annotated[
    str | None, typer.Option(rich_help_panel=COLUMNS, help="The column with the references.")
]
TestsColumn: TypeAlias = Annotated[
    str | None, typer.Option(rich_help_panel=COLUMNS, help="The column with the tests of programs.")
]
LabelColumn: TypeAlias = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=COLUMNS,
        help="The column that says whether a completion is right: true and false, 1 and 0, or yes "
        "and no; by default label, correct or is_correct.",
    ),
]
BUILD_CACHE = "RLVR_BUILD_CACHE"
BUILDS_KEPT = "on"
BuildCacheOption: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="on|off|FOLDER",
        envvar=BUILD_CACHE,
        rich_help_panel=LIMITS,
        help="Keep compiled programs for later runs: in a folder of yours, closed to others, below "
        "~/.cache or named.",
    ),
]
PrintJson: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--json", rich_help_panel=OUTPUT, help="Print the summary as JSON on standard output."
    ),
]
Quiet: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", rich_help_panel=OUTPUT, help="Print no summary, only what goes wrong."
    ),
]
ReplaceOutput: TypeAlias = Annotated[
    bool,
    typer.Option("--overwrite", rich_help_panel=OUTPUT, help="Replace the output if it is there."),
]


def keep_builds(where: str) -> None:
    """Tell the sandboxes of this process and of those it starts where to keep what they compile."""
    os.environ[BUILD_CACHE] = where
