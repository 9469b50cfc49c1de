"""A row's tests as the sandbox takes them: asserts, printed lines, or calls of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.errors import InputError
from rewards.programs.assert_parts import split_asserts
from rewards.programs.given_source import lacks_entry
from rewards.programs.program_tests import ProgramTests

if TYPE_CHECKING:
    from sandbox.cases import Tests

_NO_ENTRY = (
    "nothing names what to call: give its name (Solution().twoSum) as `entry_point`, a column or a "
    "key beside the tests, or with --entry"
)


def sandbox_tests(read: ProgramTests, *, tolerance: float, in_process: bool) -> Tests:
    """The tests, made once for the programs that meet them.

    Args:
        read: the row's tests.
        tolerance: allowed difference between numbers where the row states none.
        in_process: judge asserts in the program's own process where there is no other way.

    Raises:
        InputError: the row does not say what to call.
        BadTestsError: the sandbox refuses them.
    """
    from sandbox import (
        AssertTests,
        Case,
        Comparison,
        FunctionTests,
        Order,
        StdinTests,
    )

    if read.facts.tolerance is not None:
        tolerance = read.facts.tolerance
    if read.asserts:
        if not read.entry and any(lacks_entry(test) for test in read.asserts):
            raise InputError(f"the tests define check(candidate), but {_NO_ENTRY}")
        parts = split_asserts(read.asserts[0]) if len(read.asserts) == 1 else read.asserts
        in_class = any("Solution" in text for text in (read.entry or "", *read.asserts))
        return AssertTests(
            parts,
            entry=read.entry,
            prelude=read.prelude,
            setup=read.setup,
            platform_names=in_class,
            parts=len(parts) > len(read.asserts),
            in_process=in_process,
        )
    if read.prints:
        prints = [Case(stdin=case.stdin, expected=case.expected) for case in read.prints]
        return StdinTests(
            prints, tolerance=tolerance, checker=read.checker, by_line=read.facts.exact
        )
    if not read.entry:
        raise InputError(f"these are cases of a function, but {_NO_ENTRY}")
    calls = [
        Case(args=case.args, kwargs=case.kwargs, expected=case.expected)
        if case.has_expected
        else Case(args=case.args, kwargs=case.kwargs)
        for case in read.functions
    ]
    comparison = Comparison(
        tolerance=tolerance,
        order=Order.ANY if read.facts.any_order else Order.EXACT,
        json_keys=read.json_keys,
    )
    return FunctionTests(
        read.entry, calls, comparison=comparison, prelude=read.prelude, checker=read.checker,
        platform_names=True, loose=read.loose, in_place=read.in_place,
    )  # fmt: skip
