"""`--reward REWARD` and `--reward NAME=REWARD`: which rewards a command was given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rewards.errors import InputError
from rewards.named.spec import path_of

_LABEL = re.compile(r"\w[\w.-]{0,63}")
_RENAMED = re.compile(r"([^=(]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NamedReward:
    """A reward as the command line names it.

    Attributes:
        label: the column of the output.
        source: the spec that `rewards.named` reads.
    """

    label: str
    source: str


def read_reward_argument(argument: str) -> NamedReward:
    """Read `REWARD` or `NAME=REWARD`.

    >>> read_reward_argument("strict=mine:exact")
    NamedReward(label='strict', source='mine:exact')
    >>> read_reward_argument("mine:exact").label
    'exact'
    >>> read_reward_argument("near=accuracy(tolerance=1e-3)").label
    'near'
    """
    renamed = _RENAMED.fullmatch(argument)
    label, source = renamed.groups() if renamed else ("", argument)
    if not renamed:
        label = path_of(source).rpartition(":")[2].rpartition(".")[2]
    if not _LABEL.fullmatch(label):
        raise InputError(
            f"--reward {argument}: {label!r} cannot name a column; write NAME=REWARD with letters, "
            "digits, - and _"
        )
    return NamedReward(label, source)


def read_reward_arguments(arguments: Sequence[str], *, least: int = 1) -> list[NamedReward]:
    """Read the rewards of one command.

    Raises:
        InputError: there are fewer than `least`, two have the same name, or one cannot be read.
    """
    if len(arguments) < least:
        examples = " ".join(f"--reward {name}" for name in ("accuracy", "mine:function")[:least])
        few = "no reward given; name at least one" if least == 1 else "name at least two rewards"
        raise InputError(f"{few}: {examples}")
    named = [read_reward_argument(argument) for argument in arguments]
    labels = [one.label for one in named]
    for one in named:
        if labels.count(one.label) > 1:
            raise InputError(
                f"two rewards are called {one.label!r}; give one another name: "
                f"--reward NAME={one.source}"
            )
    return named
