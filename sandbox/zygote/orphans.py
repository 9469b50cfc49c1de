"""Ending what a compiler, or a program that may start processes, left behind.

Not covered: programs that cannot start a process. When a compiler's driver is killed, the passes it
started live on as orphans, and come to the zygote.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from sandbox.confine.libc import prctl

_PR_SET_CHILD_SUBREAPER = 36
_ROUNDS_MAX = 1000
_children: list[int] = []  # an open handle of /proc/…/children, if there is one


def adopt() -> None:
    """Have orphans come to this process, and keep the list of its children at hand.

    The list is opened now, because /proc cannot be read any more once the process is confined.
    """
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    with suppress(OSError):  # the kernel may lack CONFIG_PROC_CHILDREN
        _children.append(os.open("/proc/thread-self/children", os.O_RDONLY | os.O_CLOEXEC))


def end() -> tuple[float, int]:
    """Kill and reap every process that is left; returns their CPU seconds and the largest peak."""
    cpu_s, peak_kb = 0.0, 0
    # Process 1 of a namespace kills all others in one call, and so can wait for each of them.
    waits = 0 if os.getpid() == 1 else os.WNOHANG
    for _ in range(_ROUNDS_MAX):
        _kill()
        try:
            while (reaped := os.wait4(-1, waits))[0]:
                cpu_s += reaped[2].ru_utime + reaped[2].ru_stime
                peak_kb = max(peak_kb, reaped[2].ru_maxrss)
        except ChildProcessError:
            break
        os.sched_yield()
    return cpu_s, peak_kb


def _kill() -> None:
    if os.getpid() == 1:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # everybody else in this pid namespace
    elif _children:
        for pid in os.pread(_children[0], 1 << 16, 0).split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
