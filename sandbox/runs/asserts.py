"""Judging assert tests: the tests run in a judge, the program in another process.

Not covered: what the judge's tests are worth. A test that never asks the program for anything is
an error of the tests, not a pass.
"""

from __future__ import annotations

import socket

from sandbox.cases import AssertTests
from sandbox.errors import BadTestsError
from sandbox.limits import Limits
from sandbox.outcome import Outcome, Status, TestOutcome
from sandbox.runs.ending import explain, not_reached, printable, require_confined, said
from sandbox.runs.functions import verdict
from sandbox.runs.orders import order_for
from sandbox.worker import Channel, OversizeError, Worker, WorkerLostError, now_s
from sandbox.zygote.protocol import PLATFORM, Ended, Kind, Report, frame, texts

_TEXT_MAX = 1 << 16
UNUSED = "does not use the program"  # of a test that says nothing about it
_STATUSES = {
    b"P": Status.ACCEPTED,
    b"V": Status.ACCEPTED,  # held, though nothing was asked of the program
    b"F": Status.WRONG_ANSWER,
    b"E": Status.RUNTIME_ERROR,
    b"O": Status.OUTPUT_LIMIT,
}


def run_assert_tests(
    worker: Worker, source: str, tests: AssertTests, limits: Limits, *, fail_fast: bool
) -> Outcome:
    """Run one program against asserting source.

    Raises:
        WorkerLostError: the zygote failed; the run says nothing about the program.
        BadTestsError: the tests do not compile, or never call the program.
    """
    started = now_s()
    judge_line, candidate_line = socket.socketpair()
    with (
        judge_line,
        candidate_line,
        Channel(limits.wall_s, _TEXT_MAX) as judge,
        Channel(limits.wall_s, _TEXT_MAX) as candidate,
    ):
        ends = (judge.theirs, judge_line, candidate.theirs, candidate_line)
        worker.begin(order_for(Kind.JUDGE, limits), [end.fileno() for end in ends])
        for end in ends:
            end.close()
        given = PLATFORM if tests.platform_names else ""
        candidate.send(frame(texts(tests.prelude, source, given)))
        options = (str(int(limits.output_mb * 1e6)), "1" if fail_fast else "")
        preludes = (tests.prelude, tests.setup)
        judge.send(frame(texts(*preludes, tests.entry or "", *options, *tests.tests)))
        if judge.receive() != b"R":
            worker.abandon()
            raise WorkerLostError("the judge could not be confined")
        results, last = _listen(worker, judge, tests)
        judged, ran = worker.finish_all()
        require_confined(candidate, ran)
        told = _last_words(candidate)
    if len(results) < tests.total:
        failed = bool(results) and results[-1].status is not Status.ACCEPTED
        if failed and fail_fast and not last:
            results += not_reached(results[-1].status, tests.total - len(results))
        else:
            status, reason = _cut_short(last, told, judged, ran, limits)
            results.append(TestOutcome(status=status, reason=reason))
            results += not_reached(status, tests.total - len(results))
    status, reason = verdict(results)
    return Outcome(
        status=status,
        tests=tuple(results),
        reason=reason,
        cpu_s=judged.cpu_s + ran.cpu_s,
        wall_s=now_s() - started,
        peak_mb=ran.peak_kb / 1024,
    )


def _last_words(candidate: Channel) -> bytes | None:
    try:
        return candidate.receive()
    except OversizeError:  # it may have written anything there
        return None


def _listen(worker: Worker, judge: Channel, tests: AssertTests) -> tuple[list[TestOutcome], bytes]:
    """What the judge says of each test, and its last word if it broke off."""
    results: list[TestOutcome] = []
    unused = 0
    asked = now_s()
    while (message := judge.receive()) is not None:
        kind, text = message[:1], printable(message[1:].decode("utf-8", "replace"))
        if kind == b"T":
            raise BadTestsError(f"the tests do not compile: {text}")
        unused += kind == b"V"
        if unused == tests.total:
            raise BadTestsError("the source never uses the program")
        if kind not in _STATUSES:
            return results, message
        status = _STATUSES[kind]
        reason = text
        if status is Status.ACCEPTED:
            reason = UNUSED if kind == b"V" and not tests.parts else "held"
        results.append(TestOutcome(status=status, reason=reason, wall_s=now_s() - asked))
        asked = now_s()
        worker.next_test()
    return results, b""


def _cut_short(
    last: bytes, told: bytes | None, judged: Report, ran: Report, limits: Limits
) -> tuple[Status, str]:
    """Why not every test was judged."""
    if told is not None and (failure := said(told)):
        return failure
    if last[:1] == b"B":
        return said(last) or (Status.BAD_PROGRAM, "")
    if ran.ended != Ended.ITSELF and judged.ended == Ended.ITSELF:
        return explain(judged, limits, budget_s=limits.total_s)  # the judge went first
    return explain(ran, limits, budget_s=limits.total_s)
