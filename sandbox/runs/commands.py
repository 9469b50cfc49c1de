"""Running one command in a launcher: a compiler, or a program that it made.

Not covered: what the result means.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.errors import MissingToolchainError
from sandbox.limits import Limits
from sandbox.runs.ending import require_confined
from sandbox.runs.stdin import read_file
from sandbox.settings import DEVICES
from sandbox.worker import Channel, Worker, WorkerLostError, memory_file
from sandbox.zygote.protocol import Kind, Order, Report

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from 3.11 on

_TEXT_MAX = 4096
STDERR_MAX = 4000  # characters of its errors that a verdict's reason may need
_COMPILED_MAX_BYTES = 128 << 20
_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to execute and what it may touch.

    Attributes:
        argv: the program's path and its arguments.
        folder: where it starts; a compiler may write there and nowhere else.
        readable: folders and files that it may read and execute.
        compiles: it is a compiler: processes and files are allowed.
        counts_data: count its memory as data, not as address space.
        extra_memory_mb: allowed beyond the limits.
        environment: its variables, and no others.
    """

    argv: Sequence[str]
    folder: str
    readable: Sequence[str]
    compiles: bool = False
    counts_data: bool = False
    extra_memory_mb: int = 0
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    report: Report
    stdout: bytes
    stderr: str


def run_command(
    launcher: Worker,
    command: Command,
    limits: Limits,
    *,
    stdin: bytes = b"",
    stderr_max: int = STDERR_MAX,
) -> Ran:
    """Run a command to its end.

    Raises:
        WorkerLostError: the launcher failed.
        MissingToolchainError: the command could not be executed.
    """
    with (
        Streams(stdin, limits, stderr_max) as streams,
        Channel(limits.wall_s, _TEXT_MAX) as channel,
    ):
        launcher.begin(_order(Kind.COMMAND, [command], limits), [channel.theirs.fileno(), *streams])
        channel.theirs.close()
        streams.started()
        _require_started(launcher, channel)
        failed = channel.receive()
        report = launcher.finish()
        _require_executed(failed)
        return streams.ran(report)


def run_pair(
    launcher: Worker, judge: Command, candidate: Command, limits: Limits
) -> tuple[Ran, Ran]:
    """Run two commands that speak over descriptor 4, until the first ends: a judge and a program.

    Raises:
        WorkerLostError: the launcher failed.
        MissingToolchainError: a command could not be executed.
    """
    line = socket.socketpair()
    with (
        line[0],
        line[1],
        Streams(b"", limits) as judged,
        Streams(b"", limits) as ran,
        Channel(limits.wall_s, _TEXT_MAX) as one,
        Channel(limits.wall_s, _TEXT_MAX) as other,
    ):
        handles = [one.theirs.fileno(), *judged, line[0].fileno()]
        handles += [other.theirs.fileno(), *ran, line[1].fileno()]
        launcher.begin(_order(Kind.PAIR, [judge, candidate], limits), handles)
        for end in (one.theirs, other.theirs, *line):
            end.close()
        judged.started()
        ran.started()
        _require_started(launcher, one)
        failed = one.receive()
        reports = launcher.finish_all()
        require_confined(other, reports[1])
        _require_executed(failed)
        return judged.ran(reports[0]), ran.ran(reports[1])


def _require_started(launcher: Worker, channel: Channel) -> None:
    if channel.receive() != b"R":
        launcher.abandon()
        raise WorkerLostError("a child could not be confined")


def _require_executed(failed: bytes | None) -> None:
    if failed is not None:
        raise MissingToolchainError(failed[1:].decode("utf-8", "replace"))


class Streams:
    """A process's standard streams: files for input and output, a pipe for errors.

    What a program says on standard error is read to its end and mostly thrown away, so that nobody
    fails for having said too much.
    """

    def __init__(self, stdin: bytes, limits: Limits, stderr_max: int = STDERR_MAX) -> None:
        self._stderr_max = stderr_max
        self._most = int(limits.output_mb * 1e6) + 1
        self._kept = bytearray()
        self._files: list[int] = []
        try:
            self._files.append(memory_file("stdin", stdin))
            self._files.append(memory_file("stdout"))
            self._source, sink = os.pipe()
            self._files.append(sink)
        except OSError:
            self._close_files()
            raise
        self._drain = threading.Thread(target=self._read_errors, daemon=True)

    def __iter__(self) -> Iterator[int]:
        return iter(self._files)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_files()
        if self._drain.ident is None:
            os.close(self._source)

    def started(self) -> None:
        """The process has the streams now: read its errors until it and all it started end."""
        os.close(self._files.pop())
        self._drain.start()

    def ran(self, report: Report) -> Ran:
        """What there is after the process's end."""
        self._drain.join()
        text = bytes(self._kept).decode("utf-8", "replace")
        return Ran(report, read_file(self._files[1], self._most), text)

    def _read_errors(self) -> None:
        try:
            while data := os.read(self._source, 1 << 16):
                self._kept += data[: self._stderr_max - len(self._kept)]
        finally:
            os.close(self._source)

    def _close_files(self) -> None:
        for handle in self._files:
            os.close(handle)
        self._files = []


def _order(kind: Kind, commands: Sequence[Command], limits: Limits) -> Order:
    command = commands[-1]
    told = [_told(each) for each in commands]
    memory_mb = limits.compile_memory_mb if command.compiles else limits.memory_mb
    file_bytes = _COMPILED_MAX_BYTES if command.compiles else int(limits.output_mb * 1e6)
    wall_s = limits.compile_wall_s if command.compiles else limits.wall_s
    cpu_s = limits.compile_wall_s if command.compiles else limits.cpu_s
    return Order(
        kind,
        wall_s,
        cpu_s,
        int((memory_mb + command.extra_memory_mb) * (1 << 20)),
        file_bytes,
        json.dumps(told if kind == Kind.PAIR else told[0]),
    )


def _told(command: Command) -> dict[str, object]:
    return {
        "argv": list(command.argv),
        "folder": command.folder,
        "readable": list(command.readable),
        "devices": list(DEVICES),
        "compiles": command.compiles,
        "counts_data": command.counts_data,
        "environment": {
            "PATH": _PATH,
            "LANG": "C.UTF-8",
            "HOME": command.folder,
            "TMPDIR": command.folder,
            **(command.environment or {}),
        },
    }
