"""Whether a row is to blame for a program that failed: its own solution is run as well.

Not covered: which failures are worth asking about; and rows without a solution of their own.

A program may choose that the question is asked, by running out of time or by importing what is not
there. The answer depends on the row alone, is found once, and is kept; it is only that the row's
solution fails in one of these two ways itself.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rewards.programs.own_solutions import Program
from rewards.verdict import Status

if TYPE_CHECKING:
    from sandbox import Outcome

_MODULE = re.compile(
    r"No module named '([\w.]{1,100})'"  # Python
    r"|a crate named `(\w{1,100})`"  # Rust
    r"|Cannot find module '([^'\s]{1,100})'"  # JavaScript
    r"|error: package ([\w.]{1,100}) does not exist"  # Java
    r"|error: ([\w./+-]{1,100}): No such file or directory"  # C and C++
    r"|package ([\w./-]{1,100}) is not in (?:std|GOROOT)"  # Go
)
_KEPT_MAX = 4096


@dataclass(frozen=True)
class RowFault:
    """Why a row cannot be used, as its own solution shows: a status without a score."""

    status: Status
    reason: str


@dataclass
class _Asked:
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_known: bool = False
    fault: RowFault | None = None


def is_worth_asking(outcome: Outcome) -> bool:
    """Whether a program failed as it would where the row asks for what cannot be had here."""
    from sandbox import Status as Ended

    return any(
        test.status is Ended.TIME_LIMIT or _MODULE.search(test.reason) for test in outcome.tests
    )


def fault_of_row(
    key: object, solutions: Sequence[Program], run: Callable[[Program], Outcome]
) -> RowFault | None:
    """What a row's own solutions say against it; `None` where one passes, or none can be run.

    Args:
        key: what the answer depends on, apart from the solutions; its `repr` counts.
        solutions: tried in order.
        run: runs one against the row's tests, within the row's limits.
    """
    if not solutions:
        return None
    told = repr((key, solutions)).encode("utf-8", "surrogatepass")
    asked = _asked(hashlib.sha256(told).digest())
    with asked.lock:  # the completions of a group ask at the same time, and one answer serves them
        if not asked.is_known:
            asked.fault, asked.is_known = _found(solutions, run)
        return asked.fault


def _asked(digest: bytes) -> _Asked:
    with _lock:
        asked = _kept.setdefault(digest, _Asked())
        _kept.move_to_end(digest)
        if len(_kept) > _KEPT_MAX:
            _kept.popitem(last=False)
        return asked


def _found(
    solutions: Sequence[Program], run: Callable[[Program], Outcome]
) -> tuple[RowFault | None, bool]:
    """The fault, and whether that is certain: a run that was lost says nothing."""
    from sandbox import BadTestsError, MissingToolchainError
    from sandbox import Status as Ended

    faults: list[RowFault] = []
    is_certain = True
    for solution in solutions:
        try:
            outcome = run(solution)
        except (BadTestsError, MissingToolchainError):
            continue
        if outcome.status is Ended.ACCEPTED:
            return None, True
        is_certain = is_certain and outcome.status is not Ended.INFRA_ERROR
        why = next((t.reason for t in outcome.tests if t.status is not Ended.ACCEPTED), "")
        lacks = _MODULE.search(why)
        if lacks is not None:
            name = next(filter(None, lacks.groups()))
            reason = f"the row's own solution needs {name}, which is not to be had here"
            faults.append(RowFault(Status.NOT_APPLICABLE, reason))
        elif outcome.status is Ended.TIME_LIMIT:
            reason = f"the row's own solution is too slow for its tests: {why}"
            faults.append(RowFault(Status.BAD_REFERENCE, reason))
        # One that fails otherwise says nothing: the column may hold a stub, or what is no solution,
        # and every program that runs out of time would then leave its row without a score.
    return (faults[0] if faults and is_certain else None), is_certain


_lock = threading.Lock()
_kept: OrderedDict[bytes, _Asked] = OrderedDict()
