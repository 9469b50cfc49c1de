"""The start-up self-test: a handful of attacks in the very configuration that will be used.

Not covered: proof. It finds a layer that is switched on but does not hold (an old kernel, a
container's own filter that lies); the attack corpus of the test suite looks further.
"""

from __future__ import annotations

import platform
from collections.abc import Collection

from sandbox.cases import Case, FunctionTests
from sandbox.errors import UnconfinedError
from sandbox.limits import Limits
from sandbox.outcome import Outcome, Status
from sandbox.runs.functions import run_function_tests
from sandbox.worker import Worker

# Each attempt returns when it succeeds, and raises when it is refused.
_PROBE = """
import ctypes, os, socket, sys

libc = ctypes.CDLL(None, use_errno=True)

def refused(call, *arguments):
    if call(*arguments) >= 0:
        return "done"
    raise OSError

def grow():
    bytearray(1 << 40)

ATTEMPTS = {
    "seccomp: fork": lambda: refused(libc.fork),
    "seccomp: execute": lambda: os.execv(sys.executable, [sys.executable]),
    "seccomp: socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
    "seccomp: signal": lambda: os.kill(os.getppid(), 0),
    "seccomp: trace": lambda: refused(libc.ptrace, 16, os.getppid(), 0, 0),
    "seccomp: unshare": lambda: refused(libc.unshare, 0x10000000),
    "landlock: read": lambda: open(SECRET).read(1),
    "landlock: list": lambda: os.listdir("/"),
    "landlock: write": lambda: open("/rlvr-self-test", "w"),
    "limits: memory": grow,
}

def holes(secret, skipped):
    global SECRET
    SECRET = secret
    found = []
    for name, attempt in ATTEMPTS.items():
        if name.partition(":")[0] in skipped:
            continue
        try:
            attempt()
        except BaseException:
            continue
        found.append(name)
    return found
"""


def require_confinement(worker: Worker, allowed: Collection[str]) -> None:
    """Try to break out, and refuse to go on if anything worked.

    Raises:
        UnconfinedError: an attempt succeeded whose layer is not in `allowed`.
        WorkerLostError: the zygote failed.
    """
    # This file is readable for us and must not be for a program.
    tests = FunctionTests("holes", [Case(args=(__file__, sorted(allowed)), expected=[])])
    limits = Limits(wall_s=10, cpu_s=5, memory_mb=256)
    outcome = run_function_tests(worker, _PROBE, tests, limits, fail_fast=False)
    if outcome.status is Status.ACCEPTED:
        return
    raise UnconfinedError(
        f"the self-test broke out of the sandbox on this machine ({_holes(outcome)}; kernel "
        f"{platform.release()}); refusing to run untrusted programs"
    )


def _holes(outcome: Outcome) -> str:
    got = outcome.reason.partition("got ")[2]
    return got if outcome.status is Status.WRONG_ANSWER and got else outcome.reason
