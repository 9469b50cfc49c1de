"""Running a whole program without tests: what it printed, and how it ended.

Not covered: a verdict. What a program prints is its own affair, and so is what it says of itself on
its channel: how it ended is measured outside, and that it compiled is said before it starts.
"""

from __future__ import annotations

from sandbox.builds import Build, Builds, command_to_run
from sandbox.languages import Language
from sandbox.limits import Limits
from sandbox.outcome import ProgramRun, Status
from sandbox.runs.commands import Ran, Streams, run_command
from sandbox.runs.orders import order_for
from sandbox.runs.programs import told_of_memory, toolchain_of
from sandbox.runs.stdin import failure_of
from sandbox.worker import Channel, OversizeError, Worker, WorkerLostError
from sandbox.zygote.protocol import SHOWN, STARTED, Ended, Kind, frame, texts

_TEXT_MAX = 4096


def run_python(worker: Worker, source: str, stdin: bytes, limits: Limits) -> ProgramRun:
    """Run a Python program as `__main__`.

    Raises:
        WorkerLostError: the zygote failed; the run says nothing about the program.
    """
    with (
        Streams(stdin, limits, _most(limits)) as streams,
        Channel(limits.wall_s, _TEXT_MAX) as channel,
    ):
        order = order_for(Kind.STDIN, limits, prints=True)
        worker.begin(order, [channel.theirs.fileno(), *streams])
        channel.theirs.close()
        streams.started()
        channel.send(frame(texts("", source, SHOWN)))
        if channel.receive() != b"R":
            worker.abandon()
            raise WorkerLostError("a child could not be confined")
        report = worker.finish()
        first = _words(channel)
        # Only before a program starts is it ours that speaks.
        told = _words(channel) if first == STARTED else first
        if first == STARTED and told[:1] == b"C":
            told = b""
        return _made(streams.ran(report), told, limits)


def run_compiled(  # noqa: PLR0913, PLR0917 - one call
    launcher: Worker, builds: Builds, language: Language, source: str, stdin: bytes, limits: Limits
) -> ProgramRun:
    """Compile a program and run it.

    Raises:
        WorkerLostError: the launcher failed; the run says nothing about the program.
        MissingToolchainError: there is no toolchain.
    """
    tools = toolchain_of(language)
    with builds.build(launcher, language, tools, language.adapt(source), limits) as build:
        if build.status is not None:
            return _refused(build, build.status)
        command = command_to_run(language, tools, build, limits, language.main_of(source))
        ran = run_command(launcher, command, limits, stdin=stdin, stderr_max=_most(limits))
        return _made(ran, b"", limits)


def _most(limits: Limits) -> int:
    """Bytes of each stream that are handed over."""
    return int(limits.output_mb * 1e6)


def _words(channel: Channel) -> bytes:
    try:
        return channel.receive() or b""
    except (OversizeError, WorkerLostError):  # the process is dead, and left anything there
        return b""


def _refused(build: Build, status: Status) -> ProgramRun:
    return ProgramRun(status=status, stderr=build.said or build.reason, reason=build.reason)


def _made(ran: Ran, told: bytes, limits: Limits) -> ProgramRun:
    report = ran.report
    status, reason = Status.FINISHED, "ended with exit code 0"
    failure = failure_of(report, told, ran.stdout, limits)
    if failure is not None:
        status, reason = failure
    if status is Status.RUNTIME_ERROR:
        status, reason = told_of_memory(ran, status, reason)
    started = status is not Status.COMPILE_ERROR
    return ProgramRun(
        status=status,
        stdout=ran.stdout[: _most(limits)].decode("utf-8", "replace"),
        stderr=ran.stderr,
        return_code=report.exit_code if started and report.ended == Ended.ITSELF else None,
        reason=reason,
        cpu_s=report.cpu_s,
        wall_s=report.wall_s,
        peak_mb=report.peak_kb / 1024,
    )
