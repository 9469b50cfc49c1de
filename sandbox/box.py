"""`Sandbox`: workers behind one door, runs from any thread, results in order.

Not covered: other machines. This executor uses the local one.
"""

from __future__ import annotations

import os
import platform
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from rlvr_cpus import cpus_per_rank
from sandbox.builds import Builds
from sandbox.cases import AssertTests, FunctionTests, StdinTests, Tests
from sandbox.cgroups import find_parent, make_group
from sandbox.errors import BadTestsError, SandboxError, UnconfinedError
from sandbox.languages import Language, language_named
from sandbox.limits import Limits
from sandbox.modules import DEFAULT_MODULES, preloaded_for
from sandbox.outcome import Outcome, ProgramRun, Status, TestOutcome
from sandbox.runs.asserts import run_assert_tests
from sandbox.runs.functions import run_function_tests
from sandbox.runs.programs import launcher_paths, run_program, toolchain_of
from sandbox.runs.stdin import run_stdin_tests, text_bytes
from sandbox.runs.untested import run_compiled, run_python
from sandbox.selftest import require_confinement
from sandbox.settings import FILES_MB, launcher_settings, python_settings
from sandbox.worker import Worker, WorkerLostError

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from 3.11 on

Job: TypeAlias = "tuple[str, Tests]"
_Made = TypeVar("_Made", Outcome, ProgramRun)

REQUIRED = ("limits", "no_new_privs", "seccomp", "landlock")
_SOURCE_MAX_BYTES = 4_000_000
_LOADED_MAX = 3  # zygotes of one slot that have loaded modules; the oldest goes


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
        _without: Iterable[str] = (),
    ) -> None:
        if sys.platform != "linux":
            raise UnconfinedError(f"the sandbox needs Linux; this is {sys.platform}")
        self.limits = limits or Limits()
        self.worker_count = workers or cpus_per_rank()
        self._allowed = frozenset(allow_degraded)
        self._modules = tuple(DEFAULT_MODULES if modules is None else modules)
        self._files_mb = files_mb
        settings = python_settings(
            namespaces=namespaces, modules=self._modules, files_mb=files_mb, without=_without
        )
        self._namespaces = namespaces
        self._without = tuple(_without)
        self._groups, self._no_groups = _groups(cgroup)
        self._workers = [Worker(settings, self._groups) for _ in range(self.worker_count)]
        self._idle: queue.LifoQueue[int] = queue.LifoQueue()
        self._launchers: dict[tuple[int, str], Worker] = {}
        self._loaded: dict[tuple[int, tuple[str, ...], bool], Worker] = {}
        self._builds: Builds | None = None
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._closed = False
        try:
            self._require_layers(self._workers[0])
            require_confinement(self._workers[0], self._allowed)
            for worker in self._workers:
                worker.start()
        except WorkerLostError as error:
            self.close()
            raise UnconfinedError(f"no zygote could be started: {error}") from error
        except BaseException:
            self.close()
            raise
        for number in reversed(range(self.worker_count)):
            self._idle.put(number)

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
        chosen = limits or self.limits
        spoken = language_named(language)
        if len(source) > _SOURCE_MAX_BYTES:
            reason = f"a source of {len(source)} characters"
            failed = TestOutcome(status=Status.BAD_PROGRAM, reason=reason)
            return Outcome(status=Status.BAD_PROGRAM, tests=(failed,) * tests.total, reason=reason)

        def judged(worker: Worker, launcher: Worker | None) -> Outcome:
            if spoken is None or launcher is None:
                return _dispatch(worker, source, tests, chosen, fail_fast=fail_fast)
            return run_program(
                launcher, worker, self._compiled(), spoken, source, tests, chosen,
                fail_fast=fail_fast,
            )  # fmt: skip

        texts = [source, *(tests.tests if isinstance(tests, AssertTests) else ())]
        made = self._at_most_twice(judged, texts, spoken, chosen)
        return made if isinstance(made, Outcome) else _nothing_said(tests, made)

    def run_program(
        self,
        source: str,
        *,
        stdin: str | bytes = b"",
        language: str = "python",
        limits: Limits | None = None,
    ) -> ProgramRun:
        """Run a whole program without tests, confined as ever, and hand over what it printed.

        Args:
            source: the program.
            stdin: what it reads; text is encoded as UTF-8.
            language: what it is written in.
            limits: instead of the sandbox's own; `output_mb` holds for each of its two streams.
                More on stdout is an `OUTPUT_LIMIT`, more on stderr is thrown away.

        Returns:
            What it printed and how it ended. A failure of ours is tried once more on a fresh
            worker, and is an `INFRA_ERROR` then.

        Raises:
            BadTestsError: no language has that name.
            MissingToolchainError: the language needs a compiler that is not here.
        """
        chosen = limits or self.limits
        spoken = language_named(language)
        if len(source) > _SOURCE_MAX_BYTES:
            reason = f"a source of {len(source)} characters"
            return ProgramRun(status=Status.BAD_PROGRAM, reason=reason)
        given = stdin if isinstance(stdin, bytes) else text_bytes(stdin)

        def ran(worker: Worker, launcher: Worker | None) -> ProgramRun:
            if spoken is None or launcher is None:
                return run_python(worker, source, given, chosen)
            return run_compiled(launcher, self._compiled(), spoken, source, given, chosen)

        made = self._at_most_twice(ran, [source], spoken, chosen)
        if isinstance(made, ProgramRun):
            return made
        return ProgramRun(status=Status.INFRA_ERROR, reason=made)

    def _at_most_twice(
        self,
        work: Callable[[Worker, Worker | None], _Made],
        texts: Sequence[str],
        spoken: Language | None,
        limits: Limits,
    ) -> _Made | str:
        """What a worker makes of it, and a launcher of the language spoken; or why none could."""
        reason = ""
        for _ in range(2):
            with self._slot() as number:
                worker = self._python(
                    number,
                    () if spoken is not None else texts,
                    processes=spoken is None and limits.processes > 1,
                )
                launcher = None if spoken is None else self._launcher(number, spoken)
                try:
                    worker.start()
                    if launcher is not None:
                        launcher.start()
                    return work(worker, launcher)
                except (WorkerLostError, OSError) as error:  # no descriptor, no memory left
                    reason = str(error)
                    for lost in filter(None, (worker, launcher)):
                        lost.close()
                except BaseException:
                    for broken_off in filter(None, (worker, launcher)):
                        broken_off.abandon()
                    raise
        return reason

    def run_many(
        self,
        jobs: Iterable[Job],
        *,
        language: str = "python",
        limits: Limits | None = None,
        fail_fast: bool = False,
    ) -> list[Outcome]:
        """Run many programs, as many at a time as there are workers; outcomes in order."""
        return list(self.stream(jobs, language=language, limits=limits, fail_fast=fail_fast))

    def stream(
        self,
        jobs: Iterable[Job],
        *,
        language: str = "python",
        limits: Limits | None = None,
        fail_fast: bool = False,
    ) -> Iterator[Outcome]:
        """Outcomes in order, each as soon as it and those before it are there.

        Tests that cannot be used cost no other job its outcome: theirs is an `INFRA_ERROR` whose
        reason says so. Jobs are taken from the iterable only as they are needed.
        """
        ahead = 4 * self.worker_count
        pending: deque[Future[Outcome]] = deque()
        pool = ThreadPoolExecutor(self.worker_count, thread_name_prefix="sandbox")
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
            return _nothing_said(tests, f"the tests cannot be used: {error}")

    def report(self) -> dict[str, object]:
        """Which layers are active, which are not and why, and on what system."""
        facts = self._workers[0].facts
        layers = dict(facts.layers) if facts is not None else {}
        layers["cgroup"] = self._no_groups
        workers = (*self._workers, *self._loaded.values(), *self._launchers.values())
        groups = [w.group for w in workers if w.group]
        return {
            "active": sorted(name for name, why in layers.items() if why is None),
            "unavailable": {name: why for name, why in layers.items() if why is not None},
            "allowed_degraded": sorted(self._allowed),
            "workers": self.worker_count,
            "cgroups": {str(group.folder): {"cpu_s": group.cpu_s()} for group in groups},
            "uid": facts.uid if facts is not None else None,
            "kernel": platform.release(),
            "machine": platform.machine(),
            "python": facts.python if facts is not None else None,
        }

    def close(self) -> None:
        """End every worker and all that they started."""
        self._closed = True
        for worker in (*self._workers, *self._loaded.values(), *self._launchers.values()):
            worker.close()
        if self._builds is not None:
            self._builds.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _slot(self) -> Iterator[int]:
        """The number of a worker, and of the launchers beside it, that nobody else uses."""
        if self._closed:
            raise SandboxError("the sandbox is closed")
        if os.getpid() != self._owner:
            raise SandboxError("a sandbox does not survive a fork; make one in each process")
        number = self._idle.get()
        try:
            yield number
        finally:
            self._idle.put(number)

    def _compiled(self) -> Builds:
        with self._lock:
            if self._builds is None:
                self._builds = Builds()
            return self._builds

    def _python(self, number: int, texts: Sequence[str], *, processes: bool) -> Worker:
        """The slot's zygote that has loaded what these sources import, and may do what they may."""
        names = tuple(name for name in preloaded_for(texts) if name in self._modules)
        if not names and not processes:
            return self._workers[number]
        kept = (number, names, processes)
        worker = self._loaded.get(kept)
        if worker is None:
            others = [key for key in list(self._loaded) if key[0] == number]
            for key in others[: max(0, len(others) - _LOADED_MAX + 1)]:
                self._loaded.pop(key).close()
            settings = python_settings(
                namespaces=self._namespaces, modules=self._modules, preloaded=names,
                files_mb=self._files_mb, processes=processes, without=self._without,
            )  # fmt: skip
            worker = self._loaded[kept] = Worker(settings, self._groups)
            self._require_started(worker)
            why = worker.start().layers.get("processes", "namespaces are switched off")
            if processes and why is not None:
                self._loaded.pop(kept).close()
                raise UnconfinedError(f"Limits(processes=…) cannot be kept here: {why}")
        return worker

    def _launcher(self, number: int, language: Language) -> Worker:
        """The launcher of a language in this slot; only the slot's holder asks for it."""
        launcher = self._launchers.get((number, language.name))
        if launcher is None:
            readable, writable = launcher_paths(toolchain_of(language), self._compiled().root)
            settings = launcher_settings(
                namespaces=self._namespaces,
                readable=readable,
                writable=writable,
                without=self._without,
            )
            launcher = self._launchers[number, language.name] = Worker(settings, self._groups)
            self._require_started(launcher)
        return launcher

    def _require_started(self, worker: Worker) -> None:
        try:
            self._require_layers(worker)
        except WorkerLostError as error:
            raise UnconfinedError(f"no zygote could be started: {error}") from error

    def _require_layers(self, worker: Worker) -> None:
        layers = worker.start().layers
        missing = {
            name: layers.get(name, "unknown")
            for name in REQUIRED
            if layers.get(name, "unknown") is not None and name not in self._allowed
        }
        if missing:
            why = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
            accepted = "{" + ", ".join(repr(n) for n in sorted({*missing, *self._allowed})) + "}"
            raise UnconfinedError(
                f"this machine lacks a layer of confinement ({why}). To run untrusted programs "
                f"without, say so: Sandbox(allow_degraded={accepted})"
            )


def _groups(named: str | os.PathLike[str] | None) -> tuple[Path | None, str | None]:
    """The folder for groups, or why there is none."""
    try:
        if named is not None:
            make_group(Path(named)).close()
            return Path(named), None
        return find_parent(), None
    except OSError as error:
        why = f"errno {error.errno}: {error.strerror}"
        if named is not None:
            raise UnconfinedError(f"no group can be made in {named}: {why}") from error
        return None, why


def _nothing_said(tests: Tests, reason: str) -> Outcome:
    failed = TestOutcome(status=Status.INFRA_ERROR, reason=reason)
    return Outcome(status=Status.INFRA_ERROR, tests=(failed,) * tests.total, reason=reason)


def _dispatch(
    worker: Worker, source: str, tests: Tests, limits: Limits, *, fail_fast: bool
) -> Outcome:
    if isinstance(tests, FunctionTests):
        return run_function_tests(worker, source, tests, limits, fail_fast=fail_fast)
    if isinstance(tests, StdinTests):
        return run_stdin_tests(worker, source, tests, limits, fail_fast=fail_fast)
    return run_assert_tests(worker, source, tests, limits, fail_fast=fail_fast)
