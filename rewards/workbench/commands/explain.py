"""`rlvr explain`: how one verdict came about, stage by stage."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rewards.errors import DataFileError
from rewards.workbench.commands.plain_text import plain

if TYPE_CHECKING:
    from rewards.workbench.scoring.explanation import Explanation

EXIT_NOT_JUDGED = 1
_SHOWN_CHARACTERS = 1500


def explain(
    completion: Annotated[
        str,
        typer.Argument(
            help="What the model wrote: the text, @FILE, or - for standard input. Put -- before "
            "a text that starts with a dash.",
            show_default=False,
        ),
    ],
    *,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            "--tests",
            help="What is right, for a reward that needs it (of code, the tests): the text, @FILE "
            "or -.",
        ),
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option(help="The prompt, where the reward reads it; likewise."),
    ] = None,
    reward: Annotated[
        str,
        typer.Option(
            "--reward",
            "-r",
            help="A reward: accuracy, code, format, or your own as module:name or file.py:name.",
        ),
    ] = "accuracy",
    json: Annotated[bool, typer.Option("--json", help="Print the stages as JSON.")] = False,
) -> None:
    r"""Show how the verdict on one completion comes about.

    Exit codes: 0 judged, whatever the score; 1 it could not be judged; 2 bad input.

    For example:

        rlvr explain 'Hence \boxed{1/2}.' --reference 0.5
    """
    from rewards.verdict import Status
    from rewards.workbench.scoring.explanation import explain_verdict  # `--help` is quick

    explanation = explain_verdict(
        reward,
        _read_text(completion),
        reference=None if reference is None else _read_text(reference),
        prompt=None if prompt is None else _read_text(prompt),
    )
    if json:
        typer.echo(jsonlib.dumps(explanation.to_dict(), ensure_ascii=False, indent=2))
    else:
        _print_explanation(explanation)
    if explanation.verdict.status is Status.ERROR:
        raise typer.Exit(EXIT_NOT_JUDGED)


def _read_text(argument: str) -> str:
    if argument != "-" and not argument.startswith("@"):
        return argument
    name = "standard input" if argument == "-" else argument[1:]
    try:
        data = sys.stdin.buffer.read() if argument == "-" else Path(argument[1:]).read_bytes()
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataFileError(f"{name}: is not UTF-8 at byte {error.start + 1}") from None
    except OSError as error:
        raise DataFileError(
            f"{name}: cannot be read: {error.strerror}; text that starts with @ can come by "
            "standard input: rlvr explain -"
        ) from None


def _print_explanation(explanation: Explanation) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    from rewards.text.shorten import cut_middle

    console = Console(highlight=False)
    verdict = explanation.verdict
    table = Table(box=SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for stage in explanation.stages:
        table.add_row(stage.name, plain(cut_middle(stage.text, _SHOWN_CHARACTERS)[0]))
    score = "no score" if verdict.score is None else f"score {verdict.score:g}"
    good = verdict.score is not None and verdict.score > 0
    shown = plain(f"{verdict.status.value}, {score}", style="bold green" if good else "bold red")
    table.add_row("verdict", shown)
    console.print(table)
