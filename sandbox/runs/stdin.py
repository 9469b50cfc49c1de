"""Judging stdin tests: a fresh process per case, text in, text out, compared here.

Not covered: a conversation in which what is read depends on what was printed; input is all there
from the start, and may be read as it comes.
"""

from __future__ import annotations

import os

from sandbox.cases import Case, StdinTests
from sandbox.compare import same_lines, same_output
from sandbox.limits import Limits
from sandbox.outcome import Outcome, Status, TestOutcome
from sandbox.runs.ending import explain, not_reached, printable, said
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
    for case in tests.cases:
        asked = now_s()
        report, told, printed = _run_once(worker, source, case, limits)
        cpu_s += report.cpu_s
        peak_mb = max(peak_mb, report.peak_kb / 1024)
        status, reason = judge_output(report, told, printed, case, tests, limits)
        results.append(TestOutcome(status=status, reason=reason, wall_s=now_s() - asked))
        if status is Status.COMPILE_ERROR or (fail_fast and status is not Status.ACCEPTED):
            results += not_reached(status, len(tests.cases) - len(results))
            break
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
        files.append(memory_file("stderr"))
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
    return given if isinstance(given, bytes) else str(given).encode("utf-8", "surrogateescape")


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


def judge_output(  # noqa: PLR0913, PLR0917 - one call
    report: Report, told: bytes, printed: bytes, case: Case, tests: StdinTests, limits: Limits
) -> tuple[Status, str]:
    """A case's status and reason, from outside: first how the process ended, then its output."""
    if len(printed) >= int(limits.output_mb * 1e6):
        return Status.OUTPUT_LIMIT, f"printed {limits.output_mb:g} MB or more"
    if report.ended != Ended.ITSELF or report.exit_code < 0:
        return explain(report, limits)
    if report.cpu_s >= limits.cpu_s:
        return explain(report, limits)
    if report.exit_code != 0:
        return said(told) or explain(report, limits)
    expected = case.expected if isinstance(case.expected, str) else ""
    try:
        text = printed.decode("utf-8")
    except UnicodeDecodeError:
        return Status.WRONG_ANSWER, "the output is not UTF-8"
    same = (
        same_lines(expected, text)
        if tests.by_line
        else same_output(expected, text, tolerance=tests.tolerance)
    )
    if same:
        return Status.ACCEPTED, "as expected"
    return Status.WRONG_ANSWER, f"expected {_cut(expected)}, got {_cut(text)}"


def _cut(text: str) -> str:
    shown = printable(text.strip()[: _SHOWN + 1].replace("\n", "⏎"))
    return repr(shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…")
