"""What happened when a program met its tests, or ran without any.

Not covered: scores. How many points an outcome is worth is the reward's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Status(str, Enum):
    """How a test, or a whole run, ended."""

    ACCEPTED = "accepted"
    FINISHED = "finished"  # of a program without tests: it ended with exit code 0
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    COMPILE_ERROR = "compile_error"
    BAD_PROGRAM = "bad_program"
    INFRA_ERROR = "infra_error"

    def __str__(self) -> str:
        return self.value

    @property
    def is_ours(self) -> bool:
        """Whether the machine failed, not the program."""
        return self is Status.INFRA_ERROR


@dataclass(frozen=True, kw_only=True)
class TestOutcome:
    """How one test ended.

    Attributes:
        status: the verdict, made outside the program.
        reason: one sentence; what the program says of itself in it is cut short.
        wall_s: wall seconds from question to answer.
    """

    status: Status
    reason: str = ""
    wall_s: float = 0.0

    __test__ = False  # pytest: not a test class


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended: accepted only when every test was.

    Attributes:
        status: `ACCEPTED`, or the status of the first test that was not.
        tests: one outcome per test, in order; tests that a dead program never reached bear the
            status of its end.
        reason: one sentence about the run.
        cpu_s, wall_s, peak_mb: measured outside the process; a run of several processes adds
            the seconds and takes the largest peak.
    """

    status: Status
    tests: tuple[TestOutcome, ...] = ()
    reason: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0

    @property
    def passed(self) -> int:
        """How many tests were accepted."""
        return sum(test.status is Status.ACCEPTED for test in self.tests)

    @property
    def total(self) -> int:
        """How many tests there were."""
        return len(self.tests)


@dataclass(frozen=True, kw_only=True)
class ProgramRun:
    """How a whole program ended that was run without tests, and what it printed.

    Attributes:
        status: `FINISHED`, or what ended it otherwise. A `COMPILE_ERROR` is the compiler's word, or
            the parser's in Python; no program that has started can claim it.
        stdout, stderr: what it printed, decoded as UTF-8 with U+FFFD for bytes that are none, up to
            the limit on output. Where it did not compile, `stderr` is what the compiler said.
        return_code: its exit code, or minus the signal that ended it; `None` where it never
            started, or was ended at a limit.
        files: of those that were asked for, what was in them at the end, however it came.
        not_fetched: why each of the others is not there.
        reason: one sentence; what the program says of itself in it is cut short.
        cpu_s, wall_s, peak_mb: measured outside the process; compiling is not part of them.
    """

    status: Status
    stdout: str = ""
    stderr: str = ""
    return_code: int | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    not_fetched: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0
