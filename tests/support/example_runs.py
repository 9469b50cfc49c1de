"""Running an example as its reader would, on the tiny model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def run(*command: object, folder: Path) -> str:
    """What `python …command --tiny --output folder` prints, when it ends well."""
    done = subprocess.run(
        [sys.executable, *map(str, command), "--tiny", "--output", str(folder)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout
