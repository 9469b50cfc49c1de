"""What holds for all tests."""

import gc
import os
import signal
from pathlib import Path

import pytest

# A shell starts what it runs in the background with Ctrl-C ignored, and every process started from
# there inherits that; tests that interrupt a process need the usual handling.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Without a GPU the kernels are interpreted, which Triton must know before anything imports it.
if not Path("/dev/nvidiactl").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture
def no_collections():
    """For tests of CPU time: the collector's pauses grow with all that a test run has imported."""
    gc.disable()
    yield
    gc.enable()
