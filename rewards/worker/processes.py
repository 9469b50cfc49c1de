"""The processes of one pool: leased to threads, replaced when lost, started afresh after a fork."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from rewards.errors import WorkerError
from rewards.worker.link import ServerLostError

if TYPE_CHECKING:
    from rewards.worker.link import Link, Source
    from rewards.worker.plan import Plan

_log = logging.getLogger(__name__)


class Lease:
    """One caller's hold on a worker; `busy` from the first byte sent to the last received."""

    __slots__ = ("busy", "link", "source")

    def __init__(self) -> None:
        self.source: Source | None = None
        self.link: Link | None = None
        self.busy = False


class Processes:
    """At most `workers` leased processes and the source they come from; thread-safe.

    `forks` chooses the source: a server that forks, or processes that answer by themselves.
    """

    def __init__(self, plan: Plan, *, workers: int, start_timeout_s: float, forks: bool) -> None:
        self.plan = plan
        self.closed = False
        self._workers = workers
        self._start_timeout_s = start_timeout_s
        self._forks = forks
        self._source: Source | None = None
        self._begin()

    def _begin(self) -> None:
        """The state of processes that nobody has used in this process."""
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._freed = threading.Condition(self._lock)
        self._starting = threading.Lock()
        self._idle: list[Link] = []
        self._leases: set[Lease] = set()

    def ensure_own_server(self) -> None:
        """Make sure that this process talks to a server of its own."""
        if self._pid != os.getpid():  # forked from C, past `os.register_at_fork`
            self.reset()

    def reset(self) -> None:
        """In a forked process: the pipes are the parent's, and so are the locks."""
        source, self._source = self._source, None
        self._begin()
        if source is not None:
            source.forget()

    def lease_to(self, lease: Lease) -> None:
        """Wait until a process may be used, and take an idle one if there is one."""
        with self._lock:
            while len(self._leases) >= self._workers and not self.closed:
                # The time limit heals a wake-up that Ctrl-C swallowed in another thread.
                self._freed.wait(1.0)
            self._leases.add(lease)
            lease.source = self._source
            if self._idle:
                # In this order an interrupt loses no link: `give_back` finds it in both.
                lease.link = self._idle[-1]
                del self._idle[-1]

    def give_back(self, lease: Lease) -> None:
        """End the lease; its process is kept unless it is in the middle of something."""
        if lease.busy or self.closed or lease.source is not self._source:
            self.end_link(lease)
        with self._lock:
            self._leases.discard(lease)
            if lease.link is not None and lease.link not in self._idle:
                self._idle.append(lease.link)
            lease.link = None
            self._freed.notify()

    def ready_link(self, lease: Lease) -> Link:
        """A process that waits for a task: the lease's own, or a fresh one.

        Raises:
            ServerLostError: the server has gone; `lose` the lease and try again.
            WorkerError: no server can be started.
        """
        source = self.open_source()
        if lease.link is not None:
            if lease.source is source and lease.link.is_quiet():
                return lease.link
            self.end_link(lease)  # killed while it was idle: no attempt was made
        lease.source = source
        source.trim_log()
        lease.link = source.spawn()
        return lease.link

    def end_link(self, lease: Lease) -> None:
        """End the lease's process, if it has one."""
        if lease.link is not None:
            with contextlib.suppress(ServerLostError):
                lease.link.end()  # before we forget it: an interrupt in here comes back
        lease.link, lease.busy = None, False

    def drop_server(self, lease: Lease) -> None:
        """Drop a server that has gone, so that the next attempt starts another."""
        self.end_link(lease)
        source, lease.source = lease.source, None
        if source is None:
            return
        with self._lock:
            ours = self._source is source
            idle: list[Link] = []
            if ours:
                self._source = None
                idle, self._idle = self._idle, []
        if ours and not self.closed:
            _log.warning("the worker server for %s was lost; restarting", self.plan.function)
        source.close()
        for link in idle:
            link.close()

    def open_source(self) -> Source:
        """The source, started if need be.

        Raises:
            WorkerError: it cannot be started, or the pool is closed.
        """
        if self._source is not None:
            return self._source
        with self._starting:
            if self.closed:
                raise self._closed_error()
            if self._source is not None:
                return self._source
            source = self._make_source()
            with self._lock:
                if not self.closed:
                    self._source = source
                    return source
        source.close()
        raise self._closed_error()

    def _closed_error(self) -> WorkerError:
        return WorkerError(f"the worker pool for {self.plan.function} is closed")

    def _make_source(self) -> Source:
        # The path as it is now: the caller may have extended it since the pool was made. What is
        # relative depends on a working directory.
        plan = replace(self.plan, fallback_path=[p for p in sys.path if os.path.isabs(p)])  # noqa: PTH117
        if self._forks:
            from rewards.worker.forked_link import ForkServer  # Linux only

            return ForkServer(plan, self._start_timeout_s)
        from rewards.worker.direct_link import DirectSource  # not needed on Linux

        return DirectSource(plan, self._start_timeout_s)

    def close(self) -> None:
        """End every process; a task under way in another thread ends with `WorkerError`."""
        self.closed = True
        self.ensure_own_server()
        with self._lock:
            source, self._source = self._source, None
            idle, self._idle = self._idle, []
            self._freed.notify_all()
        if source is not None:
            source.close()
        for link in idle:
            link.close()

    def log_tail(self, lease: Lease) -> str:
        """The last standard error of the lease's processes."""
        return lease.source.log_tail() if lease.source is not None else ""
