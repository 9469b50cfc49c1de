"""How many processors this process may use: affinity, a container's quota, and the other ranks.

Beside the packages, because `rewards` and `sandbox` both start processes and neither may import
the other.
"""

from __future__ import annotations

import os
from pathlib import Path

_V2_ROOT = Path("/sys/fs/cgroup")
_V1_QUOTA = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
_OWN_GROUP = Path("/proc/self/cgroup")


def usable_cpus() -> int:
    """Processors that this process is allowed to run on, a container's quota included; ≥ 1.

    >>> usable_cpus() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    quota = _quota()
    return max(1, min(count, round(quota)) if quota else count)


def cpus_per_rank() -> int:
    """This process's share where every rank of a host starts as many workers; ≥ 1.

    The number of ranks is `LOCAL_WORLD_SIZE`, as torchrun sets it.

    >>> 1 <= cpus_per_rank() <= usable_cpus()
    True
    """
    ranks = os.environ.get("LOCAL_WORLD_SIZE", "1")
    share = int(ranks) if ranks.isdecimal() and int(ranks) > 0 else 1
    return max(1, usable_cpus() // share)


def _quota() -> float | None:
    """The CPUs that control groups grant, the scarcest counting; `None` where none sets a limit."""
    granted = [cpus for group in _groups() if (cpus := _v2_quota(group)) is not None]
    if granted:
        return min(granted)
    try:
        quota = int(_V1_QUOTA.read_text())
        period = int(_V1_QUOTA.with_name("cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return quota / period if quota > 0 and period > 0 else None


def _groups() -> list[Path]:
    """Our control group and all above it, as far as they can be seen from here."""
    try:
        lines = _OWN_GROUP.read_text().splitlines()
    except OSError:
        return [_V2_ROOT]
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    here = _V2_ROOT / own
    return [here, *(parent for parent in here.parents if parent.is_relative_to(_V2_ROOT))]


def _v2_quota(group: Path) -> float | None:
    try:
        quota, period = (group / "cpu.max").read_text().split()[:2]
        return int(quota) / int(period) if int(quota) > 0 and int(period) > 0 else None
    except (OSError, ValueError):  # no such file, or "max"
        return None
