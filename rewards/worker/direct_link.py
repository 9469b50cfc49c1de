"""The parent's end of processes that answer by themselves, where nothing can be forked.

Slower after a kill (the interpreter starts and imports again), otherwise the same promises as
`forked`, except: the CPU of a killed process is unknown, memory is limited on Linux only, and
Windows has no CPU limit, so that the wall limit must catch what burns CPU there.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from rewards.worker import frames
from rewards.worker.control import READY
from rewards.worker.launch import Log, launch, refuse, stop
from rewards.worker.link import Death
from rewards.worker.server.limits import HAS_CPU_TIMER

if TYPE_CHECKING:
    from rewards.worker.plan import Plan

_HEAD_BYTES = 1 << 16  # what a reply holds besides its value


class DirectSource:
    """Starts one process after another; see `Source`."""

    def __init__(self, plan: Plan, start_timeout_s: float) -> None:
        self.plan = plan
        self._start_timeout_s = start_timeout_s
        self._log = Log()
        self._processes: set[DirectProcess] = set()
        # Fails early, like a fork server, when the function cannot be imported.
        self._first: DirectProcess | None = None
        try:
            self._first = self._start()
        except BaseException:
            self.close()
            raise

    def spawn(self) -> DirectProcess:
        """A fresh process."""
        first, self._first = self._first, None
        return first if first is not None else self._start()

    def _start(self) -> DirectProcess:
        process = launch(
            "direct", self.plan, self._log, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        link = DirectProcess(self, process)
        self._processes.add(link)
        try:
            answer = link.exchange(0, self.plan.to_json(), self._start_timeout_s)
            reason = "" if answer == READY else answer.decode()
        except TimeoutError:
            reason = f"not ready after {self._start_timeout_s:g} s"
        except EOFError:
            reason = "it ended while it was importing"
        except BaseException:
            link.end()
            raise
        if reason:
            link.end()
            raise refuse(self.plan, reason, self._log)
        return link

    def discard(self, link: DirectProcess) -> None:
        """Forget a process that has ended."""
        self._processes.discard(link)

    def log_tail(self) -> str:
        """The last standard error of the processes."""
        return self._log.tail()

    def trim_log(self) -> None:
        """Keep the log small."""
        self._log.trim()

    def close(self) -> None:
        """End every process; whoever uses one closes its link."""
        for link in list(self._processes):
            link.kill()
        if self._first is not None:
            self._first.close()
        self._log.close()

    def forget(self) -> None:
        """Close our copies of the descriptors after a fork."""
        for link in list(self._processes):
            link.forget()
        self._processes.clear()
        self._log.close()


class DirectProcess:
    """One process with a pipe each way; see `Link`."""

    def __init__(self, source: DirectSource, process: subprocess.Popen[bytes]) -> None:
        self.spent_s = 0.0
        self._source = source
        self._process = process
        self._busy_s = 0.0
        self._max_bytes = source.plan.max_bytes + _HEAD_BYTES
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a direct server is started with two pipes")
        self._stdin, self._stdout = process.stdin, process.stdout

    def is_quiet(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def exchange(self, task_id: int, body: bytes, wall_s: float | None) -> bytes:
        """Hand over a task and wait for its answer; see `Link.exchange`."""
        # A timer and blocking pipes: Windows cannot wait on a pipe with a time limit.
        late = threading.Event()

        def stop_late() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(wall_s, stop_late) if wall_s is not None else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        start = time.monotonic()
        try:
            frames.send(partial(os.write, self._stdin.fileno()), task_id, body)
            read = partial(os.read, self._stdout.fileno())
            answered, reply = frames.receive(read, self._max_bytes)
        except (OSError, ValueError, EOFError) as why:
            self._busy_s = time.monotonic() - start
            if late.is_set():
                raise TimeoutError from why
            raise EOFError from why
        finally:
            if timer is not None:
                timer.cancel()
        if answered != task_id:
            raise EOFError
        return reply

    def end(self) -> Death:
        """Kill and reap the process; see `Link.end`."""
        # Its pipe may show the end before the process can be waited for.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5 if self._busy_s else 0)
        self._process.kill()
        stop(self._process, grace_s=5.0)
        self.forget()
        self._source.discard(self)
        # Where no timer counts CPU, a process that ran into the wall limit may have burnt it all.
        spent_s = self.spent_s + (0.0 if HAS_CPU_TIMER else self._busy_s)
        return Death(max(0, -self._process.returncode), spent_s)

    def kill(self) -> None:
        """Kill the process, whoever uses it."""
        self._process.kill()

    def close(self) -> None:
        """End the process, however it did."""
        self.end()

    def forget(self) -> None:
        """Close our ends of its pipes."""
        if self._process.returncode is None:
            self._process.returncode = 0  # a fork of its parent cannot wait for it
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                pipe.close()
