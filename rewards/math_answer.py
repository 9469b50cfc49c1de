"""Whether the answer of a completion equals the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from time import perf_counter
from typing import ClassVar, Literal, get_args

from rewards.answer_places import ANSWER_PLACES, MARKED_PLACES, AnswerPlace, FoundAnswer, find_answer
from rewards.answers import (
    Answer,
    CompareOptions,
    Comparison,
    Outcome,
    compare,
    read_answer,
    read_reference,
)
from rewards.columns import Role
from rewards.completion import completion_text, opens_think_block
from rewards.errors import InputError
from rewards.extraction import after_reasoning
from rewards.reference_text import UnusableReferenceError, reference_text
from rewards.reward import Reward, Sample
from rewards.symbolic import Settled, settle, warm_up
from rewards.verdict import Status, Verdict

# Nobody writes an answer this long by hand; one that is not the reference itself is wrong.
_MAX_ANSWER_CHARS = 4_000
# Longer texts are rare, and remembering them would let memory grow with a dataset.
_REMEMBERED_CHARS = 512
_SHOWN_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class _Case:
    """One completion examined: a verdict, or an undecided pair of texts for sympy."""

    verdict: Verdict
    undecided: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Accuracy(Reward):
    r"""1.0 when the answer of a completion equals the reference, else 0.0.

    One answer is taken from the part after the reasoning, by `answer_in`: the last box, and only
    when there is no box at all an `<answer>` tag, a closing "The answer is …" or a completion that
    is nothing but an answer. A number somewhere in the prose never counts.

    Both sides are read as mathematics and compared by the reference's kind, exactly. What that
    cannot decide goes to sympy, in a process with a CPU and a memory limit.

    Attributes:
        answer_in: where an answer may stand, in this order; the first place that was used counts.
            `("box",)` rewards boxes only.
        prefilled: whether the prompt or chat template already opened `<think>`. `None` looks at
            the prompt; a template that adds the tag while rendering cannot be seen there.
        tolerance: greatest relative difference of numbers that still counts as equal; `None`
            compares exactly (1/3 is not 0.333).
        rounding: `"reference digits"` lets an answer agree with a decimal reference to the digits
            that the reference shows.
        units: `"forgive"` strips a unit that only one side has and converts where both have one,
            `"require"` wants one wherever the reference has one, `"ignore"` drops them.
        list_order: whether a list without brackets may come in any order.
        fallback: whether sympy may decide what exact comparison cannot; `False` calls it wrong.
        cpu_s: CPU seconds sympy may spend on one pair; more scores 0.0 as a time-out.
        memory_mb: megabytes sympy may add for one pair; more scores 0.0 as a time-out.

    >>> accuracy.verify(r"so \boxed{\frac12}", "0.5").score
    1.0
    >>> accuracy.verify(r"so \boxed{0.333}", "1/3").score
    0.0
    >>> Accuracy(answer_in=("box",)).verify("The answer is 42.", "42").reason
    'no box'

    Raises:
        InputError: an option has a value that it cannot have.
    """

    name: str = "accuracy"
    answer_in: tuple[AnswerPlace, ...] = MARKED_PLACES
    prefilled: bool | None = None
    tolerance: float | None = None
    rounding: Literal["exact", "reference digits"] = "exact"
    units: Literal["forgive", "require", "ignore"] = "forgive"
    list_order: Literal["any", "as given"] = "any"
    fallback: bool = True
    cpu_s: float = 1.0
    memory_mb: int = 512

    role: ClassVar[Role | None] = Role.REFERENCE

    def __post_init__(self) -> None:
        if isinstance(self.answer_in, str) or not self.answer_in:
            raise InputError(f"answer_in is a tuple such as ('box',), not {self.answer_in!r}")
        object.__setattr__(self, "answer_in", tuple(self.answer_in))
        _check("answer_in", self.answer_in, ANSWER_PLACES)
        _check("rounding", (self.rounding,), ("exact", "reference digits"))
        _check("units", (self.units,), ("forgive", "require", "ignore"))
        _check("list_order", (self.list_order,), ("any", "as given"))
        if self.cpu_s <= 0 or self.memory_mb <= 0:
            raise InputError("cpu_s and memory_mb must be above 0; fallback=False turns sympy off")
        if self.tolerance is not None and not 0 <= self.tolerance < 1:
            raise InputError(f"tolerance is a relative difference from 0 to 1, not {self.tolerance}")

    def judge(self, sample: Sample) -> Verdict:
        """Judge one completion."""
        return self._settle([self._examine(sample)])[0]

    def judge_many(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Judge samples, in order; the undecided ones go to sympy's workers together."""
        return self._settle([self._examine_safely(sample) for sample in samples])

    def warm_up(self) -> None:
        """Start sympy's processes now rather than in the first training step.

        Raises:
            WorkerError: they cannot be started.
        """
        if self.fallback:
            warm_up(cpu_s=self.cpu_s, memory_mb=self.memory_mb)

    def explain(
        self, completion: object, reference: object, *, prompt: object = None
    ) -> list[tuple[str, str]]:
        r"""The stages of one verdict, each a name and what happened there, in order.

        >>> [stage for stage, _ in accuracy.explain(r"\boxed{1}", "1")]
        ['answer part', 'answer', 'answer read as', 'reference', 'reference read as', 'verdict']
        """
        verdict = self.verify(completion, reference, prompt=prompt)
        stages: list[tuple[str, str]] = []
        try:
            written = completion_text(completion).text
        except InputError as error:
            return [("verdict", str(error))]
        part = self._answer_part(written, prompt)
        if part is None:
            stages.append(("answer part", "none: the reasoning never ends"))
        else:
            whole = "the whole completion" if part == written else "what follows the reasoning"
            stages.append(("answer part", f"{whole}, {len(part)} characters"))
            found = find_answer(part, self.answer_in)
            if found.text is None:
                stages.append(("answer", found.note))
            else:
                stages.append(("answer", f"{found.note}: {_shown(found.text)}"))
                if len(found.text) <= _MAX_ANSWER_CHARS:
                    stages.append(("answer read as", _described(read_answer(found.text))))
        try:
            expected = reference_text(reference)
        except UnusableReferenceError as error:
            stages.append(("reference", str(error)))
        else:
            stages.append(("reference", _shown(expected)))
            stages.append(("reference read as", _described(_read_reference(expected))))
        stages.append(("verdict", f"{verdict.status.value}: {verdict.reason}"))
        return stages

    def _answer_part(self, completion: str, prompt: object) -> str | None:
        opened = opens_think_block(prompt) if self.prefilled is None else self.prefilled
        return after_reasoning(completion, opened=opened)

    def _examine(self, sample: Sample) -> _Case:
        """Everything that needs no sympy."""
        try:
            expected = reference_text(sample.reference)
            reference = _read_reference(expected)
        except UnusableReferenceError as error:
            return _Case(Verdict(None, Status.BAD_REFERENCE, reason=str(error)))
        shown = _shown(expected)
        part = self._answer_part(sample.completion, sample.prompt)
        if part is None:
            found = FoundAnswer(None, "the reasoning never ends, so there is no answer")
        else:
            found = find_answer(part, self.answer_in)
        if found.text is None:
            return _Case(Verdict(0.0, Status.NO_ANSWER, expected=shown, reason=found.note))
        answer = _shown(found.text)
        if len(found.text) > _MAX_ANSWER_CHARS:
            same = found.text == expected.strip()
            reason = "the same text" if same else f"{len(found.text)} characters are no answer"
            status = Status.CORRECT if same else Status.WRONG
            return _Case(Verdict(float(same), status, answer, shown, reason))
        comparison = _compared(reference, expected, found.text, self._compare_options())
        if comparison.outcome is Outcome.UNDECIDED:
            reason = f"could not be shown equal: {comparison.reason}"
            verdict = Verdict(0.0, Status.WRONG, answer, shown, reason)
            return _Case(verdict, (expected, found.text) if self.fallback else None)
        status = Status.CORRECT if comparison.is_equal else Status.WRONG
        score = float(comparison.is_equal)
        return _Case(Verdict(score, status, answer, shown, comparison.reason))

    def _examine_safely(self, sample: Sample) -> _Case:
        started = perf_counter()
        try:
            case = self._examine(sample)
        except Exception as error:  # noqa: BLE001 - one bad row must not end a training run
            case = _Case(self._failed(error))
        self._warn_of(sample, case.verdict)
        return replace(case, verdict=replace(case.verdict, seconds=perf_counter() - started))

    def _settle(self, cases: Sequence[_Case]) -> list[Verdict]:
        """The verdicts of examined cases, the undecided ones decided together."""
        pairs = [case.undecided for case in cases if case.undecided is not None]
        if not pairs:
            return [case.verdict for case in cases]
        started = perf_counter()
        settled = iter(settle(pairs, cpu_s=self.cpu_s, memory_mb=self.memory_mb))
        seconds = (perf_counter() - started) / len(pairs)
        return [
            case.verdict if case.undecided is None else _merged(case.verdict, next(settled), seconds)
            for case in cases
        ]

    def _compare_options(self) -> CompareOptions:
        return CompareOptions(
            tolerance=self.tolerance,
            rounding=self.rounding,
            units=self.units,
            list_order=self.list_order,
        )


def _merged(verdict: Verdict, settled: Settled, seconds: float) -> Verdict:
    score = {Status.CORRECT: 1.0, Status.ERROR: None}.get(settled.status, 0.0)
    return replace(
        verdict,
        score=score,
        status=settled.status,
        reason=settled.reason,
        seconds=verdict.seconds + seconds,
    )


@lru_cache(maxsize=1_024)
def _read_reference(text: str) -> Answer:
    reference = read_reference(text)
    if reference.unreadable:
        raise UnusableReferenceError(f"the reference cannot be read: {reference.unreadable}")
    return reference


def _compared(reference: Answer, expected: str, text: str, options: CompareOptions) -> Comparison:
    if len(expected) + len(text) > _REMEMBERED_CHARS:
        return compare(reference, read_answer(text), options=options)
    return _compared_before(expected, text, options)


@lru_cache(maxsize=8_192)
def _compared_before(expected: str, text: str, options: CompareOptions) -> Comparison:
    return compare(_read_reference(expected), read_answer(text), options=options)


def _described(answer: Answer) -> str:
    if answer.unreadable:
        return f"nothing: {answer.unreadable}"
    return f"{answer.kind}: {_shown(answer.normal)}"


def _shown(text: str) -> str:
    stripped = text.strip()
    return stripped if len(stripped) <= _SHOWN_CHARS else stripped[: _SHOWN_CHARS - 1] + "…"


def _check(field: str, given: Sequence[str], known: Sequence[str]) -> None:
    for value in given:
        if value not in known:
            raise InputError(f"{field} has no {value!r}; it takes {', '.join(known)}")


accuracy = Accuracy()
