"""Running a script in two processes on this CPU, as `accelerate launch` does."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_two(script, *arguments, check=True):
    # --cpu would start a single process; --multi_gpu means torchrun, and use_cpu=True then gloo.
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    command += ["--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
    command += ["--main_process_port", "0", str(script), *map(str, arguments)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}\n{done.stderr[-4000:]}")
    return done
