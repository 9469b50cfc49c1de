"""What holds for all tests."""

import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Modules that several folders of tests share.
sys.path.insert(0, str(Path(__file__).parent / "support"))

# A shell starts what it runs in the background with Ctrl-C ignored, `nohup` with the hangup, and
# every process started from there inherits that; tests that interrupt a process need the usual
# handling.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# No test depends on how fast the machine is, nor on how many draws a strategy happens to refuse
# (`recursive` refuses what grows too large; what refuses all is an error without the check, too).
# The examples of a test share its fixtures. Continuous integration draws the same examples each
# time, so that a red build means the change that it ran on; anywhere else they are fresh.
settings.register_profile(
    "rlvr",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[
        HealthCheck.filter_too_much,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
settings.load_profile("rlvr")

# Nothing that a test compiles is kept in the home of whoever runs it.
os.environ["RLVR_BUILD_CACHE"] = "off"

# Without a GPU the kernels are interpreted, which Triton must know before anything imports it.
if not Path("/dev/nvidiactl").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(autouse=True)
def no_leftovers(tmp_path_factory):
    """What a test imported from a folder of its own is not there for the next one."""
    path, modules, own = [*sys.path], {*sys.modules}, str(tmp_path_factory.getbasetemp())
    yield
    sys.path[:] = path
    for name in sys.modules.keys() - modules:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(own):
            del sys.modules[name]


@pytest.fixture
def no_collections():
    """For tests of CPU time: the collector's pauses grow with all that a test run has imported."""
    gc.disable()
    yield
    gc.enable()
