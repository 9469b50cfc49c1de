"""How many threads a child may start: RLIMIT_NPROC, which counts a user's tasks, made to fit.

Not covered: user 0, whom the kernel exempts; the layer `threads` says so, and a control group
holds there where one is delegated.

A zygote that became a user of its own has a count of its own: its limit is set once. Any other
user's count includes processes that are none of ours, so each child gets that many above what the
whole machine runs when it starts: a right program always finds room, a flood soon ends.
"""

from __future__ import annotations

import os
import resource
from contextlib import suppress

_load: list[int] = []  # an open handle of /proc/loadavg, where each child must look
_room = 0
_THREADS_OF_SEVERAL = 48


def prepare() -> None:
    """Open what children look at; /proc cannot be opened once the process is confined."""
    with suppress(OSError):
        _load.append(os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC))


def limit(room: int, *, own_user: bool) -> str | None:
    """Limit this zygote's children to `room` tasks; returns why that cannot be done, if so."""
    global _room  # noqa: PLW0603 - one zygote, one limit
    if own_user:
        resource.setrlimit(resource.RLIMIT_NPROC, (room, room))
        return None
    if os.geteuid() == 0:
        return "user 0 is exempt: open the interpreter's folder to others, or delegate a cgroup"
    if _running() is None:
        return "/proc/loadavg does not tell how many tasks there are"
    _room = room
    return None


def limit_child(processes: int) -> None:
    """Limit the calling child, where the zygote's own limit does not do it already.

    A program that may be several processes gets less room for threads.
    """
    if not _room and processes == 1:
        return
    room = processes + _THREADS_OF_SEVERAL if processes > 1 else _room
    most = room
    if _room:
        running = _running()
        if running is None:
            raise OSError("/proc/loadavg cannot be read any more")
        most = running + room
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


def _running() -> int | None:
    """Tasks of the whole machine: the fourth word is `running/all`."""
    try:
        return int(os.pread(_load[0], 128, 0).split()[3].partition(b"/")[2])
    except (OSError, IndexError, ValueError):
        return None
