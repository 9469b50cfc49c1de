"""One completion and what rewards say of it, side by side: for `compare` and `bench`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewards.workbench.commands.plain_text import plain

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Said:
    """What one reward says.

    Attributes:
        reward: its name.
        status: the verdict's status; what more there is to say of it may follow.
        score: the verdict's score.
        extracted: what was read out of the completion.
        reason: why.
    """

    reward: str
    status: str
    score: float | None
    extracted: str | None
    reason: str


def print_case(
    console: Console, where: str, known: Mapping[str, str | None], ending: str, said: Sequence[Said]
) -> None:
    """Print where a completion stands, what is known of it, its end, and what rewards say."""
    from rich.table import Table  # `--help` is quick

    heads = [f"{name}: {_flat(value)}" for name, value in known.items() if value]
    console.print()
    console.print(plain("  ".join([where, *heads]), style="bold"), soft_wrap=True)
    if ending:
        console.print(plain(f"  {_flat(ending)}"), soft_wrap=True)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        grid.add_column(overflow="fold")
    for one in said:
        score = "no score" if one.score is None else f"{one.score:g}"
        read = "" if one.extracted is None else f"read {_flat(one.extracted)}"
        grid.add_row(
            plain(f"  {one.reward}"), plain(f"{one.status} {score}"), plain(read),
            plain(_flat(one.reason)),
        )  # fmt: skip
    console.print(grid)


def _flat(text: str) -> str:
    return " ".join(text.split())
