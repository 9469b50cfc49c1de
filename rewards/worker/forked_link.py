"""The parent's end of a server that forks, and of its children (Linux)."""

from __future__ import annotations

import contextlib
import math
import os
import select
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from rewards.errors import WorkerError
from rewards.worker import frames
from rewards.worker.control import ENDED, HELLO_BYTES, READY, REQUEST, SPAWNED
from rewards.worker.launch import Log, launch, refuse, stop
from rewards.worker.link import Death, ServerLostError

if TYPE_CHECKING:
    from rewards.worker.plan import Plan

_CONTROL_TIMEOUT_S = 60.0  # a server that takes longer to fork or reap has been stopped
_HEAD_BYTES = 1 << 16  # what a reply holds besides its value


class ForkServer:
    """One server process and the sockets to its children."""

    def __init__(self, plan: Plan, start_timeout_s: float) -> None:
        self.plan = plan
        self._lock = threading.Lock()
        self._children: set[ForkedChild] = set()
        self._log = Log()
        # Packets: a control message is received whole or not at all.
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            with theirs:
                self._process = launch(
                    "fork", plan, self._log, stdin=theirs.fileno(), stdout=subprocess.DEVNULL
                )
            self._greet(start_timeout_s)
        except BaseException:
            if self._process is not None:
                self._process.kill()  # it may be in the middle of an import that hangs
            self.close()
            raise

    def _greet(self, timeout_s: float) -> None:
        self._control.settimeout(timeout_s)
        try:
            self._control.send(self.plan.to_json(), socket.MSG_NOSIGNAL)
            answer = self._control.recv(HELLO_BYTES)
        except TimeoutError:
            raise refuse(self.plan, f"not ready after {timeout_s:g} s", self._log) from None
        except OSError as why:
            raise refuse(self.plan, str(why), self._log) from why
        if answer != READY:
            reason = answer.decode() or "it ended while it was importing"
            raise refuse(self.plan, reason, self._log)
        self._control.settimeout(_CONTROL_TIMEOUT_S)

    def spawn(self) -> ForkedChild:
        """A fresh child; see `Source.spawn`."""
        with self._lock:
            data, fds = self._ask(0, SPAWNED.size)
        (number,) = SPAWNED.unpack(data)
        if number < 0 or not fds:
            reason = os.strerror(-number) if number < 0 else "its socket was not delivered"
            raise WorkerError(f"a worker for {self.plan.function} could not fork: {reason}")
        child = ForkedChild(self, number, socket.socket(fileno=fds[0]))
        self._children.add(child)
        return child

    def end(self, child: ForkedChild) -> Death:
        """How `child` ended; it is killed if it had not."""
        with self._lock:
            data, _ = self._ask(child.number, ENDED.size)
        status, spent_s = ENDED.unpack(data)
        return Death(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, spent_s)

    def discard(self, child: ForkedChild) -> None:
        """Forget a child whose socket is closed."""
        self._children.discard(child)

    def _ask(self, number: int, size: int) -> tuple[bytes, list[int]]:
        try:
            self._control.send(REQUEST.pack(number), socket.MSG_NOSIGNAL)
            data, fds, _, _ = socket.recv_fds(self._control, size, 1, flags=socket.MSG_CMSG_CLOEXEC)
        except OSError as why:
            raise ServerLostError from why
        except BaseException:
            # Ctrl-C between question and answer: the next answer would be to this question.
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_RDWR)
            raise
        if len(data) != size:
            raise ServerLostError
        return data, list(fds)

    def log_tail(self) -> str:
        """The last standard error of the server and its children."""
        return self._log.tail()

    def trim_log(self) -> None:
        """Keep the log small."""
        self._log.trim()

    def close(self) -> None:
        """End the server, and with it every child; whoever uses a child closes its link."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # also wakes a thread that waits on it
        if self._process is not None:
            stop(self._process, grace_s=5.0)
        with self._lock:
            self._control.close()
        self._log.close()

    def forget(self) -> None:
        """Close our copies of the descriptors after a fork; the parent's server lives on."""
        if self._process is not None:
            self._process.returncode = 0  # not our child: nothing to wait for
        self._control.close()
        self._log.close()
        for child in list(self._children):
            child.close()


class ForkedChild:
    """The parent's end of one child; see `Link`."""

    def __init__(self, server: ForkServer, number: int, connection: socket.socket) -> None:
        self.number = number
        self.spent_s = 0.0
        self._server = server
        self._socket = connection
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._max_bytes = server.plan.max_bytes + _HEAD_BYTES

    def is_quiet(self) -> bool:
        """Whether the child lives and has nothing to say."""
        return not self._poll.poll(0)

    def exchange(self, task_id: int, body: bytes, wall_s: float | None) -> bytes:
        """Hand over a task and wait for its answer; see `Link.exchange`."""
        deadline = math.inf if wall_s is None else time.monotonic() + wall_s

        def write(data: memoryview) -> int:
            with contextlib.suppress(BlockingIOError):
                return self._socket.send(data, socket.MSG_NOSIGNAL)
            self._poll.modify(self._socket, select.POLLOUT)
            try:
                self._wait(deadline)
            finally:
                self._poll.modify(self._socket, select.POLLIN)
            return 0

        def read(size: int) -> bytes:
            while True:
                self._wait(deadline)
                with contextlib.suppress(BlockingIOError):
                    return self._socket.recv(size)

        try:
            frames.send(write, task_id, body)
            answered, reply = frames.receive(read, self._max_bytes)
        except TimeoutError:
            raise
        except (OSError, ValueError) as why:
            raise EOFError from why
        if answered != task_id:
            raise EOFError
        return reply

    def _wait(self, deadline: float) -> None:
        """Return when the socket is ready or its peer has gone."""
        if deadline == math.inf:
            self._poll.poll()
            return
        remaining_ms = math.ceil((deadline - time.monotonic()) * 1000)
        if remaining_ms <= 0 or not self._poll.poll(remaining_ms):
            raise TimeoutError

    def end(self) -> Death:
        """Kill and reap the child; see `Link.end`."""
        try:
            return self._server.end(self)
        finally:
            self.close()

    def close(self) -> None:
        """Close our end: the child ends at its next read."""
        self._server.discard(self)
        self._socket.close()
