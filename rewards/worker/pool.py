"""Runs one function on many pieces of data, each in a process that can be killed.

A pool may be used from any thread, and from a process forked from its owner's, which then starts
a server of its own. An asyncio task calls `run` through `asyncio.to_thread`: it blocks.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import weakref
from typing import TYPE_CHECKING

from rewards.worker.attempt import run_with_retry
from rewards.worker.budget import DEFAULT_BUDGET
from rewards.worker.plan import Plan
from rewards.worker.processes import Lease, Processes
from rewards.worker.result import Ending, TaskResult
from rewards.worker.server.child import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from rewards.worker.budget import Budget
    from rewards.worker.result import JSON


class WorkerPool:
    """A function in killable processes: at most `workers` at once, each doing many tasks.

    Args:
        function: `package.module:name`; called with JSON-decoded positional arguments, it
            returns JSON.
        workers: processes that may work at once; they start when they are first needed.
        budget: what one task may use.
        preload: modules to import once, before processes are forked.
        initializer: a function, named like `function`, called once after that with `initargs`.
        initargs: its arguments.
        path: directories that come first in the worker's import path.
        tasks_per_child: a process is replaced after so many tasks, or when it has
            grown by `growth_mb`, so that memory stays flat.
        growth_mb: see `tasks_per_child`.
        message_mb: cap on one task's arguments, and on its result, as JSON.
        start_timeout_s: wall seconds for starting a server and its imports.

    Raises:
        ValueError: a name is not of the form `package.module:name`, or `workers` is below 1.
        TypeError: `initargs` are not JSON.
    """

    _forks = sys.platform == "linux"  # elsewhere a fork after threads or frameworks is not safe

    def __init__(  # noqa: PLR0913  # options are keyword-only and have defaults
        self,
        function: str,
        *,
        workers: int = 1,
        budget: Budget = DEFAULT_BUDGET,
        preload: Sequence[str] = (),
        initializer: str | None = None,
        initargs: Sequence[JSON] = (),
        path: Sequence[str | os.PathLike[str]] = (),
        tasks_per_child: int = 2000,
        growth_mb: int = 256,
        message_mb: int = 64,
        start_timeout_s: float = 120.0,
    ) -> None:
        for name in (function, initializer):
            if name is not None and not all(name.partition(":")):
                raise ValueError(f"{name!r} is not of the form 'package.module:name'")
        if workers < 1:
            raise ValueError(f"workers={workers}: a pool needs at least one")
        if initargs and initializer is None:
            raise ValueError("initargs without an initializer to hand them to")
        self._plan = Plan(
            function=function,
            budget=budget,
            path=[os.path.abspath(entry) for entry in path],  # noqa: PTH100  # keeps symlinks
            fallback_path=[],
            preload=list(preload),
            initializer=initializer,
            initargs=list(initargs),
            tasks_per_child=tasks_per_child,
            growth_mb=growth_mb,
            message_mb=message_mb,
        )
        self._plan.to_json()  # a TypeError belongs here
        self._workers = workers
        self._processes = Processes(
            self._plan, workers=workers, start_timeout_s=start_timeout_s, forks=self._forks
        )
        _all_processes.add(self._processes)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._processes.closed

    def start(self) -> None:
        """Start the server and its imports now instead of in the first `run`.

        Raises:
            WorkerError: it cannot be started, or cannot import the function.
        """
        self._processes.ensure_own_server()
        self._processes.open_source()

    def run(self, *arguments: JSON) -> TaskResult:
        """Do one task; blocks, and may be called from many threads at once.

        Whatever concerns the task is in the result, its arguments not being JSON included.

        Raises:
            WorkerError: no worker can be started, or the pool was closed.
        """
        return self._do(arguments)

    def run_many(self, tasks: Iterable[Sequence[JSON]]) -> Iterator[TaskResult]:
        """Do many tasks on all workers: one result per task, in order.

        `tasks` is read a bounded number of tasks ahead of what was consumed.

        Raises:
            WorkerError: as `run`.
        """
        if self._workers == 1:
            return map(self._do, tasks)
        from rewards.worker.stream import in_order  # concurrent.futures, 10 ms

        return in_order(self._do, tasks, threads=self._workers)

    def close(self) -> None:
        """End every process; `run` raises from now on, in other threads too."""
        self._processes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Half-built, or the interpreter is going down and every global name is None by now:
        # what stands here may use builtins alone.
        try:  # noqa: SIM105
            self.close()
        except Exception:  # noqa: BLE001, S110
            pass

    def _do(self, arguments: Sequence[JSON]) -> TaskResult:
        try:
            body = json.dumps(list(arguments)).encode()
        except (TypeError, ValueError, RecursionError) as why:
            return _not_sent(f"the arguments are not JSON: {describe(why)}")
        if len(body) > self._plan.max_bytes:
            return _not_sent(
                f"the arguments' {len(body):,} bytes are above the cap of "
                f"{self._plan.max_bytes:,} (message_mb={self._plan.message_mb})"
            )
        processes, lease = self._processes, Lease()
        processes.ensure_own_server()
        try:
            processes.lease_to(lease)
            return run_with_retry(processes, lease, body)
        finally:
            try:
                processes.give_back(lease)
            except BaseException:  # Ctrl-C landed in there, and it may be done twice
                processes.give_back(lease)
                raise


def _not_sent(error: str) -> TaskResult:
    return TaskResult(Ending.FAILED, None, error, 0.0, 0.0, 0)


_all_processes: weakref.WeakSet[Processes] = weakref.WeakSet()


def _close_all() -> None:
    for processes in list(_all_processes):
        processes.close()


def _reset_all() -> None:
    for processes in list(_all_processes):
        processes.reset()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
