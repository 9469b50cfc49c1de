"""Where and with what a benchmark ran: every report says so."""

from __future__ import annotations

import platform
from datetime import datetime, timezone
from pathlib import Path

from rewards.extras import version_of
from rlvr_cpus import usable_cpus

PACKAGES = (
    "rlvr",
    "math-verify",
    "latex2sympy2_extended",
    "sympy",
    "trl",
    "torch",
    "transformers",
    "triton",
    "liger-kernel",
    "cut-cross-entropy",
)


def environment() -> dict[str, object]:
    """Versions and hardware, as plain JSON."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "processor": _processor(),
        "cpus": usable_cpus(),
        "versions": {name: version_of(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
