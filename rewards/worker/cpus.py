"""How many processors this process may use."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUP_V2 = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_V1 = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")


def count_usable_cpus() -> int:
    """Processors that this process is allowed to run on, a container's quota included.

    >>> count_usable_cpus() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    quota = _quota()
    return max(1, min(count, round(quota)) if quota else count)


def _quota() -> float | None:
    """The CPUs that a control group grants, or `None` where it sets no limit."""
    try:
        if _CGROUP_V2.exists():
            quota, period = _CGROUP_V2.read_text().split()[:2]
        else:
            quota = _CGROUP_V1.read_text().strip()
            period = _CGROUP_V1.with_name("cpu.cfs_period_us").read_text().strip()
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError):  # no control groups here, or "max"
        return None
