"""Judging asserts of other languages: the tests in one process, the program in another.

Not covered: what a test is worth that accepts every answer. The judge's own end is the verdict,
and nothing of the program is in it: no macro, signal handler or overloaded operator reaches it.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.builds import Builds, command_to_run
from sandbox.cases import AssertTests
from sandbox.errors import BadTestsError
from sandbox.languages import Language, Toolchain
from sandbox.languages.language import Remote
from sandbox.limits import Limits
from sandbox.outcome import Status, TestOutcome
from sandbox.runs.commands import Ran, run_command, run_pair
from sandbox.runs.ending import explain, not_reached, printable
from sandbox.worker import Worker
from sandbox.zygote.protocol import Ended

_DESCRIBE = "describe"
_DESCRIBED_MAX = 20_000
_UNUSED_EXIT = 3
Results = tuple[list[TestOutcome], list[Ran]]


def run_remote_tests(  # noqa: PLR0913, PLR0917 - one call
    launcher: Worker,
    builds: Builds,
    language: Language,
    remote: Remote,
    tools: Toolchain,
    source: str,
    tests: AssertTests,
    limits: Limits,
) -> Results:
    """Run a program's asserts in a judge.

    Raises:
        WorkerLostError: the launcher failed.
        BadTestsError: the tests never use the program.
    """
    before = "".join(f"{text}\n" for text in (tests.prelude, tests.setup) if text)
    parts = [before + tests.tests[0], *tests.tests[1:]]  # which make one source
    try:
        program = remote.program(source, parts)
    except ValueError as error:  # its functions take or return what cannot be sent
        return _failed(tests, Status.BAD_PROGRAM, str(error)), []
    with builds.build(launcher, language, tools, language.adapt(program), limits) as built:
        if built.status is not None:
            return _failed(tests, built.status, built.reason), []
        entry = remote.entry or language.main_of(program)
        candidate = command_to_run(language, tools, built, limits, entry)
        described = source if remote.reads_program else ""
        runs: list[Ran] = []
        if remote.describes:
            asked = replace(candidate, argv=[*candidate.argv, _DESCRIBE])
            runs.append(run_command(launcher, asked, limits))
            if runs[0].report.ended != Ended.ITSELF or runs[0].report.wait_status != 0:
                return _failed(tests, *_why(runs[0], limits)), runs
            described = runs[0].stdout[:_DESCRIBED_MAX].decode("utf-8", "replace")
        try:
            judging = remote.judge(parts, described)
        except ValueError as error:
            return _failed(tests, Status.BAD_PROGRAM, str(error)), runs
        with builds.build(launcher, language, tools, language.adapt(judging), limits) as made:
            if made.status is not None:
                reason = f"the tests do not compile against the program: {made.reason}"
                return _failed(tests, made.status, reason), runs
            entry = remote.judge_entry or language.main_of(judging)
            judge = command_to_run(language, tools, made, limits, entry, tests=True)
            judged, ran = run_pair(launcher, judge, candidate, limits)
    return _verdict(tests, judged, ran, limits), [*runs, ran]


def _verdict(tests: AssertTests, judged: Ran, ran: Ran, limits: Limits) -> list[TestOutcome]:
    report = judged.report
    if report.ended == Ended.ITSELF and report.wait_status == 0:
        return [TestOutcome(status=Status.ACCEPTED, reason="held")] * tests.total
    if report.ended == Ended.ITSELF and report.exit_code == _UNUSED_EXIT and (
        judged.stderr.startswith("UNUSED")
    ):  # fmt: skip
        raise BadTestsError("the source never uses the program")
    if report.ended == Ended.ITSELF:
        if "the program ended" in judged.stderr:
            return _failed(tests, *_why(ran, limits))
        said = printable(" ".join(judged.stderr.split()))[:300]
        wrong = "ssert" in judged.stderr
        status = Status.WRONG_ANSWER if wrong else Status.RUNTIME_ERROR
        return _failed(tests, status, said or f"the tests ended with {report.exit_code}")
    return _failed(tests, *_why(ran if ran.report.ended != Ended.ITSELF else judged, limits))


def _why(ran: Ran, limits: Limits) -> tuple[Status, str]:
    said = printable(" ".join(ran.stderr.split()))[:300]
    if ran.report.ended in {Ended.ITSELF, Ended.ASKED} and ran.report.wait_status == 0:
        return Status.RUNTIME_ERROR, "the program ended before its tests did"
    if ran.report.ended == Ended.ASKED:
        return Status.RUNTIME_ERROR, said or "the program was gone"
    status, reason = explain(ran.report, limits)
    return status, f"{reason}: {said}" if said else reason


def _failed(tests: AssertTests, status: Status, reason: str) -> list[TestOutcome]:
    failed = TestOutcome(status=status, reason=reason)
    return [failed, *not_reached(status, tests.total - 1)]
