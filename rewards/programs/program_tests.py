"""A row's tests in one shape, whatever shape the row had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rewards.programs.facts import Facts


@dataclass(frozen=True, kw_only=True)
class FunctionCase:
    """Arguments, and what the function must return.

    Attributes:
        args, kwargs: the arguments.
        expected: the answer; `has_expected` says whether there is one.
        from_text: the arguments were text, so their names are the author's own.
        wraps: the answer may be wrapped in a list of one, if every answer of the row is.
    """

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)
    expected: object = None
    has_expected: bool = True
    from_text: bool = False
    wraps: bool = False
    typed: bool = False


@dataclass(frozen=True, kw_only=True)
class StdinCase:
    """What a program reads, and what it must print."""

    stdin: str
    expected: str
    has_expected: bool = True


@dataclass(frozen=True, kw_only=True)
class ProgramTests:
    """A row's tests in one shape: exactly one of the three lists is filled.

    Attributes:
        functions, prints, asserts: the tests.
        entry: what is called, where the row says so.
        prelude: source that goes before the program, which may see it.
        setup: trusted source that goes before the tests alone.
        stub: the Python prompt that a program may continue instead of standing alone.
        checker: trusted source that judges the answers of functions and prints.
        json_keys: what is expected came through JSON, which makes texts of keys.
        loose: names of arguments are the author's; lists stand for linked lists and trees.
        in_place: whether a function may answer by changing its first argument.
        public_only: the row has nothing but the samples that its prompt shows.
        facts: limits and conventions that the row states.
    """

    functions: tuple[FunctionCase, ...] = ()
    prints: tuple[StdinCase, ...] = ()
    asserts: tuple[str, ...] = ()
    entry: str | None = None
    prelude: str = ""
    setup: str = ""
    stub: str = ""
    checker: str | None = None
    json_keys: bool = False
    loose: bool = False
    in_place: bool = False
    public_only: bool = False
    facts: Facts = Facts()  # noqa: RUF009 - frozen
