"""Running one command in a launcher: a compiler, or a program that it made.

Not covered: what the result means.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.errors import MissingToolchainError
from sandbox.limits import Limits
from sandbox.runs.stdin import read_file
from sandbox.settings import DEVICES
from sandbox.worker import Channel, Worker, WorkerLostError, memory_file
from sandbox.zygote.protocol import Kind, Order, Report

_TEXT_MAX = 4096
_STDERR_MAX = 4000
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


def run_command(launcher: Worker, command: Command, limits: Limits, *, stdin: bytes = b"") -> Ran:
    """Run a command to its end.

    Raises:
        WorkerLostError: the launcher failed.
        MissingToolchainError: the command could not be executed.
    """
    files = []
    try:
        files.append(memory_file("stdin", stdin))
        files.append(memory_file("stdout"))
        files.append(memory_file("stderr"))
        with Channel(limits.wall_s, _TEXT_MAX) as channel:
            launcher.begin(_order(command, limits), [channel.theirs.fileno(), *files])
            channel.theirs.close()
            if channel.receive() != b"R":
                launcher.abandon()
                raise WorkerLostError("a child could not be confined")
            failed = channel.receive()
            report = launcher.finish()
        if failed is not None:
            raise MissingToolchainError(failed[1:].decode("utf-8", "replace"))
        most = int(limits.output_mb * 1e6) + 1
        text = read_file(files[2], _STDERR_MAX).decode("utf-8", "replace")
        return Ran(report, read_file(files[1], most), text)
    finally:
        for handle in files:
            os.close(handle)


def _order(command: Command, limits: Limits) -> Order:
    told = {
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
    memory_mb = limits.compile_memory_mb if command.compiles else limits.memory_mb
    file_bytes = _COMPILED_MAX_BYTES if command.compiles else int(limits.output_mb * 1e6)
    wall_s = limits.compile_wall_s if command.compiles else limits.wall_s
    cpu_s = limits.compile_wall_s if command.compiles else limits.cpu_s
    return Order(
        Kind.COMMAND,
        wall_s,
        cpu_s,
        int((memory_mb + command.extra_memory_mb) * (1 << 20)),
        file_bytes,
        json.dumps(told),
    )
