"""`Sandbox`: programs in, outcomes out, from any thread and in order, whoever runs them.

Not covered: where they are run; that is the executor's business.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from sandbox.cases import Tests
from sandbox.errors import BadFilesError, BadTestsError, UnconfinedError
from sandbox.executors.job import Executor, Job
from sandbox.executors.local import REQUIRED, LocalPool
from sandbox.languages import language_named
from sandbox.limits import Limits
from sandbox.outcome import Outcome, ProgramRun, Status, TestOutcome
from sandbox.run_files import check_fetched, check_given
from sandbox.runs.stdin import text_bytes
from sandbox.settings import FILES_MB
from sandbox.worker import WorkerLostError

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from 3.11 on

__all__ = ["REQUIRED", "Sandbox"]

Tested: TypeAlias = "tuple[str, Tests]"

_SOURCE_MAX_BYTES = 4_000_000


class Sandbox:
    """Runs untrusted programs against tests. Use it as a context manager, from any thread.

    Args:
        workers: zygotes, which is how many programs run at the same time; by default one per
            CPU this process may use.
        limits: limits of a run that brings none of its own.
        namespaces: enter namespaces where the kernel allows it.
        allow_degraded: names of required layers that may be missing: `limits`, `no_new_privs`,
            `seccomp`, `landlock`.
        modules: third-party modules Python programs may import, with all that they need in turn;
            those that are not installed are left out. The heavy ones (numpy, pandas, …) are
            loaded once, in a zygote for programs that import them.
        files_mb: what a Python program may keep in its files, in all, while it runs: it starts
            in an empty folder of its own that is gone after the run, and that the tests of that
            run see too. 0 for no files. Where it cannot be had `report()` says why.
        cgroup: a delegated cgroup v2 folder in which each worker gets a group with limits of its
            own; by default this process's, where that can be done. One that is named is required.
        build_cache: a folder of yours, closed to others, in which compiled programs are kept from
            session to session, in 512 MB at most; "on" for the one below `~/.cache`, "off" for
            none. By default what the variable `RLVR_BUILD_CACHE` says, which is "off" when unset.
        executor: what runs the programs instead of this machine (`RayPool`, say); it has options
            of its own, and of those above only `limits` holds then. It is closed with the sandbox.

    Raises:
        UnconfinedError: not Linux, or a required layer is missing and not in `allow_degraded`.
    """

    def __init__(  # noqa: PLR0913 - options, by keyword
        self,
        *,
        workers: int | None = None,
        limits: Limits | None = None,
        namespaces: bool = True,
        allow_degraded: Iterable[str] = (),
        modules: Sequence[str] | None = None,
        files_mb: float = FILES_MB,
        cgroup: str | os.PathLike[str] | None = None,
        build_cache: str | os.PathLike[str] | None = None,
        executor: Executor | None = None,
        _without: Iterable[str] = (),
    ) -> None:
        if executor is None:
            if sys.platform != "linux":
                raise UnconfinedError(f"the sandbox needs Linux; this is {sys.platform}")
            executor = LocalPool(
                workers=workers, namespaces=namespaces, allow_degraded=allow_degraded,
                modules=modules, files_mb=files_mb, cgroup=cgroup, build_cache=build_cache,
                without=_without,
            )  # fmt: skip
        self.limits = limits or Limits()
        self.executor = executor

    def run(
        self,
        source: str,
        tests: Tests,
        *,
        language: str = "python",
        limits: Limits | None = None,
        fail_fast: bool = False,
    ) -> Outcome:
        """Run one program against its tests.

        Args:
            source: the program.
            tests: what it must answer.
            language: what it is written in.
            limits: instead of the sandbox's own.
            fail_fast: stop at the first test that is not accepted.

        Returns:
            The outcome. A failure of ours is tried once more on a fresh worker, and is an
            `INFRA_ERROR` then.

        Raises:
            BadTestsError: the tests cannot be used.
            MissingToolchainError: the language needs a compiler that is not here.
        """
        language_named(language)
        if len(source) > _SOURCE_MAX_BYTES:
            return _of_all(tests, Status.BAD_PROGRAM, f"a source of {len(source)} characters")
        chosen = limits or self.limits
        job = Job(source=source, tests=tests, language=language, limits=chosen, fail_fast=fail_fast)
        made = self._at_most_twice(job)
        return made if isinstance(made, Outcome) else _of_all(tests, Status.INFRA_ERROR, str(made))

    def run_program(  # noqa: PLR0913 - options, by keyword
        self,
        source: str,
        *,
        stdin: str | bytes = b"",
        files: Mapping[str, bytes] | None = None,
        fetch_files: Iterable[str] = (),
        language: str = "python",
        limits: Limits | None = None,
    ) -> ProgramRun:
        """Run a whole program without tests, confined as ever, and hand over what it printed.

        Args:
            source: the program.
            stdin: what it reads; text is encoded as UTF-8.
            files: what lies in its folder when it starts, within the quota `files_mb`: relative
                names, `data/in.csv`, of at most 256 files. Modules among them can be imported. Only
                Python programs have a folder.
            fetch_files: names of at most 32 files to hand over when it has ended, however that
                was. No link is followed; together they hold at most `output_mb`.
            language: what it is written in.
            limits: instead of the sandbox's own; `output_mb` holds for each of its two streams.
                More on stdout is an `OUTPUT_LIMIT`, more on stderr is thrown away.

        Returns:
            What it printed and how it ended. A failure of ours is tried once more on a fresh
            worker, and is an `INFRA_ERROR` then.

        Raises:
            BadFilesError: a name leads out of the folder, there are too many files, they do not
                fit into it, or it is no Python program.
            BadTestsError: no language has that name.
            MissingToolchainError: the language needs a compiler that is not here.
        """
        spoken = language_named(language)
        given_files, fetched = dict(files or {}), check_fetched(fetch_files)
        check_given(given_files)
        if spoken is not None and (given_files or fetched):
            raise BadFilesError(f"programs in {language} have no folder of files; Python's have")
        if len(source) > _SOURCE_MAX_BYTES:
            reason = f"a source of {len(source)} characters"
            return ProgramRun(status=Status.BAD_PROGRAM, reason=reason)
        given = stdin if isinstance(stdin, bytes) else text_bytes(stdin)
        chosen = limits or self.limits
        made = self._at_most_twice(
            Job(
                source=source, stdin=given, files=given_files, fetched=fetched,
                language=language, limits=chosen,
            )
        )  # fmt: skip
        if isinstance(made, ProgramRun):
            return made
        return ProgramRun(status=Status.INFRA_ERROR, reason=str(made))

    def _at_most_twice(self, job: Job) -> Outcome | ProgramRun | str:
        """What comes of a job, or why it was lost twice."""
        with suppress(WorkerLostError):
            return self.executor.run(job)
        try:
            return self.executor.run(job)
        except WorkerLostError as error:
            return str(error)

    def run_many(
        self,
        jobs: Iterable[Tested],
        *,
        language: str = "python",
        limits: Limits | None = None,
        fail_fast: bool = False,
    ) -> list[Outcome]:
        """Run many programs, as many at a time as there are workers; outcomes in order."""
        return list(self.stream(jobs, language=language, limits=limits, fail_fast=fail_fast))

    def stream(
        self,
        jobs: Iterable[Tested],
        *,
        language: str = "python",
        limits: Limits | None = None,
        fail_fast: bool = False,
    ) -> Iterator[Outcome]:
        """Outcomes in order, each as soon as it and those before it are there.

        Tests that cannot be used cost no other job its outcome: theirs is an `INFRA_ERROR` whose
        reason says so. Jobs are taken from the iterable only as they are needed.
        """
        ahead = 4 * self.executor.capacity
        pending: deque[Future[Outcome]] = deque()
        pool = ThreadPoolExecutor(self.executor.capacity, thread_name_prefix="sandbox")
        try:
            for source, tests in jobs:
                pending.append(
                    pool.submit(
                        self._run_or_explain, source, tests, language=language, limits=limits,
                        fail_fast=fail_fast,
                    )
                )  # fmt: skip
                if len(pending) >= ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _run_or_explain(
        self, source: str, tests: Tests, *, language: str, limits: Limits | None, fail_fast: bool
    ) -> Outcome:
        try:
            return self.run(source, tests, language=language, limits=limits, fail_fast=fail_fast)
        except BadTestsError as error:
            return _of_all(tests, Status.INFRA_ERROR, f"the tests cannot be used: {error}")

    def report(self) -> Mapping[str, object]:
        """Which layers are active, which are not and why, and on what system."""
        return self.executor.report()

    def close(self) -> None:
        """End every worker and all that they started."""
        self.executor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _of_all(tests: Tests, status: Status, reason: str) -> Outcome:
    each = TestOutcome(status=status, reason=reason)
    return Outcome(status=status, tests=(each,) * tests.total, reason=reason)
