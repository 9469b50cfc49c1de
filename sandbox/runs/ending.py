"""What a child's end means.

Not covered: ends that a verdict no longer needs (every answer is in).
"""

from __future__ import annotations

import signal

from sandbox.limits import Limits
from sandbox.outcome import Status, TestOutcome
from sandbox.worker import Channel, WorkerLostError
from sandbox.zygote.protocol import Ended, Report

_SAID_STATUS = {
    b"C": Status.COMPILE_ERROR,
    b"X": Status.RUNTIME_ERROR,
    b"B": Status.BAD_PROGRAM,
    b"M": Status.MEMORY_LIMIT,
    b"W": Status.OUTPUT_LIMIT,
    b"E": Status.RUNTIME_ERROR,
}
_NEAR_LIMIT = 0.95


def require_confined(candidate: Channel, report: Report) -> None:
    """Of a program beside a judge, once the run is over: that it was confined before it ran.

    A judge that asks nothing may end the run, and the program with it, before the program got
    that far: this is no failure.

    Raises:
        WorkerLostError: it could not be confined.
    """
    if candidate.receive() != b"R" and report.ended != Ended.ASKED:
        raise WorkerLostError("the program could not be confined")


def said(message: bytes) -> tuple[Status, str] | None:
    """What a program says of its own failure: it can only lose by it."""
    status = _SAID_STATUS.get(message[:1])
    if status is None:
        return None
    return status, printable(message[1:401].decode("utf-8", "replace"))


def out_of_budget(limits: Limits, count: int) -> list[TestOutcome]:
    """Outcomes of the tests for which no time was left."""
    reason = f"no time left: {limits.total_s:g} CPU-s for all the tests"
    first = TestOutcome(status=Status.TIME_LIMIT, reason=reason)
    return [first, *not_reached(Status.TIME_LIMIT, count - 1)] if count else []


def explain(report: Report, limits: Limits, *, budget_s: float | None = None) -> tuple[Status, str]:
    """The status and reason of a child that ended before its work was done.

    `budget_s` is the CPU time that the process had, where it ran several tests.

    Raises:
        WorkerLostError: nothing the program could do ends a child this way.
    """
    if report.ended == Ended.WALL:
        return Status.TIME_LIMIT, f"ran longer than {limits.wall_s:g} s"
    budget = limits.cpu_s if budget_s is None else budget_s
    if report.ended == Ended.CPU or report.cpu_s >= budget:
        most = budget if report.cpu_s >= budget else limits.cpu_s
        return Status.TIME_LIMIT, f"used more than {most:g} CPU-s"
    if report.ended == Ended.PROCESSES:
        return Status.RUNTIME_ERROR, f"was more than {limits.processes} processes at a time"
    if report.ended == Ended.KILLED:
        return Status.RUNTIME_ERROR, "ended by SIGKILL, which it sent itself"
    if report.ended == Ended.FILES:
        return Status.OUTPUT_LIMIT, "kept too much, or too many, in its files"
    code = report.exit_code
    if report.ended == Ended.MEMORY or report.peak_kb / 1024 >= limits.memory_mb * _NEAR_LIMIT:
        return Status.MEMORY_LIMIT, f"needed more than {limits.memory_mb} MB"
    if code == -signal.SIGKILL:
        # Programs cannot send signals, and we did not: the machine ran out of memory.
        raise WorkerLostError("a child was killed from outside")
    if code == -signal.SIGXFSZ:
        return Status.OUTPUT_LIMIT, f"wrote more than {limits.output_mb:g} MB"
    if code < 0:
        return Status.RUNTIME_ERROR, f"ended by {_signal_name(-code)}"
    return Status.RUNTIME_ERROR, f"ended with exit code {code}"


def not_reached(status: Status, count: int) -> list[TestOutcome]:
    """Outcomes of the tests after the one that ended the run."""
    return [TestOutcome(status=status, reason="not reached")] * count


def printable(text: str) -> str:
    """A program's text without control characters, in one line."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
