"""The limits that the kernel keeps for one task, inside the process that runs it.

CPU: `ITIMER_PROF` with `SIGPROF` at its default action. The kernel counts and kills, so a loop
in C that never returns to the interpreter (`9**9**9`) ends within a few milliseconds of its
budget, and no Python handler has to run. It counts in ticks of 1 to 10 ms: on a busy machine it
may err by a few of them, so a budget below 0.1 s is not exact. `RLIMIT_CPU` has a granularity of
one second and no reset.

Memory: `RLIMIT_DATA` rather than `RLIMIT_AS`, because reserved address space (thread arenas,
mapped files) is not memory. It is set relative to what the process holds when the task starts.

Not covered: memory where there is no `/proc` (macOS, Windows), CPU where there are no interval
timers (Windows).
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from rewards.worker.budget import Budget

HAS_CPU_TIMER = sys.platform != "win32"


class TaskLimits:
    """One process's limits: armed while a task runs, lifted in between."""

    def __init__(self, budget: Budget) -> None:
        self._cpu_s = budget.cpu_s if HAS_CPU_TIMER else None
        self._memory = None if budget.memory_mb is None else budget.memory_mb << 20
        # Opened by the process itself: `self` in the path is resolved here, once.
        self._statm = _open_statm()
        if self._statm is None:
            self._memory = None
        elif sys.platform != "win32":
            self._page = os.sysconf("SC_PAGE_SIZE")
            self._soft, self._hard = resource.getrlimit(resource.RLIMIT_DATA)

    def arm(self) -> None:
        """Start the CPU clock and cap memory at what is held now plus the budget."""
        if sys.platform == "win32":
            return
        if self._memory is not None:
            cap = self.held_bytes() + self._memory
            if self._hard != resource.RLIM_INFINITY:
                cap = min(cap, self._hard)
            resource.setrlimit(resource.RLIMIT_DATA, (cap, self._hard))
        if self._cpu_s is not None:
            signal.setitimer(signal.ITIMER_PROF, self._cpu_s)

    def lift(self) -> None:
        """Stop the clock and give memory back its old limit."""
        if sys.platform == "win32":
            return
        if self._cpu_s is not None:
            signal.setitimer(signal.ITIMER_PROF, 0)
        if self._memory is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (self._soft, self._hard))

    def held_bytes(self) -> int:
        """Bytes of private writable memory mapped now; 0 where the kernel does not say."""
        if self._statm is None:
            return 0
        return int(os.pread(self._statm, 256, 0).split()[5]) * self._page


def _open_statm() -> int | None:
    try:
        return os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None
