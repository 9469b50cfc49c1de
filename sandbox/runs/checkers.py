"""Answers judged by a test author's checker: collected while the program runs, checked after.

Not covered: answers that never came. How a program failed to give one is decided before.

The checker runs in a confined child of its own, after the program's. It meets whatever a program
returned, and may raise or hang on it: that is the program's wrong answer, since the program chose
it. Only a checker that fails on the very answer that the case expects is the tests' fault, an
`INFRA_ERROR` that names the checker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sandbox.cases import Case
from sandbox.errors import BadTestsError
from sandbox.limits import Limits
from sandbox.outcome import Status, TestOutcome
from sandbox.runs.ending import not_reached, printable
from sandbox.runs.orders import order_for
from sandbox.wire import Wire, WireError, encode, to_bytes
from sandbox.worker import Channel, Worker, WorkerLostError
from sandbox.zygote.protocol import Ended, Kind, frame, texts

if TYPE_CHECKING:
    from sandbox.cases import FunctionTests, StdinTests

_TEXT_MAX = 1 << 16
_KEPT_MAX_BYTES = 64 << 20


@dataclass
class Answers:
    """Answers that wait for the checker, by the position of their test."""

    tests: FunctionTests | StdinTests
    limits: Limits
    _questions: dict[int, bytes] = field(default_factory=dict)
    _controls: dict[int, bytes] = field(default_factory=dict)  # the expected answer in its place
    _bytes_left: int = _KEPT_MAX_BYTES

    def keep(self, position: int, answer: Wire) -> TestOutcome:
        """Keep an answer; it counts as accepted until the checker has spoken.

        Raises:
            BadTestsError: the case cannot be told to the checker.
        """
        case = self.tests.cases[position]
        expected: Wire
        try:
            given = encode(_given(case))
            expected = encode(case.expected) if case.has_expected else None
        except WireError as error:
            raise BadTestsError(f"case {position} cannot be sent: {error}") from error
        question = to_bytes(["t", given, expected, answer])
        self._bytes_left -= len(question)
        if self._bytes_left < 0:
            reason = f"answers of more than {_KEPT_MAX_BYTES >> 20} MB together"
            return TestOutcome(status=Status.OUTPUT_LIMIT, reason=reason)
        self._questions[position] = frame(question)
        if case.has_expected and expected is not None:
            self._controls[position] = frame(to_bytes(["t", given, expected, expected]))
        return TestOutcome(status=Status.ACCEPTED, reason="as the checker wants it")

    def settle(
        self, worker: Worker, results: Sequence[TestOutcome], *, fail_fast: bool
    ) -> list[TestOutcome]:
        """The results with the checker's verdicts in them.

        Raises:
            BadTestsError: the checker cannot be used at all.
            WorkerLostError: the zygote failed.
        """
        settled = list(results)
        waiting = list(self._questions.items())
        while waiting:  # a checker that died is started again behind what it died of
            waiting = self._ask(worker, waiting, settled, fail_fast=fail_fast)
        for position, result in enumerate(settled):
            if result.status is Status.INFRA_ERROR and not self._is_broken(worker, position):
                reason = result.reason.replace("; mend the checker", " on this answer")
                settled[position] = replace(result, status=Status.WRONG_ANSWER, reason=reason)
        if fail_fast:
            for position, result in enumerate(settled):
                if result.status is not Status.ACCEPTED:
                    rest = not_reached(result.status, len(settled) - position - 1)
                    return [*settled[: position + 1], *rest]
        return settled

    def _ask(
        self,
        worker: Worker,
        waiting: list[tuple[int, bytes]],
        settled: list[TestOutcome],
        *,
        fail_fast: bool,
    ) -> list[tuple[int, bytes]]:
        """Ask about each answer in turn; returns those that a checker's death left unasked."""
        with Channel(self.limits.wall_s, _TEXT_MAX) as channel:
            worker.begin(order_for(Kind.CHECKER, self.limits), [channel.theirs.fileno()])
            channel.theirs.close()
            channel.send(frame(texts(self.tests.checker or "")))
            if channel.receive() != b"R":
                worker.abandon()
                raise WorkerLostError("a child could not be confined")
            for number, (position, question) in enumerate(waiting):
                channel.send(question)
                reply = channel.receive()
                was_read = reply == b"D"
                if was_read:
                    reply = channel.receive()
                if reply is None:
                    ended = worker.finish().ended
                    settled[position] = self._died(settled[position], ended, was_read=was_read)
                    return [] if fail_fast else waiting[number + 1 :]
                if reply[:1] == b"B":
                    worker.finish(kill=True)
                    raise BadTestsError(f"the checker cannot be used: {_text(reply)}")
                settled[position] = _verdict(settled[position], reply)
                if fail_fast and settled[position].status is not Status.ACCEPTED:
                    break
            worker.finish(kill=True)
        return []

    def _is_broken(self, worker: Worker, position: int) -> bool:
        """Whether the checker fails on the expected answer too, which no program chose."""
        control = self._controls.get(position)
        if control is None:
            return False
        asked = [TestOutcome(status=Status.ACCEPTED)] * (position + 1)
        self._ask(worker, [(position, control)], asked, fail_fast=True)
        return asked[position].status is Status.INFRA_ERROR

    def _died(self, before: TestOutcome, ended: int, *, was_read: bool) -> TestOutcome:
        if not was_read:
            reason = "the answer could not be read within the limits"
            return TestOutcome(status=Status.WRONG_ANSWER, reason=reason, wall_s=before.wall_s)
        how = {
            Ended.WALL: f"ran longer than {self.limits.wall_s:g} s",
            Ended.CPU: f"used more than {self.limits.cpu_s:g} CPU-s",
        }.get(Ended(ended), "ended by itself")
        return _infra(before, f"the checker {how}; mend the checker")


def _given(case: Case) -> object:
    if case.stdin is not None:
        return case.stdin if isinstance(case.stdin, str) else bytes(case.stdin)
    if case.steps:
        return [(step.method, tuple(step.args)) for step in case.steps]
    return (*case.args, dict(case.kwargs)) if case.kwargs else tuple(case.args)


def _verdict(before: TestOutcome, reply: bytes) -> TestOutcome:
    kind, text = reply[:1], _text(reply)
    if kind == b"Y":
        return before
    if kind == b"N":
        status, reason = Status.WRONG_ANSWER, text or "the checker says no"
    elif kind == b"W":
        status, reason = Status.WRONG_ANSWER, f"no answer: {text}"
    else:
        return _infra(before, f"the checker raised {text}; mend the checker")
    return TestOutcome(status=status, reason=reason, wall_s=before.wall_s)


def _infra(before: TestOutcome, reason: str) -> TestOutcome:
    return TestOutcome(status=Status.INFRA_ERROR, reason=reason, wall_s=before.wall_s)


def _text(reply: bytes) -> str:
    return printable(reply[1:401].decode("utf-8", "replace"))
