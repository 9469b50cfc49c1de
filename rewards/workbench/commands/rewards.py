"""`rlvr rewards`: the ready rewards, with their options."""

from __future__ import annotations

import dataclasses
import inspect
import json as jsonlib
from typing import TYPE_CHECKING, Annotated

import typer

from rewards.workbench.commands.plain_text import plain

if TYPE_CHECKING:
    from rewards.reward import Reward


def rewards(
    name: Annotated[
        str | None,
        typer.Argument(help="Only this one, with its whole description.", show_default=False),
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
) -> None:
    """List the ready rewards: what each says, what it reads, and its options.

    Exit codes: 0 listed; 2 there is no such reward.

    For example:

        rlvr rewards accuracy
    """
    from rewards.errors import InputError  # `--help` is quick
    from rewards.named.spec import known_rewards, reward_named

    known = known_rewards()
    if name is not None and name not in known:
        reward_named(name)  # says what there is
        raise InputError(f"{name}: is a reward of your own; its own description says what it does")
    if name is not None:
        known = {name: known[name]}
    if json:
        typer.echo(
            jsonlib.dumps([_described(label, one) for label, one in known.items()], indent=2)
        )
    elif name is not None:
        _print_one(name, known)
    else:
        _print_all(known)


def _described(label: str, reward: Reward) -> dict[str, object]:
    return {
        "name": label,
        "says": _first_paragraph(reward),
        "reads": None if reward.role is None else reward.role.value,
        "options": {field: repr(value) for field, value in _options(reward).items()},
    }


def _options(reward: Reward) -> dict[str, object]:
    return {
        field.name: getattr(reward, field.name)
        for field in dataclasses.fields(reward)
        if field.init and field.name != "name"
    }


def _first_paragraph(reward: Reward) -> str:
    text = inspect.getdoc(type(reward)) or ""
    return " ".join(text.partition("\n\n")[0].split())


def _print_all(known: dict[str, Reward]) -> None:
    from rich.box import SIMPLE_HEAD  # `--help` is quick
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    for heading in ("reward", "reads", "says", "options"):
        table.add_column(heading, overflow="fold")
    for label, reward in sorted(known.items()):
        reads = "the completion" if reward.role is None else f"{reward.role.value}"
        table.add_row(
            plain(label), reads, plain(_first_paragraph(reward)), plain(", ".join(_options(reward)))
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(
        plain("options are written as in Python: --reward 'near=accuracy(tolerance=1e-3)'"),
        soft_wrap=True,
    )


def _print_one(name: str, known: dict[str, Reward]) -> None:
    reward = known[name]
    typer.echo(inspect.getdoc(type(reward)) or "")
    typer.echo("\nas it stands:")
    for field, value in _options(reward).items():
        typer.echo(f"  {field}={value!r}")
