"""A job, and what runs jobs: the interface behind which the local pool, Ray and a server stand.

Not covered: order and retries. `Sandbox` keeps the order of the jobs that it hands out, and hands
out once more what was lost; an executor runs one job when it is asked to, from any thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.cases import AssertTests, Tests
from sandbox.limits import Limits
from sandbox.outcome import Outcome, ProgramRun


@dataclass(frozen=True, kw_only=True)
class Job:
    """A program and what is wanted of it. It can be pickled.

    Attributes:
        source: the program.
        tests: what it must answer; `None` runs it as a whole without any.
        stdin: what it reads where it has no tests.
        files: what lies in its folder where it has no tests, by relative name.
        fetched: names of files to hand over after such a run.
        language: what it is written in.
        limits: of a test, and of all of them.
        fail_fast: stop at the first test that is not accepted.
    """

    source: str
    tests: Tests | None = None
    stdin: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    fetched: tuple[str, ...] = ()
    language: str = "python"
    limits: Limits
    fail_fast: bool = False

    @property
    def texts(self) -> Sequence[str]:
        """The sources whose imports count."""
        tests = self.tests.tests if isinstance(self.tests, AssertTests) else ()
        return [self.source, *tests]


class Executor(Protocol):
    """Runs jobs, from any thread, as many at a time as its capacity."""

    @property
    def capacity(self) -> int:
        """How many jobs it runs at the same time; more wait."""

    def run(self, job: Job) -> Outcome | ProgramRun:
        """Run a job, once: an `Outcome` where it has tests, else a `ProgramRun`.

        Raises:
            WorkerLostError: the job was lost (a worker, a node or a connection broke), which says
                nothing about the program; it may be handed out again.
            SandboxError: it cannot be run: `BadTestsError`, `MissingToolchainError`,
                `UnconfinedError`.
        """

    def report(self) -> Mapping[str, object]:
        """Which layers of confinement are active, which are not and why."""

    def close(self) -> None:
        """End all that it started."""
