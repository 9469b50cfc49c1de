"""The tests a program can be given: function calls, standard input, assert source.

Not covered: reading them out of datasets; that is `rewards.rules.program`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sandbox.compare import EXACTLY, Comparison
from sandbox.errors import BadTestsError

_UNSET = object()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call in a sequence: `method(*args)` on the object that the first step constructed."""

    method: str
    args: tuple[object, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One test case.

    Attributes:
        args, kwargs: what a function is called with.
        expected: what it must return, or print for a case with `stdin`. Never enters the process.
        expected_args: by position, what an argument must have become after the call.
        steps: instead of `args`: a constructor call, then methods of the object; `expected` lists
            what each of them returns, the constructor's `None` included.
        stdin: what a program reads.
    """

    args: Sequence[object] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)
    expected: object = _UNSET
    expected_args: Mapping[int, object] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    stdin: str | bytes | None = None

    @property
    def has_expected(self) -> bool:
        """Whether a value to return was given (`None` is one)."""
        return self.expected is not _UNSET


@dataclass(frozen=True)
class FunctionTests:
    """Calls of one function: arguments go in one case at a time, values come back.

    Attributes:
        entry: `"add"`, or a path such as `"Solution().twoSum"`; for cases with steps, the class.
        cases: the calls.
        comparison: how answers are compared.
        prelude: source that runs before the program (imports, helper classes): it may see it.
        platform_names: give the program the names that judges of function problems import for
            it (`List`, `Counter`, `inf`, …).
        loose: the data came as text: names of keywords may be other than the program's, and lists
            stand for linked lists and trees where the program's signature says so.
        in_place: a function that returns nothing may answer by changing its first argument, where
            that can change and some case asks for a change.
        checker: trusted source, for cases with several right answers, see below.

    A checker defines `check(given, expected, answer)` and returns True or False, or one of them
    with a reason. It replaces the comparison of what is returned or printed and runs confined,
    in a process of its own, after the program. `given` is the tuple of a case's arguments (those
    by keyword follow as a dict), its list of steps, or its stdin; `expected` is None where the
    case has nothing. `answer` is whatever the program made: a checker must expect any type.

    Raises:
        BadTestsError: no case, or one without anything to expect.
    """

    entry: str
    cases: Sequence[Case]
    comparison: Comparison = EXACTLY
    prelude: str = ""
    checker: str | None = None
    platform_names: bool = False
    loose: bool = False
    in_place: bool = False

    def __post_init__(self) -> None:
        _require_cases(self.cases)
        for position, case in enumerate(self.cases):
            if case.stdin is not None:
                raise BadTestsError(f"case {position} of {self.entry!r} has stdin; use StdinTests")
            if not (case.has_expected or case.expected_args or self.checker):
                raise BadTestsError(f"case {position} of {self.entry!r} expects nothing")

    @property
    def total(self) -> int:
        """How many tests these are."""
        return len(self.cases)


@dataclass(frozen=True)
class StdinTests:
    """Runs of a whole program: text in, text out.

    Attributes:
        cases: each with `stdin` and an `expected` text.
        by_line: compare whole lines, spacing within them included, instead of tokens.
        tolerance: allowed difference between numbers printed.
        checker: as in `FunctionTests`; `answer` is the printed text.

    Raises:
        BadTestsError: no case, or one whose stdin or expected text is missing.
    """

    cases: Sequence[Case]
    by_line: bool = False
    tolerance: float = 0.0
    checker: str | None = None

    def __post_init__(self) -> None:
        _require_cases(self.cases)
        for position, case in enumerate(self.cases):
            expects = isinstance(case.expected, str) or bool(self.checker)
            if case.stdin is None or not expects:
                raise BadTestsError(f"case {position} needs stdin and an expected text")

    @property
    def total(self) -> int:
        """How many tests these are."""
        return len(self.cases)


@dataclass(frozen=True)
class AssertTests:
    """Trusted test source that asserts; in Python the program answers from another process.

    Attributes:
        tests: assert statements, one test each; or one source that defines `check(candidate)`.
        entry: what `check` is called with, such as `"Solution().twoSum"`; without it the source
            itself does the calling.
        prelude: source that runs before the program and before the tests (imports, helper
            classes), in either process: what the program may see.
        setup: trusted source that runs before the tests alone, and that the program never sees.
        platform_names: as in `FunctionTests`.
        parts: the tests are parts of one source, of which some need not use the program.
        in_process: accept that the tests run in the program's own process, which can then forge
            their success, where its functions take or return what a judge of another language
            cannot hold (structures of C, say).

    In other languages the tests run in a process of their own too, see `sandbox.languages.remote`.

    Raises:
        BadTestsError: there is no test.
    """

    tests: Sequence[str]
    entry: str | None = None
    prelude: str = ""
    setup: str = ""
    platform_names: bool = False
    parts: bool = False
    in_process: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.tests, str):
            object.__setattr__(self, "tests", (self.tests,))
        if not any(test.strip() for test in self.tests):
            raise BadTestsError("there is no test: nothing could fail")

    @property
    def total(self) -> int:
        """How many tests these are."""
        return len(self.tests)


Tests: TypeAlias = "FunctionTests | StdinTests | AssertTests"


def _require_cases(cases: Sequence[Case]) -> None:
    if not cases:
        raise BadTestsError("there is no case: nothing could fail")
