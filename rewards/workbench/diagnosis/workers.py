"""Whether worker processes start, and which of their limits this platform enforces: by trying."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rewards.errors import RlvrError
from rewards.workbench.diagnosis.check import Check, Grade
from rewards.worker import JSON, Budget, Ending, WorkerPool

_MODULE = "rewards.workbench.diagnosis.workers"


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """A task, its budget, and the ending that shows that the limit holds."""

    name: str
    function: str
    budget: Budget
    expected: Ending
    without: str
    arguments: Sequence[JSON] = field(default_factory=tuple)


_TRIALS = (
    _Trial(
        name="CPU limit",
        function="spin",
        budget=Budget(cpu_s=0.2, wall_s=5.0, memory_mb=None),
        expected=Ending.CPU_LIMIT,
        without="a comparison that hangs is ended by the clock: verdicts depend on the load",
    ),
    _Trial(
        name="wall limit",
        function="sleep",
        budget=Budget(cpu_s=None, wall_s=0.2, memory_mb=None),
        expected=Ending.WALL_LIMIT,
        without="a comparison that sleeps blocks its worker",
    ),
    _Trial(
        name="memory limit",
        function="hoard",
        budget=Budget(cpu_s=None, wall_s=20.0, memory_mb=64),
        expected=Ending.MEMORY_LIMIT,
        without="a comparison may use all memory: limit the whole run from outside",
        arguments=(256,),
    ),
)


def check_workers() -> list[Check]:
    """Start a worker, let it answer, and run it into each limit."""
    try:
        with WorkerPool(f"{_MODULE}:echo") as pool:
            result = pool.run("here")
    except RlvrError as error:
        return [_broken(str(error))]
    if result.value != "here":
        return [_broken(f"{result.ending.value}: {result.error}")]
    started = Check(group="workers", name="start and answer", found="works")
    return [started, *(_try(trial) for trial in _TRIALS)]


def _try(trial: _Trial) -> Check:
    try:
        with WorkerPool(f"{_MODULE}:{trial.function}", budget=trial.budget) as pool:
            ending = pool.run(*trial.arguments).ending
    except RlvrError as error:
        return _broken(str(error))
    if ending is trial.expected:
        return Check(group="workers", name=trial.name, found="enforced")
    return Check(
        group="workers",
        name=trial.name,
        found=f"not enforced here (the trial ended with {ending.value})",
        grade=Grade.NOTE,
        mend=trial.without,
    )


def _broken(reason: str) -> Check:
    return Check(
        group="workers",
        name="start and answer",
        found=reason,
        grade=Grade.BROKEN,
        mend="check that this interpreter can start itself: python -c 'import rewards.worker'",
    )


# What the workers are given to do; the last three run into a limit on purpose.


def echo(text: str) -> str:
    """Nothing special."""
    return text


def spin() -> None:
    """Use CPU for ever."""
    while True:
        pass


def sleep() -> None:
    """Use no CPU, for a long time."""
    time.sleep(60)


def hoard(megabytes: int) -> int:
    """Hold memory, all of it touched."""
    held = bytearray(megabytes << 20)
    held[::4096] = b"x" * len(held[::4096])
    return len(held)
