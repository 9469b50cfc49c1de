"""Judging stdin tests: a fresh process per case, text in, text out, compared here.

Not covered: a conversation in which what is read depends on what was printed; input is all there
from the start, and may be read as it comes.
"""

from __future__ import annotations

import os
from dataclasses import replace

from sandbox.cases import Case, StdinTests
from sandbox.compare import same_lines, same_output
from sandbox.limits import Limits
from sandbox.outcome import Outcome, Status, TestOutcome
from sandbox.runs.checkers import Answers
from sandbox.runs.ending import explain, not_reached, out_of_budget, printable, said
from sandbox.runs.functions import verdict
from sandbox.runs.orders import order_for
from sandbox.worker import Channel, Worker, WorkerLostError, memory_file, now_s
from sandbox.zygote.protocol import Ended, Kind, Report, frame, texts

_SHOWN = 120
_TEXT_MAX = 4096


def run_stdin_tests(
    worker: Worker, source: str, tests: StdinTests, limits: Limits, *, fail_fast: bool
) -> Outcome:
    """Run one program against its cases.

    Raises:
        WorkerLostError: the zygote failed; the run says nothing about the program.
    """
    results: list[TestOutcome] = []
    started = now_s()
    cpu_s = peak_mb = 0.0
    answers = Answers(tests, limits)
    for position, case in enumerate(tests.cases):
        asked = now_s()
        report, told, printed = _run_once(worker, source, case, limits)
        cpu_s += report.cpu_s
        peak_mb = max(peak_mb, report.peak_kb / 1024)
        result = judge_output(report, told, printed, position, answers)
        status = result.status
        results.append(replace(result, wall_s=now_s() - asked))
        left = len(tests.cases) - len(results)
        if cpu_s >= limits.total_s or now_s() - started > limits.total_wall_s:
            results += out_of_budget(limits, left)
            break
        if status is Status.COMPILE_ERROR or (fail_fast and status is not Status.ACCEPTED):
            results += not_reached(status, len(tests.cases) - len(results))
            break
    results = answers.settle(worker, results, fail_fast=fail_fast)
    status, reason = verdict(results)
    return Outcome(
        status=status,
        tests=tuple(results),
        reason=reason,
        cpu_s=cpu_s,
        wall_s=now_s() - started,
        peak_mb=peak_mb,
    )


def _run_once(
    worker: Worker, source: str, case: Case, limits: Limits
) -> tuple[Report, bytes, bytes]:
    """How the process ended, what it said of itself, and what it printed."""
    files = []
    try:
        files.append(memory_file("stdin", stdin_bytes(case)))
        files.append(memory_file("stdout"))
        files.append(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC))  # nobody reads its errors
        with Channel(limits.wall_s, _TEXT_MAX) as channel:
            order = order_for(Kind.STDIN, limits, prints=True)
            worker.begin(order, [channel.theirs.fileno(), *files])
            channel.theirs.close()
            channel.send(frame(texts("", source, "")))
            if channel.receive() != b"R":
                worker.abandon()
                raise WorkerLostError("a child could not be confined")
            report = worker.finish()
            told = _last_words(channel)
        return report, told, read_file(files[1], int(limits.output_mb * 1e6) + 1)
    finally:
        for handle in files:
            os.close(handle)


def stdin_bytes(case: Case) -> bytes:
    """A case's input as bytes."""
    given = case.stdin
    return given if isinstance(given, bytes) else text_bytes(str(given))


def text_bytes(text: str) -> bytes:
    """Text as UTF-8; bytes that were none and came as escapes are themselves again."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair, as JSON text may hold it
        return text.encode("utf-8", "surrogatepass")


def read_file(handle: int, limit: int) -> bytes:
    """At most `limit` bytes from the start of a file."""
    parts: list[bytes] = []
    offset = 0
    while offset < limit and (part := os.pread(handle, min(limit - offset, 1 << 20), offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _last_words(channel: Channel) -> bytes:
    try:
        return channel.receive() or b""
    except Exception:  # noqa: BLE001 - the process is dead, and what it left may be anything
        return b""


def judge_output(
    report: Report, told: bytes, printed: bytes, position: int, answers: Answers
) -> TestOutcome:
    """A case's outcome, from outside: first how the process ended, then its output."""
    failure = failure_of(report, told, printed, answers.limits)
    if failure is None:
        return _judge_text(printed, position, answers)
    return TestOutcome(status=failure[0], reason=failure[1])


def failure_of(
    report: Report, told: bytes, printed: bytes, limits: Limits
) -> tuple[Status, str] | None:
    """Why a program did not run to a good end, if it did not.

    Raises:
        WorkerLostError: nothing the program could do ends a child this way.
    """
    if len(printed) >= int(limits.output_mb * 1e6):
        return Status.OUTPUT_LIMIT, f"printed {limits.output_mb:g} MB or more"
    if report.ended != Ended.ITSELF or report.exit_code < 0 or report.cpu_s >= limits.cpu_s:
        return explain(report, limits)
    if report.exit_code != 0:
        return said(told) or explain(report, limits)
    return None


def _judge_text(printed: bytes, position: int, answers: Answers) -> TestOutcome:
    tests, case = answers.tests, answers.tests.cases[position]
    assert isinstance(tests, StdinTests)  # noqa: S101 - narrows the type
    expected = case.expected if isinstance(case.expected, str) else ""
    try:
        text = printed.decode("utf-8")
    except UnicodeDecodeError:
        return TestOutcome(status=Status.WRONG_ANSWER, reason="the output is not UTF-8")
    if tests.checker:
        return answers.keep(position, text)
    same = (
        same_lines(expected, text)
        if tests.by_line
        else same_output(expected, text, tolerance=tests.tolerance)
    )
    if same:
        return TestOutcome(status=Status.ACCEPTED, reason="as expected")
    reason = f"expected {_cut(expected)}, got {_cut(text)}"
    return TestOutcome(status=Status.WRONG_ANSWER, reason=reason)


def _cut(text: str) -> str:
    shown = printable(text.strip()[: _SHOWN + 1].replace("\n", "⏎"))
    return repr(shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…")
