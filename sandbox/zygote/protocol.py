"""The messages between the trusted process, a zygote and its children.

Not covered: meaning. Control messages are fixed structures on a SEQPACKET socket; what a child
says are length-prefixed frames on a stream socket that lives for one run.
"""

from __future__ import annotations

import array
import math
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

FRAME_HEADER = struct.Struct(">I")
KILL = b"K"
RENEW = b"N"  # the next test begins: its time starts anew
PLATFORM = "platform"  # said to a program's process: give it the platform's names
SHOWN = "shown"  # said to one: its errors are shown, so print what an interpreter prints
REFUSED = b"F"  # said by one before that: its files could not be written, and why
STARTED = b"S"  # said by one that was told so: the program has compiled, and starts
SEEDED = ("random", "numpy.random")  # modules whose numbers tests and program draw alike
_NUMBER = struct.Struct("=I")


class Kind(IntEnum):
    """What a forked child becomes."""

    FUNCTION = 1
    STDIN = 2
    JUDGE = 3
    CANDIDATE = 4
    COMMAND = 5
    CHECKER = 6
    PAIR = 7


_OF_MANY_TESTS = (int(Kind.FUNCTION), int(Kind.JUDGE), int(Kind.CHECKER))
# A test that gets little of the CPU may take this many times its wall time: CPU time decides.
WALL_STRETCH = 30


class Ended(IntEnum):
    """Who ended a child."""

    ITSELF = 0
    WALL = 1
    CPU = 2
    ASKED = 3
    MEMORY = 4  # the control group's limit, as the trusted process finds
    FILES = 5  # it kept more than it may, where no file system holds it to that
    PROCESSES = 6  # it was more of them at a time than it may
    KILLED = 7  # by itself, or one of its own processes


@dataclass(frozen=True)
class Order:
    """From the trusted process to the zygote: fork a child with these limits.

    `wall_s` and `cpu_s` are those of a test: they start anew when the trusted process says that
    the next one begins. `total_s` is CPU time for all of them. `processes` are those that a program
    may be at a time.

    The descriptors that go with it are, for `FUNCTION` and `CHECKER`, the channel; for `JUDGE` the
    judge's channel and its end of the line to the candidate, then the candidate's two; for `STDIN`
    the channel, stdin, stdout and stderr; for `COMMAND` the same; its command is JSON text, see
    `sandbox.zygote.command`. A `STDIN`'s command is a JSON list of files whose handles go back with
    the report, or nothing. A `PAIR` is two commands, a judge's and a candidate's: the judge's
    descriptors and its end of the line between them, then the candidate's.
    """

    kind: int
    wall_s: float
    cpu_s: float
    memory_bytes: int
    file_bytes: int
    command: str = ""
    total_s: float = math.inf
    processes: int = 1

    _layout: ClassVar[struct.Struct] = struct.Struct("=BdddQQI")

    def pack(self) -> bytes:
        """The order as bytes."""
        head = self._layout.pack(
            self.kind, self.wall_s, self.cpu_s, self.total_s, self.memory_bytes, self.file_bytes,
            self.processes,
        )  # fmt: skip
        return head + self.command.encode()

    @classmethod
    def unpack(cls, data: bytes) -> Order:
        """The order in these bytes."""
        kind, wall_s, cpu_s, total_s, memory_bytes, file_bytes, processes = cls._layout.unpack_from(
            data
        )
        command = data[cls._layout.size :].decode()
        return cls(kind, wall_s, cpu_s, memory_bytes, file_bytes, command, total_s, processes)


@dataclass(frozen=True)
class Report:
    """From the zygote: how a child ended, and what it used."""

    wait_status: int
    ended: int
    cpu_s: float
    wall_s: float
    peak_kb: int

    _layout: ClassVar[struct.Struct] = struct.Struct("=iBddQ")
    SIZE: ClassVar[int] = _layout.size

    def pack(self) -> bytes:
        """The report as bytes."""
        return self._layout.pack(
            self.wait_status, self.ended, self.cpu_s, self.wall_s, self.peak_kb
        )

    @classmethod
    def unpack(cls, data: bytes) -> Report:
        """The report in these bytes."""
        wait_status, ended, cpu_s, wall_s, peak_kb = cls._layout.unpack(data)
        return cls(wait_status, ended, cpu_s, wall_s, peak_kb)

    @classmethod
    def unpack_all(cls, data: bytes) -> list[Report]:
        """The reports in these bytes, one per child."""
        size = cls._layout.size
        return [cls.unpack(data[at : at + size]) for at in range(0, len(data), size)]

    @property
    def exit_code(self) -> int:
        """The exit code, or minus the signal that ended it."""
        return os.waitstatus_to_exitcode(self.wait_status)


_NO_LIMIT_S = 1 << 30


def second_limit_s(order: Order) -> int:
    """The kernel's own limit on CPU time, behind the zygote's.

    It counts in ticks and may be off by several percent, and whom it ends looks as if the machine
    had killed it: so it must come later.
    """
    most = order.total_s if order.kind in _OF_MANY_TESTS else order.cpu_s
    return math.ceil(most * 1.5) + 2 if most < _NO_LIMIT_S else _NO_LIMIT_S


_DESCRIPTOR = array.array("i").itemsize


def descriptors_bytes(count: int) -> int:
    """What so many descriptors take beside a message."""
    return socket.CMSG_SPACE(count * _DESCRIPTOR)


def sent_descriptors(descriptors: Sequence[int]) -> list[tuple[int, int, bytes]]:
    """Descriptors as what goes with a message."""
    if not descriptors:
        return []
    carried = array.array("i", descriptors).tobytes()
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, carried)]


def received_descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    """The descriptors that came with a message."""
    found = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % _DESCRIPTOR])
    return found.tolist()


def frame(payload: bytes) -> bytes:
    """A payload with its length in front."""
    return FRAME_HEADER.pack(len(payload)) + payload


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, in as many calls as it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read_frame(descriptor: int, limit: int) -> bytes | None:
    """The next frame's payload, or `None` at the end of the stream.

    Raises:
        ValueError: the frame announces more than `limit` bytes.
    """
    header = _read_exactly(descriptor, FRAME_HEADER.size)
    if header is None:
        return None
    (length,) = FRAME_HEADER.unpack(header)
    if length > limit:
        raise ValueError(f"a message of {length} bytes, {limit} are allowed")
    return _read_exactly(descriptor, length)


def _read_exactly(descriptor: int, count: int) -> bytes | None:
    data = os.read(descriptor, count)
    if len(data) == count:
        return data
    parts: list[bytes] = []
    missing = count
    while data:
        parts.append(data)
        missing -= len(data)
        if not missing:
            return b"".join(parts)
        data = os.read(descriptor, missing)
    return None


def texts(*parts: str) -> bytes:
    """Several texts as one payload: their number, their lengths, then the texts."""
    data = [part.encode("utf-8", "surrogatepass") for part in parts]
    head = struct.pack(f"={len(data) + 1}I", len(data), *map(len, data))
    return head + b"".join(data)


def read_texts(payload: bytes) -> list[str]:
    """The texts in a payload of the trusted process."""
    (count,) = _NUMBER.unpack_from(payload)
    start = _NUMBER.size * (count + 1)
    found = []
    for index in range(count):
        (length,) = _NUMBER.unpack_from(payload, _NUMBER.size * (index + 1))
        found.append(payload[start : start + length].decode("utf-8", "surrogatepass"))
        start += length
    return found
