"""The trusted end of one zygote: starting it, giving it orders, ending it.

Not covered: what the answers mean. A worker serves one run at a time; `Sandbox` hands workers to
threads. Whatever goes wrong with the zygote itself is a `WorkerLostError`, after which the worker
starts a fresh one.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.cgroups import Group, make_group
from sandbox.errors import SandboxError
from sandbox.run_files import FETCHED_MAX
from sandbox.zygote.files import empty
from sandbox.zygote.protocol import (
    FRAME_HEADER,
    KILL,
    RENEW,
    WALL_STRETCH,
    Ended,
    Kind,
    Order,
    Report,
    descriptors_bytes,
    received_descriptors,
    sent_descriptors,
)

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from 3.11 on

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
GRACE_S = 10.0  # past a run's own limit, before the zygote is taken for dead
_START_S = 60.0
_USERS = 1 << 27  # numbers for the users that zygotes of root become
_RENEW_SHARE = 0.05  # of a test's time may count for the next test
_SPARE_TASKS = 16  # the zygote itself and what waits for it
_SPARE_BYTES = 256 << 20  # the zygote, the kernel's own memory, pages of files


class WorkerLostError(SandboxError):
    """A zygote died, hangs, or could not confine a child: nobody's answer is wrong."""


@dataclass(frozen=True)
class Facts:
    """What a zygote says of itself at its start."""

    layers: Mapping[str, str | None]
    pid: int
    uid: int
    python: str
    address_space: int
    files: str | None  # a folder on a disk, to be removed when the zygote is gone


class Worker:
    """One zygote and the sockets to it."""

    def __init__(self, settings: Mapping[str, Any], groups: Path | None = None) -> None:
        self.settings = dict(settings)
        self.facts: Facts | None = None
        self.group: Group | None = None
        self._groups = groups
        self._oom_kills = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._running = False
        self._renewed_s = self._renew_after_s = 0.0

    @property
    def pid(self) -> int | None:
        """The process id of the interpreter that was started, if one is."""
        return self._process.pid if self._process is not None else None

    def start(self) -> Facts:
        """Start a zygote, unless one runs.

        Raises:
            WorkerLostError: it did not come up; the message holds what it said.
        """
        if self._process is not None and self.facts is not None:
            return self.facts
        ours, theirs = (
            _above_streams(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        )
        boot = Path(__file__).with_name("zygote") / "boot.py"
        command = [
            str(self.settings["python"]), "-S", "-s", "-B", str(boot), str(PACKAGE_ROOT),
            str(theirs.fileno()),
        ]  # fmt: skip
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                command,
                env=_ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a terminal's Ctrl-C is the caller's to handle
            )
        self._control = ours
        # No two zygotes may share a user number, not even across containers of one kernel: limits
        # count by user.
        numbered = self.settings | {"number": secrets.randbelow(_USERS)}
        try:
            self._join_group(self._process.pid)
            ours.settimeout(_START_S)
            ours.send(json.dumps(numbered).encode())
            told = ours.recv(1 << 16)
        except OSError as error:
            raise self._lost(f"the zygote did not come up: {error}") from error
        if not told:
            raise self._lost("the zygote ended while it started")
        # Nothing is said there from now on, and a full pipe must not block anybody.
        if self._process.stderr is not None:
            self._process.stderr.close()
        self.facts = Facts(**json.loads(told))
        return self.facts

    def begin(self, order: Order, descriptors: Sequence[int]) -> None:
        """Have a child forked; the descriptors go to it.

        Raises:
            WorkerLostError: the zygote is gone.
        """
        if self._control is None:
            raise WorkerLostError("the worker was not started")
        self._control.settimeout(order.wall_s * WALL_STRETCH + GRACE_S)
        try:
            if self.group is not None:
                # Several processes of one program share what it may use.
                processes = 2 if order.kind in {Kind.JUDGE, Kind.PAIR} else 1
                self.group.limit_memory(processes * order.memory_bytes + _SPARE_BYTES)
            self._control.sendmsg([order.pack()], sent_descriptors(descriptors))
        except OSError as error:
            raise self._lost(f"the zygote takes no orders: {error}") from error
        self._running = True
        self._renewed_s = now_s()
        self._renew_after_s = min(order.wall_s, order.cpu_s) * _RENEW_SHARE

    def next_test(self) -> None:
        """Say that the next test begins; seldom, where tests are quick.

        Raises:
            WorkerLostError: the zygote is gone.
        """
        if self._control is None or now_s() - self._renewed_s < self._renew_after_s:
            return
        self._renewed_s = now_s()
        try:
            self._control.send(RENEW)
        except OSError as error:
            raise self._lost(f"the zygote takes no orders: {error}") from error

    def finish_with_files(self) -> tuple[Report, bytes, list[int]]:
        """Wait for the only child's end: how it ended, and which of its files are handed over.

        Returns:
            The report; what became of each file that the order names, see `handed_files`; and the
            handles of those that are there, which are the caller's to close.

        Raises:
            WorkerLostError: the zygote is gone.
        """
        data, handles = self._hear()
        (report,) = Report.unpack_all(data[: Report.SIZE])
        return self._explained(report), data[Report.SIZE :], handles

    def finish(self, *, kill: bool = False) -> Report:
        """Wait for the only child's end, or bring it about, and say how it ended."""
        return self.finish_all(kill=kill)[0]

    def finish_all(self, *, kill: bool = False) -> list[Report]:
        """Wait for the end of a run, or bring it about, and say how each child ended.

        Raises:
            WorkerLostError: the zygote is gone.
        """
        data, _ = self._hear(kill=kill)  # no order but a program's names files
        return [self._explained(report) for report in Report.unpack_all(data)]

    def _hear(self, *, kill: bool = False) -> tuple[bytes, list[int]]:
        if self._control is None:
            raise WorkerLostError("the worker was not started")
        try:
            if kill:
                self._control.send(KILL)
            data, ancillary, _, _ = self._control.recvmsg(
                4096, descriptors_bytes(FETCHED_MAX), socket.MSG_CMSG_CLOEXEC
            )
        except OSError as error:
            raise self._lost(f"the zygote does not answer: {error}") from error
        if not data:
            raise self._lost("the zygote died")
        self._running = False
        return data, received_descriptors(ancillary)

    def abandon(self) -> None:
        """End a run that was broken off, so that the worker is free again."""
        if self._running:
            self.close()

    def close(self) -> None:
        """End the zygote and all that it started. The worker can be started again."""
        process, control, group = self._process, self._control, self.group
        folder = self.facts.files if self.facts is not None else None
        self._process = self._control = self.facts = self.group = None
        self._running = False
        if control is not None:
            control.close()
        if process is None:
            return
        try:
            process.wait(timeout=0.5)  # it notices the closed socket
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()
        if group is not None:
            group.close()
        if folder is not None:
            _remove(folder)

    def _join_group(self, pid: int) -> None:
        if self._groups is not None:
            self.group = make_group(self._groups)
            self._oom_kills = 0
            self.group.limit_tasks(int(self.settings["tasks_max"]) + _SPARE_TASKS)
            self.group.add(pid)

    def _explained(self, report: Report) -> Report:
        """The report, with the group's limit on memory named where that ended the child."""
        killed = report.ended in {Ended.ITSELF, Ended.KILLED} and (
            report.exit_code == -signal.SIGKILL
        )
        if not killed or self.group is None:
            return report
        before, self._oom_kills = self._oom_kills, self.group.oom_kills()
        return replace(report, ended=Ended.MEMORY) if self._oom_kills > before else report

    def _lost(self, message: str) -> WorkerLostError:
        process = self._process
        said = ""
        if process is not None:
            process.kill()
            process.wait()
            if process.stderr is not None and not process.stderr.closed:
                said = process.stderr.read(4000).decode("utf-8", "replace").strip()[-600:]
        self.close()
        return WorkerLostError(f"{message}{': ' + said if said else ''}")


# Everything a child sees in its environment. Hashes are fixed so that a verdict repeats.
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "HOME": "/",
    "MALLOC_ARENA_MAX": "1",  # each further one reserves 64 MB of a thread's address space
    "LD_BIND_NOW": "1",  # symbols bound later would be bound again in every child
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class Channel:
    """The trusted end of one run's stream: frames out, frames in, within a time limit."""

    def __init__(self, wall_s: float, frame_max: int) -> None:
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._ours.settimeout(wall_s * WALL_STRETCH + GRACE_S)
        self._frame_max = frame_max
        self._buffer = bytearray()

    def send(self, data: bytes) -> bool:
        """Send; false when the other end is gone."""
        try:
            self._ours.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        except TimeoutError as error:
            raise WorkerLostError("a run outlived its time limit") from error
        return True

    def receive(self) -> bytes | None:
        """The next frame, or `None` when the other end is gone.

        Raises:
            OversizeError: the frame announces more than is allowed.
            WorkerLostError: nothing came, and nobody ended the run in time.
        """
        while True:
            if len(self._buffer) >= FRAME_HEADER.size:
                (length,) = FRAME_HEADER.unpack_from(self._buffer)
                if length > self._frame_max:
                    raise OversizeError(f"{length} bytes, {self._frame_max} are allowed")
                end = FRAME_HEADER.size + length
                if len(self._buffer) >= end:
                    payload = bytes(self._buffer[FRAME_HEADER.size : end])
                    del self._buffer[:end]
                    return payload
            try:
                data = self._ours.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            except TimeoutError as error:
                raise WorkerLostError("a run outlived its time limit") from error
            if not data:
                return None
            self._buffer += data

    def close(self) -> None:
        """Close both ends."""
        self._ours.close()
        self.theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class OversizeError(SandboxError):
    """A frame is larger than allowed."""


def _remove(folder: str) -> None:
    """Remove a folder that programs wrote in, once they are dead."""
    with suppress(OSError):  # somebody else was there before us
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            empty(handle)
        finally:
            os.close(handle)
        Path(folder).rmdir()


def _above_streams(end: socket.socket) -> socket.socket:
    """The socket at a number that is not a standard stream's, which may be closed here."""
    import fcntl  # Linux only, and this package must be importable anywhere

    if end.fileno() > 2:
        return end
    with end:
        return socket.socket(fileno=fcntl.fcntl(end.fileno(), fcntl.F_DUPFD_CLOEXEC, 3))


def memory_file(name: str, content: bytes | None = None) -> int:
    """A file in memory; with content, it is sealed and stands at its start."""
    handle = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    if content is None:
        return handle
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
        os.lseek(handle, 0, os.SEEK_SET)
        _seal(handle)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _seal(handle: int) -> None:
    import fcntl  # Linux only, and this package must be importable anywhere

    fcntl.fcntl(handle, fcntl.F_ADD_SEALS, 0xF)  # seal, shrink, grow, write


def now_s() -> float:
    """Seconds on a clock that nobody sets."""
    return time.monotonic()


def base_python() -> str:
    """This interpreter, without a virtual environment around it."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
