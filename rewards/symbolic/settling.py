"""Handing undecided pairs to sympy's processes, all at once, and remembering what came back."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rewards.answers import Equality
from rewards.errors import WorkerError
from rewards.verdict import Status
from rlvr_cpus import cpus_per_rank

if TYPE_CHECKING:
    from rewards.worker import TaskResult, WorkerPool

_FUNCTION = "rewards.symbolic.decision:decide"
_PREPARE = "rewards.symbolic.decision:prepare"
_PRELOAD = ("sympy", "latex2sympy2_extended", "rewards.symbolic.decision")
_REMEMBERED = 4_096

TextPair = tuple[str, str]
"""The text of a reference and the text of an answer."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The decision about one pair: `CORRECT`, `WRONG`, `TIMEOUT` or `ERROR`, and why.

    `decided` is false where sympy could not tell, and the pair is wrong for want of a proof.
    """

    status: Status
    reason: str
    decided: bool = True


def settle(pairs: Sequence[TextPair], *, cpu_s: float, memory_mb: int) -> list[Settled]:
    """Decide pairs by sympy, each within its budget, on as many workers as this process may use.

    A pair that spends its CPU or memory scores as a time-out: that does not depend on the
    machine. A worker that dies twice, or waits without working, is our failure: `ERROR`.
    """
    known = {pair: _remembered.find((pair, cpu_s, memory_mb)) for pair in dict.fromkeys(pairs)}
    unknown = [pair for pair, settled in known.items() if settled is None]
    if unknown:
        known.update(zip(unknown, _ask(unknown, cpu_s, memory_mb), strict=True))
    settled_pairs: list[Settled] = []
    for pair in pairs:
        settled = known[pair]
        assert settled is not None  # noqa: S101 - every unknown pair was just asked
        settled_pairs.append(settled)
    return settled_pairs


def warm_up(*, cpu_s: float, memory_mb: int) -> None:
    """Start the processes now, so that the first undecided pair need not wait for sympy.

    Raises:
        WorkerError: they cannot be started.
    """
    _pool(cpu_s, memory_mb).start()


def forget() -> None:
    """Forget every settled pair, as benchmarks and tests do between their runs."""
    _remembered.clear()


def _ask(pairs: Sequence[TextPair], cpu_s: float, memory_mb: int) -> list[Settled]:
    try:
        results = list(_pool(cpu_s, memory_mb).run_many([list(pair) for pair in pairs]))
    except WorkerError as error:
        return [Settled(Status.ERROR, f"no worker for sympy: {error}")] * len(pairs)
    answers = [_settled(result, cpu_s, memory_mb) for result in results]
    for pair, settled in zip(pairs, answers, strict=True):
        if settled.status is not Status.ERROR:  # the next try may go better
            _remembered.keep((pair, cpu_s, memory_mb), settled)
    return answers


def _pool(cpu_s: float, memory_mb: int) -> WorkerPool:
    from rewards.worker import Budget, shared_pool  # only the undecided need it

    # Wall time is no measure of work on a loaded machine: only a pair that sleeps meets it.
    budget = Budget(cpu_s=cpu_s, wall_s=10 + 20 * cpu_s, memory_mb=memory_mb)
    return shared_pool(
        _FUNCTION,
        workers=cpus_per_rank(),
        budget=budget,
        preload=_PRELOAD,
        initializer=_PREPARE,
    )


def _settled(result: TaskResult, cpu_s: float, memory_mb: int) -> Settled:
    from rewards.worker import Ending

    if result.is_done:
        outcome, reason = _checked(result.value)
        if outcome is Equality.EQUAL:
            return Settled(Status.CORRECT, f"decided by sympy: {reason}")
        if outcome is Equality.DIFFERENT:
            return Settled(Status.WRONG, f"decided by sympy: {reason}")
        return Settled(
            Status.WRONG, f"could not be shown equal, by sympy neither: {reason}", decided=False
        )
    if result.ending is Ending.CPU_LIMIT:
        return Settled(Status.TIMEOUT, f"sympy spent the CPU budget of {cpu_s:g} s", decided=False)
    if result.ending is Ending.MEMORY_LIMIT:
        return Settled(
            Status.TIMEOUT, f"sympy spent the memory budget of {memory_mb} MB", decided=False
        )
    if result.ending is Ending.FAILED:
        return Settled(Status.WRONG, f"could not be compared: {result.error[:200]}", decided=False)
    return Settled(Status.ERROR, f"sympy's worker failed ({result.ending.value}): {result.error}")


def _checked(value: object) -> tuple[Equality, str]:
    """The outcome and reason that `decide` sent as JSON."""
    outcome, reason = value if isinstance(value, list) and len(value) == 2 else ("", str(value))
    return Equality(outcome), str(reason)


class _Remembered:
    """The last few thousand settled pairs, least recently used out first; for any thread."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._settled: OrderedDict[tuple[TextPair, float, int], Settled] = OrderedDict()

    def find(self, key: tuple[TextPair, float, int]) -> Settled | None:
        with self._lock:
            if key in self._settled:
                self._settled.move_to_end(key)
            return self._settled.get(key)

    def keep(self, key: tuple[TextPair, float, int], settled: Settled) -> None:
        with self._lock:
            self._settled[key] = settled
            if len(self._settled) > self._limit:
                self._settled.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._settled.clear()

    def renew_lock(self) -> None:
        # A thread of the parent may have held the lock when this process was forked.
        self._lock = threading.Lock()


_remembered = _Remembered(_REMEMBERED)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_remembered.renew_lock)
