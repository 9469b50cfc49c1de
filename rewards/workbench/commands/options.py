"""Options that several commands have, each said once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=0, help="Worker processes; by default one per usable CPU. 0: none, judge here."
    ),
]
CompletionColumn: TypeAlias = Annotated[
    str | None, typer.Option(help="The column with the completions.")
]
PromptColumn: TypeAlias = Annotated[str | None, typer.Option(help="The column with the prompts.")]
ReferenceColumn: TypeAlias = Annotated[
    str | None, typer.Option(help="The column with the references.")
]
TestsColumn: TypeAlias = Annotated[
    str | None, typer.Option(help="The column with the tests of programs.")
]
PrintJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print the summary as JSON on standard output.")
]
ReplaceOutput: TypeAlias = Annotated[
    bool, typer.Option("--overwrite", help="Replace the output if it is there.")
]
