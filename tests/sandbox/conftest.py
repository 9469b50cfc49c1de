import os
import signal
import sys

import pytest

if sys.platform != "linux":
    collect_ignore_glob = ["*"]


@pytest.fixture(scope="session")
def box():
    """One sandbox with every layer this machine offers."""
    from sandbox import Limits, Sandbox

    with Sandbox(workers=1, limits=Limits(wall_s=20, cpu_s=5)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _machine_guard(request):
    """No test takes more of the machine than this, whatever layer is broken."""
    import resource

    before = {}
    for name, value in (("RLIMIT_FSIZE", 1 << 30), ("RLIMIT_CORE", 0)):
        kind = getattr(resource, name)
        before[kind] = resource.getrlimit(kind)
        hard = before[kind][1]
        resource.setrlimit(kind, (value if hard < 0 else min(value, hard), hard))
    yield
    for kind, limits in before.items():
        resource.setrlimit(kind, limits)


def pytest_sessionfinish():
    """End whatever a broken layer let live in our session."""
    if os.environ.get("SANDBOX_TESTS_OWN_SESSION"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
