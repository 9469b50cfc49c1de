"""`rlvr doctor`: is everything here that is needed, and does it work?"""

from __future__ import annotations

import json as jsonlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rewards.text.visible import visible
from rewards.workbench.commands.plain_text import plain

if TYPE_CHECKING:
    from rewards.workbench.diagnosis import Check

EXIT_BROKEN = 1


def doctor(
    *,
    json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check the installation: versions, foreign packages, worker limits, the sandbox's layers.

    Exit codes: 0 all that is needed works; 1 something needed is broken, with what to do.

    For example:

        rlvr doctor
    """
    from rewards.workbench.diagnosis import Grade, diagnose  # `--help` is quick

    checks = diagnose()
    broken = any(check.grade is Grade.BROKEN for check in checks)
    if json:
        findings = [asdict(check) | {"grade": check.grade.value} for check in checks]
        typer.echo(jsonlib.dumps({"ok": not broken, "checks": findings}, indent=2))
    else:
        _print_checks(checks)
    if broken:
        raise typer.Exit(EXIT_BROKEN)


def _print_checks(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    marks = {"fine": ("ok", "green"), "note": ("--", "yellow"), "broken": ("!!", "bold red")}
    width = max(len(check.name) for check in checks)
    group = ""
    for check in checks:
        if check.group != group:
            group = check.group
            console.print(plain(group, style="bold"))
        mark, style = marks[check.grade.value]
        mend = f"  → {check.mend}" if check.mend else ""
        line = f"{check.name:{width}}  {check.found}{mend}"
        shown = Text.assemble((mark, style), f" {visible(line)}")
        console.print(shown, soft_wrap=True)
