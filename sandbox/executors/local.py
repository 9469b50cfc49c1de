"""The local executor: zygotes of this machine, as many jobs at a time as there are slots.

Not covered: retrying what was lost; whoever hands out jobs does that.
"""

from __future__ import annotations

import os
import platform
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rlvr_cpus import cpus_per_rank
from sandbox.build_store import named_store
from sandbox.builds import Builds
from sandbox.cases import FunctionTests, StdinTests
from sandbox.cgroups import find_parent, make_group
from sandbox.errors import SandboxError, UnconfinedError
from sandbox.executors.job import Job
from sandbox.languages import Language, language_named
from sandbox.modules import DEFAULT_MODULES, preloaded_for
from sandbox.outcome import Outcome, ProgramRun
from sandbox.runs.asserts import run_assert_tests
from sandbox.runs.functions import run_function_tests
from sandbox.runs.programs import launcher_paths, run_program, toolchain_of
from sandbox.runs.stdin import run_stdin_tests
from sandbox.runs.untested import run_compiled, run_python
from sandbox.selftest import require_confinement
from sandbox.settings import FILES_MB, launcher_settings, python_settings
from sandbox.worker import Facts, Worker, WorkerLostError

REQUIRED = ("limits", "no_new_privs", "seccomp", "landlock")
_LOADED_MAX = 3  # zygotes of one slot that have loaded modules; the oldest goes


class LocalPool:
    """Runs jobs on this machine. Its options are those of `sandbox.Sandbox`.

    Raises:
        UnconfinedError: a required layer is missing and not in `allow_degraded`.
    """

    def __init__(  # noqa: PLR0913 - options, by keyword
        self,
        *,
        workers: int | None = None,
        namespaces: bool = True,
        allow_degraded: Iterable[str] = (),
        modules: Sequence[str] | None = None,
        files_mb: float = FILES_MB,
        cgroup: str | os.PathLike[str] | None = None,
        build_cache: str | os.PathLike[str] | None = None,
        without: Iterable[str] = (),
    ) -> None:
        self.capacity = workers or cpus_per_rank()
        self._allowed = frozenset(allow_degraded)
        self._modules = tuple(DEFAULT_MODULES if modules is None else modules)
        self._namespaces = namespaces
        self._files_mb = files_mb
        self._without = tuple(without)
        self._store = named_store(build_cache)
        settings = python_settings(
            namespaces=namespaces, modules=self._modules, files_mb=files_mb, without=self._without
        )
        self._groups, self._no_groups = _groups(cgroup)
        self.workers = [Worker(settings, self._groups) for _ in range(self.capacity)]
        self._idle: queue.LifoQueue[int] = queue.LifoQueue()
        self._launchers: dict[tuple[int, str], Worker] = {}
        self.loaded: dict[tuple[int, tuple[str, ...], bool], Worker] = {}
        self.builds: Builds | None = None
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._closed = False
        try:
            self._facts = self._require_layers(self.workers[0])
            require_confinement(self.workers[0], self._allowed)
            for worker in self.workers:
                worker.start()
        except WorkerLostError as error:
            self.close()
            raise UnconfinedError(f"no zygote could be started: {error}") from error
        except BaseException:
            self.close()
            raise
        for number in reversed(range(self.capacity)):
            self._idle.put(number)

    def run(self, job: Job) -> Outcome | ProgramRun:
        """Run a job, once.

        Raises:
            WorkerLostError: it says nothing about the program; the next one gets a fresh worker.
            BadTestsError: its tests cannot be used.
            MissingToolchainError: its language needs a compiler that is not here.
            UnconfinedError: its limits cannot be kept here.
        """
        spoken = language_named(job.language)
        with self._slot() as number:
            worker = self._python(
                number,
                () if spoken is not None else job.texts,
                processes=spoken is None and job.limits.processes > 1,
            )
            launcher = None if spoken is None else self._launcher(number, spoken)
            held = [worker] if launcher is None else [worker, launcher]
            try:
                for each in held:
                    each.start()
                if spoken is None or launcher is None:
                    return _run_python(worker, job)
                return _run_compiled(launcher, worker, self._compiled(), spoken, job)
            except (WorkerLostError, OSError) as error:  # no descriptor, no memory left
                for lost in held:
                    lost.close()
                raise WorkerLostError(str(error)) from error
            except BaseException:
                for broken_off in held:
                    broken_off.abandon()
                raise

    def report(self) -> dict[str, object]:
        """Which layers are active, which are not and why, and on what system."""
        facts = self._facts
        layers = dict(facts.layers)
        layers["cgroup"] = self._no_groups
        workers = (*self.workers, *self.loaded.values(), *self._launchers.values())
        groups = [w.group for w in workers if w.group]
        return {
            "active": sorted(name for name, why in layers.items() if why is None),
            "unavailable": {name: why for name, why in layers.items() if why is not None},
            "allowed_degraded": sorted(self._allowed),
            "workers": self.capacity,
            "cgroups": {str(group.folder): {"cpu_s": group.cpu_s()} for group in groups},
            "uid": facts.uid,
            "kernel": platform.release(),
            "machine": platform.machine(),
            "python": facts.python,
        }

    def close(self) -> None:
        """End every worker and all that they started."""
        self._closed = True
        for worker in (*self.workers, *self.loaded.values(), *self._launchers.values()):
            worker.close()
        if self.builds is not None:
            self.builds.close()

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
            if self.builds is None:
                self.builds = Builds(self._store)
            return self.builds

    def _python(self, number: int, texts: Sequence[str], *, processes: bool) -> Worker:
        """The slot's zygote that has loaded what these sources import, and may do what they may."""
        names = tuple(name for name in preloaded_for(texts) if name in self._modules)
        if not names and not processes:
            return self.workers[number]
        kept = (number, names, processes)
        worker = self.loaded.get(kept)
        if worker is None:
            others = [key for key in list(self.loaded) if key[0] == number]
            for key in others[: max(0, len(others) - _LOADED_MAX + 1)]:
                self.loaded.pop(key).close()
            settings = python_settings(
                namespaces=self._namespaces, modules=self._modules, preloaded=names,
                files_mb=self._files_mb, processes=processes, without=self._without,
            )  # fmt: skip
            worker = self.loaded[kept] = Worker(settings, self._groups)
            self._require_started(worker)
            why = worker.start().layers.get("processes", "namespaces are switched off")
            if processes and why is not None:
                self.loaded.pop(kept).close()
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

    def _require_layers(self, worker: Worker) -> Facts:
        facts = worker.start()
        layers = facts.layers
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
        return facts


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


def _run_python(worker: Worker, job: Job) -> Outcome | ProgramRun:
    tests, source, limits = job.tests, job.source, job.limits
    if tests is None:
        return run_python(worker, job)
    if isinstance(tests, FunctionTests):
        return run_function_tests(worker, source, tests, limits, fail_fast=job.fail_fast)
    if isinstance(tests, StdinTests):
        return run_stdin_tests(worker, source, tests, limits, fail_fast=job.fail_fast)
    return run_assert_tests(worker, source, tests, limits, fail_fast=job.fail_fast)


def _run_compiled(
    launcher: Worker, worker: Worker, builds: Builds, language: Language, job: Job
) -> Outcome | ProgramRun:
    if job.tests is None:
        return run_compiled(launcher, builds, language, job.source, job.stdin, job.limits)
    return run_program(
        launcher, worker, builds, language, job.source, job.tests, job.limits,
        fail_fast=job.fail_fast,
    )  # fmt: skip
