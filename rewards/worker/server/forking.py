"""The server's main loop: hand out a forked child, or end one and say how it ended.

Control messages are packets, so none is ever read in halves. Requests: `spawn`, or `end` a
child by its number (a process id may be given again as soon as its child is reaped). A spawned
child's socket travels back by `SCM_RIGHTS`; from then on parent and child talk directly, and the
child's end shows as end-of-file at the parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import signal
import socket
import traceback
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from rewards.worker import frames
from rewards.worker.control import ENDED, HELLO_BYTES, READY, REQUEST, SPAWNED
from rewards.worker.plan import Plan
from rewards.worker.server import child

if TYPE_CHECKING:
    import resource
    from collections.abc import Callable

    from rewards.worker.result import JSON

_PR_SET_PDEATHSIG = 1


def serve_forks(control_fd: int, parent: int) -> NoReturn:
    """Load the plan, then serve requests until the parent has gone."""
    control = socket.socket(fileno=control_fd)
    try:
        plan = Plan.from_json(control.recv(HELLO_BYTES))
        function = plan.load()
    except BaseException as why:  # noqa: BLE001  # whatever an import raises is the parent's to read
        control.send(child.describe(why).encode())
        os._exit(1)
    gc.collect()
    gc.freeze()  # a child's collector must not touch, and so copy, what it shares with us
    children = _Children(control, plan, function)
    control.send(READY)
    children.serve(parent)
    children.end_all()
    os._exit(0)


class _Children:
    """The children of this server."""

    def __init__(self, control: socket.socket, plan: Plan, function: Callable[..., JSON]) -> None:
        self._control = control
        self._plan = plan
        self._function = function
        self._living: dict[int, int] = {}  # number -> process id
        self._count = 0
        self._ended: dict[int, bytes] = {}
        self._pid = os.getpid()
        self._prctl = ctypes.CDLL(None).prctl
        self._private = [control.fileno()]  # descriptors no child may keep

    def serve(self, parent: int) -> None:
        """Serve until the control socket or the parent's pidfd says that the parent has gone."""
        wake, wake_writer = os.pipe()
        for fd in (wake, wake_writer):
            os.set_blocking(fd, False)
            self._private.append(fd)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(wake, select.POLLIN)
        with contextlib.suppress(OSError, AttributeError):  # before Linux 5.3
            parent_fd = os.pidfd_open(parent)
            self._private.append(parent_fd)
            poll.register(parent_fd, select.POLLIN)
        if os.getppid() != parent:  # it ended before its pidfd was opened
            return
        while True:
            ready = {fd for fd, _ in poll.poll()}
            if wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 4096)
                self._reap()
                ready.discard(wake)
            if ready - {self._control.fileno()} or (ready and not self._answer()):
                return

    def end_all(self) -> None:
        """Kill every child and wait for it."""
        for number in list(self._living):
            self._end(number)

    def _answer(self) -> bool:
        """Serve one request; false when the parent has closed its end."""
        try:
            request = self._control.recv(REQUEST.size)
        except OSError:
            return False
        if not request:
            return False
        (number,) = REQUEST.unpack(request)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # seen by the next recv
            if number:
                self._control.send(self._end(number))
            else:
                self._spawn()
        return True

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            try:
                pid = os.fork()
            except OSError as why:
                self._control.send(SPAWNED.pack(-(why.errno or 1)))
                return
            if pid == 0:
                ours.close()
                self._live_as_child(theirs.detach())
            self._count += 1
            self._living[self._count] = pid
            theirs.close()
            socket.send_fds(self._control, [SPAWNED.pack(self._count)], [ours.fileno()])

    def _live_as_child(self, fd: int) -> NoReturn:
        """Everything a child does; it never returns into the server's code."""
        status = 70
        try:
            self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == self._pid:  # else the server ended before the line above
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for private in self._private:
                    os.close(private)
                receive = partial(frames.receive, partial(os.read, fd), self._plan.max_bytes)
                child.serve(receive, partial(os.write, fd), self._function, self._plan)
                status = 0
        except (BrokenPipeError, ConnectionResetError):
            status = 0  # the parent has gone
        except BaseException:  # noqa: BLE001  # our own bug: say so in the log, never go on
            traceback.print_exc()
        finally:
            os._exit(status)

    def _end(self, number: int) -> bytes:
        """Kill and reap a child; how it ended, which is what came first."""
        pid = self._living.get(number)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)  # a zombie's status is fixed: this cannot change it
            self._record(number, os.wait4(pid, 0))
        return self._ended.pop(number, ENDED.pack(signal.SIGKILL, 0.0))

    def _reap(self) -> None:
        """Let no child stay a zombie, even before the parent asks for it."""
        for number, pid in list(self._living.items()):
            found = os.wait4(pid, os.WNOHANG)
            if found[0]:
                self._record(number, found)

    def _record(self, number: int, found: tuple[int, int, resource.struct_rusage]) -> None:
        del self._living[number]
        _, status, usage = found
        self._ended[number] = ENDED.pack(status, usage.ru_utime + usage.ru_stime)
