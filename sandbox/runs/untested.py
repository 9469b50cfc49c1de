"""Running a whole program without tests: what it printed, and how it ended.

Not covered: a verdict. What a program prints is its own affair, and so is what it says of itself on
its channel: how it ended is measured outside, and that it compiled is said before it starts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sandbox.builds import Build, Builds, command_to_run
from sandbox.errors import BadFilesError
from sandbox.executors.job import Job
from sandbox.languages import Language
from sandbox.limits import Limits
from sandbox.outcome import ProgramRun, Status
from sandbox.runs.commands import Ran, Streams, run_command
from sandbox.runs.orders import order_for
from sandbox.runs.programs import told_of_memory, toolchain_of
from sandbox.runs.stdin import failure_of, read_file
from sandbox.worker import Channel, OversizeError, Worker, WorkerLostError
from sandbox.zygote.handed_files import CLOSED, GIVEN, MISSING, NO_FILE, PIECE_BYTES
from sandbox.zygote.protocol import REFUSED, SHOWN, STARTED, Ended, Kind, frame, texts

_TEXT_MAX = 4096
_WHY = {
    MISSING: "there is no such file",
    NO_FILE: "it is no plain file",
    CLOSED: "it cannot be opened: a link, or the program has closed it",
}


def run_python(worker: Worker, job: Job) -> ProgramRun:
    """Run a Python program as `__main__`, its files beside it.

    Raises:
        BadFilesError: its files do not fit into its folder.
        WorkerLostError: the zygote failed; the run says nothing about the program.
    """
    limits = job.limits
    with (
        Streams(job.stdin, limits, _most(limits)) as streams,
        Channel(limits.wall_s, _TEXT_MAX) as channel,
    ):
        order = order_for(Kind.STDIN, limits, prints=True)
        if job.fetched:
            order = replace(order, command=json.dumps(job.fetched))
        worker.begin(order, [channel.theirs.fileno(), *streams])
        channel.theirs.close()
        streams.started()
        channel.send(frame(texts("", job.source, SHOWN, *job.files)))
        if channel.receive() != b"R":
            worker.abandon()
            raise WorkerLostError("a child could not be confined")
        _send(channel, job.files.values())
        report, became, handles = worker.finish_with_files()
        files, not_fetched = _read(job.fetched, became, handles, _most(limits))
        ran = streams.ran(report)
        first = _words(channel)
        if first[:1] == REFUSED:  # said before the program started
            raise BadFilesError(f"the files cannot be given: {first[1:].decode()}")
        # Only before a program starts is it ours that speaks.
        told = _words(channel) if first == STARTED else first
        if first == STARTED and told[:1] == b"C":
            told = b""
        run = _made(ran, told, limits)
        return replace(run, files=files, not_fetched=not_fetched)


def _send(channel: Channel, contents: Iterable[bytes]) -> None:
    """Files over the channel, as `take_files` reads them; a child that is gone needs none."""
    for content in contents:
        for start in range(0, len(content), PIECE_BYTES):
            if not channel.send(frame(content[start : start + PIECE_BYTES])):
                return
        channel.send(frame(b""))


def _read(
    names: Sequence[str], became: bytes, handles: Sequence[int], most: int
) -> tuple[dict[str, bytes], dict[str, str]]:
    """What the handles hold, and why there are none for the other names; closes them."""
    files: dict[str, bytes] = {}
    not_fetched: dict[str, str] = {}
    left = list(handles)
    try:
        for at, name in enumerate(names):
            state = became[at : at + 1]
            if state != GIVEN or not left:
                not_fetched[name] = _WHY.get(state, "it was not handed over")
                continue
            handle = left.pop(0)
            try:
                content = read_file(handle, most + 1)
            finally:
                os.close(handle)
            if len(content) > most:
                not_fetched[name] = (
                    f"with it they would hold more than {most + _size(files):,} bytes (output_mb)"
                )
                continue
            files[name] = content
            most -= len(content)
    finally:
        for handle in left:
            os.close(handle)
    return files, not_fetched


def _size(files: Mapping[str, bytes]) -> int:
    return sum(map(len, files.values()))


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
