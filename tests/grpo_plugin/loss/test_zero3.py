"""The fused loss of a model that ZeRO-3 has partitioned: its head is gathered for the loss."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("deepspeed") is None, reason="needs deepspeed")
@pytest.mark.parametrize("family", ["Qwen3", "Qwen3 tied", "Gemma2"])
def test_one_step_is_that_of_plain_autograd(family):
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node=2", str(HERE / "zero3_worker.py"), family),
        ],
        env=os.environ
        | {"PYTHONPATH": f"{HERE.parents[2]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        | {"OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
