"""A child that executes a compiler, or a program that one built, instead of Python code.

Not covered: what the files it may read say; the launcher sees toolchains and work folders only.

The zygote of this kind (a launcher) keeps its rights to fork and execute. Each child gives them
up here: Landlock down to the paths of its order, a filter by what it is, then exec.
"""

from __future__ import annotations

import json
import os
import resource
from typing import Any, NoReturn

from sandbox.confine import landlock, policy
from sandbox.confine.seccomp import Filter, Rule, When
from sandbox.zygote.protocol import Order, frame, second_limit_s

_COMPILE = Filter(policy.COMPILER_RULES, default=policy.REFUSE)
_RUN = Filter(policy.PROGRAM_RULES, default=policy.REFUSE)
_RUN_LIMITS = Filter(policy.PROGRAM_LIMITS, default=policy.PASS)
_DATA_ALLOWANCE = 64 << 20  # what a runtime's own start-up data takes


LINE = 4


def execute(order: Order, place: int, channel: int, *, without: set[str]) -> NoReturn:
    """Confine this child as ordered and become the command, the one at `place` of a pair.

    Never returns; before the exec, `R` goes over the channel, and `S` with a reason if it fails.
    """
    told = json.loads(order.command)
    command: dict[str, Any] = told[place] if isinstance(told, list) else told
    compiles = bool(command["compiles"])
    os.chdir(command["folder"])
    _limit(order, counts_data=bool(command["counts_data"]))
    if "landlock" not in without:
        rights = [(path, landlock.RUN) for path in command["readable"]]
        own = landlock.RUN | landlock.WRITE if compiles else landlock.RUN
        rights.append((command["folder"], own))
        rights += [(path, landlock.READ | landlock.WRITE_FILE) for path in command["devices"]]
        landlock.restrict_self(rights)
    os.set_inheritable(0, True)
    os.set_inheritable(1, True)
    os.set_inheritable(2, True)
    if isinstance(told, list):
        os.set_inheritable(LINE, True)
    os.write(channel, frame(b"R"))
    if "seccomp" not in without:
        (_COMPILE if compiles else _RUN).install()
        # Runtimes send themselves signals; nobody else may get one.
        own_pid = When(0, (os.getpid(),))
        only_own = [Rule(name, when=own_pid) for name in ("tgkill", "kill")]
        if not compiles:
            _RUN_LIMITS.install()
            Filter(only_own, default=policy.PASS).install()
    try:
        os.execve(command["argv"][0], command["argv"], command["environment"])  # noqa: S606
    except OSError as error:
        os.write(channel, frame(f"S{command['argv'][0]}: {error.strerror}".encode()))
    os._exit(127)


def _limit(order: Order, *, counts_data: bool) -> None:
    cpu = second_limit_s(order)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    # Address space where that is what a program uses; Go, Java and JavaScript reserve far more
    # than they touch, so there only private writable memory counts (since Linux 4.7).
    kind = resource.RLIMIT_DATA if counts_data else resource.RLIMIT_AS
    memory = order.memory_bytes + _DATA_ALLOWANCE
    hard = resource.getrlimit(kind)[1]  # lower where we were started under a limit
    memory = memory if hard < 0 else min(memory, hard)
    resource.setrlimit(kind, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (order.file_bytes, order.file_bytes))
    # A thread's stack is as large as this limit, and counts as data at once: runtimes with threads
    # of their own (and a stack option of their own) get the usual 8 MB.
    stack = 8 << 20 if counts_data else min(256 << 20, order.memory_bytes)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))
