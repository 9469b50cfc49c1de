"""Ending what a compiler started and left behind.

Not covered: Python programs, which cannot start a process. A compiler can: when its driver is
killed, the passes it started live on as orphans, and come to the launcher.
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


def end() -> None:
    """Kill and reap every process that is left."""
    for _ in range(_ROUNDS_MAX):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        if os.getpid() == 1:
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # everybody else in this pid namespace
        elif _children:
            for pid in os.pread(_children[0], 1 << 16, 0).split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        os.sched_yield()
