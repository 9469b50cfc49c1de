"""Length-prefixed frames: a task id, a length, and that many bytes of JSON.

Pure but for the `read` and `write` it is handed, which behave like `os.read` and `os.write`.
One frame at a time travels in each direction, so nothing is ever left over from a read.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, NamedTuple

from rewards.worker.result import Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from rewards.worker.result import JSON

_HEADER = struct.Struct("<QQ")
_FIRST_READ = 1 << 16
_CHUNK = 1 << 20


class Reply(NamedTuple):
    """A worker's answer: `cpu_s` of this task, `spent_s` of its process so far."""

    ending: Ending
    value: JSON | None
    error: str
    cpu_s: float
    spent_s: float
    retire: bool  # the process must not be handed another task


def send(write: Callable[[memoryview], int], task_id: int, body: bytes) -> None:
    """Write one frame, however often `write` must be called."""
    rest = memoryview(_HEADER.pack(task_id, len(body)) + body)
    while rest:
        rest = rest[write(rest) :]


def receive(read: Callable[[int], bytes], max_bytes: int) -> tuple[int, bytes]:
    """Read one frame as (task id, body).

    Raises:
        EOFError: the other side has gone, before or in the middle of a frame.
        ValueError: the frame is larger than `max_bytes`, or not one of ours.
    """
    buffer = bytearray()
    while len(buffer) < _HEADER.size:
        buffer += _some(read, _FIRST_READ)
    task_id, size = _HEADER.unpack_from(buffer)
    if size > max_bytes:
        raise ValueError(f"a frame of {size:,} bytes is above the cap of {max_bytes:,}")
    total = _HEADER.size + size
    while len(buffer) < total:
        buffer += _some(read, min(_CHUNK, total - len(buffer)))
    if len(buffer) > total:
        raise ValueError("bytes after the end of a frame")
    return task_id, bytes(memoryview(buffer)[_HEADER.size :])


def _some(read: Callable[[int], bytes], size: int) -> bytes:
    chunk = read(size)
    if not chunk:
        raise EOFError
    return chunk


def encode_reply(reply: Reply, value: str) -> bytes:
    r"""The bytes of `reply` with `value`, already JSON, on a second line.

    JSON text never holds a raw newline, so the first `\n` parts them and no value is encoded
    twice.
    """
    head = [reply.ending.value, reply.error, reply.cpu_s, reply.spent_s, reply.retire]
    return f"{json.dumps(head)}\n{value}".encode()


def decode_reply(body: bytes) -> Reply:
    """The inverse of `encode_reply`.

    Raises:
        ValueError, RecursionError: the value cannot be decoded in this process.
    """
    head, _, value = body.partition(b"\n")
    ending, error, cpu_s, spent_s, retire = json.loads(head)
    return Reply(Ending(ending), json.loads(value), error, cpu_s, spent_s, retire)
