"""Every check, in the order in which they are shown."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from rewards.workbench.diagnosis.check import Check, Grade
from rewards.workbench.diagnosis.confinement import check_sandbox, check_what_programs_use
from rewards.workbench.diagnosis.origins import check_origins
from rewards.workbench.diagnosis.packages import check_packages
from rewards.workbench.diagnosis.workers import check_workers
from rlvr_cpus import usable_cpus

_SUPPORTED = ((3, 10), (3, 13))


def diagnose() -> list[Check]:
    """Look at everything; takes some seconds, since limits and sandbox are tried for real."""
    return [
        *_check_machine(),
        *check_packages(),
        *check_origins(),
        *check_workers(),
        *check_sandbox(),
        *check_what_programs_use(),
    ]


def _check_machine() -> list[Check]:
    oldest, newest = _SUPPORTED
    version = sys.version_info[:2]
    grade, mend = Grade.FINE, ""
    if version < oldest:
        grade, mend = Grade.BROKEN, f"rlvr needs Python {oldest[0]}.{oldest[1]} or newer"
    elif version > newest:
        grade = Grade.NOTE
        mend = f"rlvr is tested up to Python {newest[0]}.{newest[1]}"
    return [
        Check(
            group="machine",
            name="Python",
            found=f"{platform.python_version()} ({sys.executable})",
            grade=grade,
            mend=mend,
        ),
        Check(group="machine", name="platform", found=platform.platform()),
        Check(group="machine", name="usable CPUs", found=str(usable_cpus())),
        Check(group="machine", name="GPUs", found=", ".join(gpus()) or "none that NVIDIA drives"),
    ]


def gpus(told_in: Path = Path("/proc/driver/nvidia/gpus")) -> list[str]:
    """What NVIDIA's driver says of its devices (Linux)."""
    return sorted(
        line.partition(":")[2].strip()
        for told in told_in.glob("*/information")
        for line in told.read_text(encoding="utf-8", errors="replace").splitlines()
        if line.startswith("Model:")
    )
