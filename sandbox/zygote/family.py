"""All the processes of a run: how many they are, and what they use together.

Not covered: memory that several share and none has in its own table, such as that of files in
memory; the folder for files has a size of its own.

The zygote keeps a handle of the machine's /proc, through which it alone can see its descendants:
the new root has no /proc, and children close every handle. Time of the dead is in their parents'
accounts, which is why no program may ignore the signal of its children's end.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

LOOK_S = 0.05  # between two looks
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_COUNTED_MAX = 4096
_UTIME, _CHILDRENS_STIME, _RESIDENT = 11, 14, 21  # proc_pid_stat(5), after the name

_proc: list[int] = []  # a handle of /proc, and our own number there


@dataclass(frozen=True)
class Family:
    """What the descendants of the zygote are and use."""

    processes: int
    cpu_s: float
    memory_bytes: int


def prepare() -> None:
    """Open what the zygote looks at; it must be done before the root is changed.

    Raises:
        OSError: /proc is not there, or does not list children.
    """
    handle = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        number = int(os.readlink("/proc/self"))  # noqa: PTH115
        _proc[:] = [handle, number]
        _children(number)
    except OSError:
        _proc.clear()
        os.close(handle)
        raise


def handle() -> int | None:
    """The handle of /proc, if there is one."""
    return _proc[0] if _proc else None


def look() -> Family:
    """Count the descendants that live or wait to be reaped, and add up what they use.

    Memory is that beyond the zygote's own, which forks share with it.
    """
    own = _usage(_proc[1])
    shared = own[1] if own is not None else 0
    processes = memory = 0
    cpu_s = 0.0
    waiting = _children(_proc[1])
    while waiting and processes < _COUNTED_MAX:
        number = waiting.pop()
        used = _usage(number)
        if used is None:
            continue
        processes += 1
        cpu_s += used[0]
        memory += max(0, used[1] - shared)
        waiting += _children(number, missing_is_none=True)
    return Family(processes, cpu_s, memory)


def _usage(number: int) -> tuple[float, int] | None:
    """CPU seconds of a process and its dead children, and its resident bytes."""
    text = _read(f"{number}/stat")
    if text is None:
        return None
    fields = text.rpartition(b")")[2].split()
    if fields[0] == b"Z":
        return sum(map(int, fields[_UTIME : _CHILDRENS_STIME + 1])) * _TICK_S, 0
    ticks = sum(map(int, fields[_UTIME : _CHILDRENS_STIME + 1]))
    return ticks * _TICK_S, int(fields[_RESIDENT]) * _PAGE_BYTES


def _children(number: int, *, missing_is_none: bool = False) -> list[int]:
    found: list[int] = []
    try:
        # A child is its parent thread's.
        tasks = os.open(
            f"{number}/task", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=_proc[0]
        )
    except OSError:
        if missing_is_none:
            return found
        raise
    try:
        for task in os.listdir(tasks):  # noqa: PTH208
            text = _read(f"{number}/task/{task}/children")
            found += map(int, (text or b"").split())
    finally:
        os.close(tasks)
    return found


def _read(name: str) -> bytes | None:
    try:
        opened = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=_proc[0])
    except OSError:  # it has ended
        return None
    try:
        return os.read(opened, 1 << 16)
    except OSError:
        return None
    finally:
        os.close(opened)
