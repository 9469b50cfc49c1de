"""CPU seconds of this process and everything it started, dead or alive."""

from __future__ import annotations

import resource
from contextlib import suppress

import psutil


def cpu_seconds() -> float:
    """User and system seconds of this process, its ended children and its living descendants."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()  # with those of its own ended children
            total += times.user + times.system + times.children_user + times.children_system
    return total
