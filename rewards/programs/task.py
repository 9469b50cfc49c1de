"""A row of programming tests as a task: its tests, and what a program must be to meet them.

Not covered: running them.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from rewards.errors import InputError
from rewards.programs.choice import Wanted
from rewards.programs.facts import require_not_interactive
from rewards.programs.given_source import can_fail
from rewards.programs.languages import Kind, Named, family, read_name
from rewards.programs.program_tests import ProgramTests
from rewards.programs.row_tests import Row, read_tests


@dataclass(frozen=True, slots=True)
class RowTests:
    """A tests cell with what other columns of its row say about it."""

    tests: object
    entry: str | None = None
    setup: str | None = None
    language: str | None = None
    checker: str | None = None
    cells: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Task:
    """A row read: its tests, as they are and as the sandbox takes them, and what they want.

    Attributes:
        read: the tests.
        asked: the language that the row itself asks for.
        wanted: what a program must be.
    """

    read: ProgramTests
    asked: Named | None
    wanted: Wanted


def read_task(row: RowTests, prompt: object, default: str) -> Task:
    """The row read; `default` is the language where neither row nor fence says one.

    Raises:
        InputError: its tests cannot be used.
    """
    asked = read_name(row.language or "") if row.language else None
    shape = Row(
        entry=row.entry, prompt=prompt, setup=row.setup, checker=row.checker, cells=row.cells
    )
    read = read_tests(row.tests, shape)
    require_not_interactive(read.facts)
    if asked is None and read.facts.language:
        asked = read_name(read.facts.language)
    if asked is not None and asked.kind not in {Kind.RUNS, Kind.FOREIGN}:
        asked = None  # "en" is no programming language
    languages: frozenset[str] = frozenset()
    if asked is not None:
        languages = frozenset({family(asked.language)})
    elif not read.prints:
        languages = frozenset({family(read_name(default).language or default)})
    if read.asserts and languages == {"python"} and not can_fail((*read.asserts, read.setup)):
        raise InputError("the tests assert nothing: whatever runs would pass them")
    if _expects_silence(read):
        raise InputError(
            "no test expects a value or any output: a program that does nothing would pass them"
        )
    if languages and "python" not in languages and read.stub:
        read = replace(read, stub="", prelude="")
    wanted = Wanted(
        languages=languages,
        names=_called(read),
        reads=any(case.stdin.strip() for case in read.prints),
    )
    return Task(read, asked, wanted)


def _expects_silence(read: ProgramTests) -> bool:
    if read.checker:
        return False
    if read.functions:
        return all(case.expected is None for case in read.functions)
    return bool(read.prints) and not any(case.expected.strip() for case in read.prints)


def _called(read: ProgramTests) -> frozenset[str]:
    """What the tests call: the program's block defines one of these."""
    if read.entry:
        return frozenset({re.split(r"\W+", read.entry.strip().rstrip("()"))[-1]} - {""})
    names = {name for test in read.asserts for name in _CALL.findall(test)}
    own = {name for test in read.asserts for name in _OWN.findall(test)}
    return frozenset(name for name in names - own if not hasattr(builtins, name))


_CALL = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\s{0,4}\(")
_OWN = re.compile(r"\b(?:def|class)\s+(\w+)")
