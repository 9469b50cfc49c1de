"""Judging function tests: each case's arguments go in, its answer comes back and is compared here.

Not covered: what the program prints while it computes, which goes nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.cases import Case, FunctionTests
from sandbox.compare import same_value, show
from sandbox.errors import BadTestsError
from sandbox.limits import Limits
from sandbox.outcome import Outcome, Status, TestOutcome
from sandbox.runs.checkers import Answers
from sandbox.runs.ending import explain, not_reached, out_of_budget, printable, said
from sandbox.runs.orders import order_for
from sandbox.wire import Wire, WireError, encode, from_bytes, to_bytes
from sandbox.worker import Channel, OversizeError, Worker, WorkerLostError, now_s
from sandbox.zygote.protocol import PLATFORM, Kind, Report, frame, texts


@dataclass(frozen=True)
class _Question:
    """A case in wire form: the frame that asks it, and what is expected."""

    asked: bytes
    expected: Wire
    expected_args: tuple[Wire, ...]
    wants_result: bool
    first_asked: bool


def run_function_tests(
    worker: Worker, source: str, tests: FunctionTests, limits: Limits, *, fail_fast: bool
) -> Outcome:
    """Run one program against its cases.

    Raises:
        WorkerLostError: the zygote failed; the run says nothing about the program.
        BadTestsError: a value in the tests cannot travel.
    """
    questions = _questions(tests)
    started = now_s()
    with Channel(limits.wall_s, int(limits.output_mb * 1e6)) as channel:
        worker.begin(order_for(Kind.FUNCTION, limits), [channel.theirs.fileno()])
        channel.theirs.close()
        opening = _opening(source, tests) + questions[0].asked
        channel.send(opening)
        if channel.receive() != b"R":
            worker.abandon()
            raise WorkerLostError("a child could not be confined")
        answers = Answers(tests, limits)
        results, report = _ask(
            worker, channel, questions, tests, limits, answers, fail_fast=fail_fast
        )
    results = answers.settle(worker, results, fail_fast=fail_fast)
    status, reason = verdict(results)
    return Outcome(
        status=status,
        tests=tuple(results),
        reason=reason,
        cpu_s=report.cpu_s,
        wall_s=now_s() - started,
        peak_mb=report.peak_kb / 1024,
    )


def verdict(results: list[TestOutcome]) -> tuple[Status, str]:
    """A run's status and reason: those of the first test that was not accepted."""
    for position, result in enumerate(results):
        if result.status is not Status.ACCEPTED:
            return result.status, f"test {position + 1} of {len(results)}: {result.reason}"
    return Status.ACCEPTED, f"all {len(results)} tests accepted"


def _ask(  # noqa: PLR0913, PLR0917 - one call
    worker: Worker,
    channel: Channel,
    questions: list[_Question],
    tests: FunctionTests,
    limits: Limits,
    answers: Answers,
    *,
    fail_fast: bool,
) -> tuple[list[TestOutcome], Report]:
    results: list[TestOutcome] = []
    started = now_s()
    for position, question in enumerate(questions):
        asked = now_s()
        if position:
            if asked - started > limits.total_wall_s:
                results += out_of_budget(limits, len(questions) - len(results))
                return results, worker.finish(kill=True)
            worker.next_test()
            channel.send(question.asked)
        try:
            reply = channel.receive()
        except OversizeError as error:
            results.append(TestOutcome(status=Status.OUTPUT_LIMIT, reason=f"an answer of {error}"))
            results += not_reached(Status.OUTPUT_LIMIT, len(questions) - len(results))
            return results, worker.finish(kill=True)
        if reply is None:
            report = worker.finish()
            status, reason = explain(report, limits, budget_s=limits.total_s)
            results.append(TestOutcome(status=status, reason=reason, wall_s=now_s() - asked))
            return results + not_reached(status, len(questions) - len(results)), report
        result = _judge(reply, question, tests, now_s() - asked, answers, position)
        results.append(result)
        left = len(questions) - len(results)
        ends_all = reply[:1] in {b"C", b"X", b"B"}
        if ends_all or (fail_fast and result.status is not Status.ACCEPTED):
            results += not_reached(result.status, left)
            break
    return results, worker.finish(kill=True)


def _judge(  # noqa: PLR0913, PLR0917 - one call
    reply: bytes,
    question: _Question,
    tests: FunctionTests,
    wall_s: float,
    answers: Answers,
    position: int,
) -> TestOutcome:
    failure = said(reply)
    if failure is not None:
        return TestOutcome(status=failure[0], reason=failure[1], wall_s=wall_s)
    try:
        answer = from_bytes(reply[1:])
    except WireError as error:
        return TestOutcome(status=Status.WRONG_ANSWER, reason=f"no answer: {error}", wall_s=wall_s)
    wanted = 1 + len(question.expected_args) + question.first_asked
    if not isinstance(answer, list) or len(answer) != wanted + 1 or answer[0] != "t":
        return TestOutcome(status=Status.WRONG_ANSWER, reason="no answer", wall_s=wall_s)
    if question.first_asked:
        became = answer.pop()
        if answer[1] is None and question.expected is not None:
            answer[1] = became  # it returned nothing and changed its first argument
    pairs = list(zip(question.expected_args, answer[2:], strict=True))
    if question.wants_result and not tests.checker:
        pairs.insert(0, (question.expected, answer[1]))
    for expected, given in pairs:
        if not same_value(expected, given, tests.comparison):
            reason = f"expected {show(expected)}, got {printable(show(given))}"
            return TestOutcome(status=Status.WRONG_ANSWER, reason=reason, wall_s=wall_s)
    if tests.checker:
        return replace(answers.keep(position, answer[1]), wall_s=wall_s)
    return TestOutcome(status=Status.ACCEPTED, reason="as expected", wall_s=wall_s)


def _questions(tests: FunctionTests) -> list[_Question]:
    # The completions of one prompt share their tests: what is encoded once stays with them.
    kept: list[_Question] | None = tests.__dict__.get("_questions")
    if kept is None:
        in_place = tests.in_place and any(_asks_for_change(case, tests) for case in tests.cases)
        kept = [_question(n, case, tests, in_place=in_place) for n, case in enumerate(tests.cases)]
        object.__setattr__(tests, "_questions", kept)
    return kept


_NEVER_CHANGES = (str, bytes, int, float, complex, tuple, frozenset, type(None))


def _opening(source: str, tests: FunctionTests) -> bytes:
    given = PLATFORM if tests.platform_names else ""
    return frame(texts(tests.prelude, source, tests.entry, given))


def _asks_for_change(case: Case, tests: FunctionTests) -> bool:
    """Whether what is expected differs from the first argument: else doing nothing would do."""
    given = _arguments(case)[:1]
    if not given or not case.has_expected:
        return False
    try:
        return not same_value(encode(case.expected), encode(given[0]), tests.comparison)
    except WireError:  # which is said where the case is sent
        return False


def _arguments(case: Case) -> list[object]:
    return [*case.args, *case.kwargs.values()]


def _question(position: int, case: Case, tests: FunctionTests, *, in_place: bool) -> _Question:
    given = [] if case.steps else _arguments(case)
    first_asked = in_place and bool(given) and not isinstance(given[0], _NEVER_CHANGES)
    positions = (*case.expected_args, *((0,) if first_asked else ()))
    asked = (
        list(case.args),
        dict(case.kwargs),
        positions,
        [(step.method, list(step.args)) for step in case.steps],
        tests.loose,
    )
    try:
        return _Question(
            frame(to_bytes(encode(asked))),
            encode(case.expected) if case.has_expected else None,
            tuple(encode(value) for value in case.expected_args.values()),
            case.has_expected,
            first_asked,
        )
    except WireError as error:
        raise BadTestsError(f"case {position} cannot be sent: {error}") from error
