"""Judging programs of other languages: compile once, then run every test.

Not covered: function tests, whose values would need a codec in every language.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from sandbox.builds import Builds, command_to_run
from sandbox.cases import AssertTests, FunctionTests, Tests
from sandbox.errors import BadTestsError, MissingToolchainError
from sandbox.languages import Language, Toolchain
from sandbox.limits import Limits
from sandbox.outcome import Outcome, Status, TestOutcome
from sandbox.runs.checkers import Answers
from sandbox.runs.commands import Command, Ran, run_command
from sandbox.runs.ending import explain, not_reached, out_of_budget, printable
from sandbox.runs.functions import verdict
from sandbox.runs.pairs import run_remote_tests
from sandbox.runs.stdin import judge_output, stdin_bytes
from sandbox.worker import Worker, now_s
from sandbox.zygote.protocol import Ended

_MARK = "\nrlvr: every test held: "
_OUT_OF_MEMORY = ("bad_alloc", "OutOfMemoryError", "heap out of memory", "memory allocation of")


def toolchain_of(language: Language) -> Toolchain:
    """The language's tools on this machine.

    Raises:
        MissingToolchainError: there are none; the message says what to install.
    """
    tools = language.find()
    if tools is None:
        raise MissingToolchainError(f"no toolchain for {language.name}: {language.missing}")
    return tools


def run_program(  # noqa: PLR0913, PLR0917 - one call
    launcher: Worker,
    judge: Worker,
    builds: Builds,
    language: Language,
    source: str,
    tests: Tests,
    limits: Limits,
    *,
    fail_fast: bool,
) -> Outcome:
    """Compile a program and run it against its tests; `judge` is for a checker, which is Python.

    Raises:
        WorkerLostError: the launcher failed; the run says nothing about the program.
        MissingToolchainError: there is no toolchain.
        BadTestsError: function tests, which only Python has.
    """
    if isinstance(tests, FunctionTests):
        raise BadTestsError(f"function tests are for Python; give {language.name} stdin tests")
    tools = toolchain_of(language)
    started = now_s()
    if isinstance(tests, AssertTests) and _is_judged_apart(language, source, tests):
        judged = run_remote_tests(
            launcher, builds, language, language.remote, tools, source, tests, limits
        )
        return _outcome(*judged, started)
    whole = source
    if isinstance(tests, AssertTests):
        tested = [tests.prelude + "\n" + test if tests.prelude else test for test in tests.tests]
        whole = language.append_tests(source, tested, _MARK.strip("\n"))
    with builds.build(launcher, language, tools, language.adapt(whole), limits) as build:
        if build.status is not None:
            failed = TestOutcome(status=build.status, reason=build.reason)
            results = [failed, *not_reached(build.status, tests.total - 1)]
            ran: list[Ran] = []
        else:
            command = command_to_run(
                language, tools, build, limits, language.main_of(whole),
                tests=isinstance(tests, AssertTests),
            )  # fmt: skip
            if isinstance(tests, AssertTests):
                results, ran = _held(launcher, command, tests, limits)
            else:
                answers = Answers(tests, limits)
                results, ran = _printed(launcher, command, answers, fail_fast=fail_fast)
                results = answers.settle(judge, results, fail_fast=fail_fast)
    return _outcome(results, ran, started)


def _is_judged_apart(language: Language, source: str, tests: AssertTests) -> bool:
    """Whether asserts run outside of the program's process.

    Always, unless the caller lets it go and a function takes or returns what no judge can hold.
    """
    if not tests.in_process:
        return True
    try:
        language.remote.program(source, tests.tests)
    except ValueError:
        return False
    return True


def _outcome(results: list[TestOutcome], ran: list[Ran], started: float) -> Outcome:
    status, reason = verdict(results)
    return Outcome(
        status=status,
        tests=tuple(results),
        reason=reason,
        cpu_s=sum(one.report.cpu_s for one in ran),
        wall_s=now_s() - started,
        peak_mb=max((one.report.peak_kb / 1024 for one in ran), default=0.0),
    )


def _printed(
    launcher: Worker, command: Command, answers: Answers, *, fail_fast: bool
) -> tuple[list[TestOutcome], list[Ran]]:
    results: list[TestOutcome] = []
    runs: list[Ran] = []
    cases = answers.tests.cases
    for position, case in enumerate(cases):
        asked = now_s()
        ran = run_command(launcher, command, answers.limits, stdin=stdin_bytes(case))
        runs.append(ran)
        told = b"E" + ran.stderr[-400:].encode() if ran.stderr else b""
        result = judge_output(ran.report, told, ran.stdout, position, answers)
        if result.status is Status.RUNTIME_ERROR:
            status, reason = told_of_memory(ran, result.status, result.reason)
            result = TestOutcome(status=status, reason=reason)
        results.append(replace(result, wall_s=now_s() - asked))
        spent = sum(one.report.cpu_s for one in runs)
        if spent >= answers.limits.total_s:
            results += out_of_budget(answers.limits, len(cases) - len(results))
            break
        if fail_fast and result.status is not Status.ACCEPTED:
            results += not_reached(result.status, len(cases) - len(results))
            break
    return results, runs


def _held(
    launcher: Worker,
    command: Command,
    tests: AssertTests,
    limits: Limits,
) -> tuple[list[TestOutcome], list[Ran]]:
    # What the program must repeat at its end; ending early, whatever the exit code, is no pass.
    nonce = secrets.token_hex(16)
    ran = run_command(launcher, command, limits, stdin=nonce.encode())
    end = (_MARK.strip("\n") + nonce).encode()
    if (
        ran.report.ended == Ended.ITSELF
        and ran.report.wait_status == 0
        and ran.stdout.endswith(end)
    ):
        status, reason = Status.ACCEPTED, "held"
    elif ran.report.ended == Ended.ITSELF and ran.report.wait_status == 0:
        status, reason = Status.RUNTIME_ERROR, "ended before its tests did"
    else:
        status, reason = _failure(ran, limits)
    return [TestOutcome(status=status, reason=reason)] * tests.total, [ran]


def _failure(ran: Ran, limits: Limits) -> tuple[Status, str]:
    said = printable(" ".join(ran.stderr.split()))[:300]
    if ran.report.ended == Ended.ITSELF and "ssertion" in ran.stderr:
        return Status.WRONG_ANSWER, said
    status, reason = explain(ran.report, limits)
    return told_of_memory(ran, status, f"{reason}: {said}" if said else reason)


def told_of_memory(ran: Ran, status: Status, reason: str) -> tuple[Status, str]:
    """The status of a program that failed, in the light of what its runtime said of memory."""
    if any(mark in ran.stderr for mark in _OUT_OF_MEMORY):
        return Status.MEMORY_LIMIT, reason
    return status, reason


def launcher_paths(tools: Toolchain, root: Path) -> tuple[list[str], list[str]]:
    """What a launcher of this language may read, and write."""
    return list(dict.fromkeys((*tools.readable, *tools.needed_to_run))), [str(root)]
