"""CPU seconds of this process and everything it started, dead or alive."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(slots=True)
class CpuTime:
    """What a block of code cost; `seconds` is known when the block has ended."""

    seconds: float = 0.0


@contextmanager
def cpu_time() -> Iterator[CpuTime]:
    """Measure the block: this process, its ended children and its living descendants.

    Looking up the descendants costs milliseconds itself, so it happens outside the time of
    this process.
    """
    spent = CpuTime()
    others = _of_descendants()
    own = _of_this_process()
    try:
        yield spent
    finally:
        spent.seconds = _of_this_process() - own
        spent.seconds += _of_descendants() - others


def _of_this_process() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def _of_descendants() -> float:
    total = 0.0
    for child in _descendants(psutil.Process()):
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()  # with those of its own ended children
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    """All below a process; where the kernel lists children, without a look at every process."""
    tasks = Path(f"/proc/{process.pid}/task")
    if not (tasks / str(process.pid) / "children").exists():
        return list(process.children(recursive=True))
    found: list[psutil.Process] = []
    with suppress(OSError, psutil.NoSuchProcess):
        for listed in tasks.glob("*/children"):
            for number in listed.read_text(encoding="ascii").split():
                child = psutil.Process(int(number))
                found += [child, *_descendants(child)]
    return found
