"""Whether the answer of a completion equals the reference."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from rewards.columns import Role
from rewards.errors import InputError
from rewards.extraction.percent_prompt import question_text, speaks_of_percent
from rewards.extraction.places import (
    ANSWER_PLACES,
    ANYWHERE,
    BOX_AND_PERCENT,
    MARKED_PLACES,
    AnswerPlace,
    FoundAnswer,
    find_answer,
)
from rewards.extraction.reference import UnusableReferenceError, answer_text, reference_text
from rewards.extraction.stated import UNFINISHED
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.text.shorten import ANSWER_CHARACTERS, shown
from rewards.verdict import Basis, Stage, Status, Verdict

if TYPE_CHECKING:
    from rewards.rules.accuracy_memory import Comparer
    from rewards.symbolic import Settled

# `rewards.answers` and `rewards.symbolic` are imported where they are used, at the first verdict:
# together they are most of what `import rewards` would cost.

_CHOICES = {
    "integers": ("exact", "counts exact", "tolerance"),
    "formulas": ("exact", "tolerance"),
    "rounding": ("exact", "reference digits"),
    "notation": ("mathematics", "science"),
}
PRESETS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "science": MappingProxyType(
            {
                "tolerance": 0.01,
                "integers": "counts exact",
                "formulas": "tolerance",
                "notation": "science",
            }
        )
    }
)
"""What a preset sets, by its name.

`science`: a measured value counts within 1 %, also in lists, with a unit, as a percentage or as a
factor of a formula; integers that count are exact; what people type in plain text is read. Of 386
right answers to science questions that two people accepted, exact comparison refuses 172, 63 of
them for their rounding.
"""
_SPEAKS_OF_PERCENT = re.compile(r"[%\uff05\ufe6a]|percent|pct", re.IGNORECASE)


class _Undecided(NamedTuple):
    """The verdict on a pair of texts, unless sympy can decide it."""

    verdict: Verdict
    pair: tuple[str, str]


class _Comparers(NamedTuple):
    """A comparer for each thing that a question may say about a % sign behind its answer."""

    usual: Comparer
    percent: Comparer
    no_percent: Comparer

    def of(self, sample: Sample, found: FoundAnswer) -> Comparer:
        """The comparer for an answer to this sample's question."""
        text = found.text or ""
        if text.isdecimal() or not _SPEAKS_OF_PERCENT.search(text):
            return self.usual
        if sample.prompt is None:  # a sign that was left out of the box was not forgotten
            return self.no_percent if found.note == BOX_AND_PERCENT else self.usual
        return self.percent if speaks_of_percent(sample.prompt) else self.no_percent


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
            `("box",)` rewards boxes only. `"anywhere"` is for evaluation, not for training: where
            no answer is stated it takes the last thing that can be one.
        prefilled: whether the prompt or chat template already opened `<think>`. `None` looks at
            the prompt; a template that adds the tag while rendering cannot be seen there.
        preset: `"science"` sets what answers to questions of physics and chemistry need, unless
            you set it yourself: see `PRESETS`.
        tolerance: greatest relative difference of numbers that still counts as equal; `None`
            compares exactly (1/3 is not 0.333).
        integers: whether the tolerance applies to integer references: `"exact"` no (100001 is no
            100000), `"counts exact"` only where they have a unit or the answer is no integer,
            `"tolerance"` yes.
        formulas: `"tolerance"` applies it to formulas with decimals in them (0.77c), too.
        rounding: a decimal reference of three or more significant digits was rounded:
            `"reference digits"` accepts an exact or longer answer that rounds to it (π for 3.14),
            `"exact"` does not. An exact reference takes no decimal either way.
        notation: `"science"` also reads what people type in plain text: `6.3x10^-7 M`,
            `10^(-16) J`, `(a) 0.15, (b) 0.148`.
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
    >>> print(Accuracy(answer_in=("box",)).verify("The answer is 42.", "42").reason)
    no box; mark the answer, as in \boxed{42}

    Raises:
        InputError: an option has a value that it cannot have.
    """

    name: str = "accuracy"
    answer_in: tuple[AnswerPlace, ...] | Literal["anywhere"] = MARKED_PLACES
    prefilled: bool | None = None
    preset: Literal["science"] | None = None
    tolerance: float | None = None
    integers: Literal["exact", "counts exact", "tolerance"] = "exact"
    formulas: Literal["exact", "tolerance"] = "exact"
    rounding: Literal["exact", "reference digits"] = "reference digits"
    notation: Literal["mathematics", "science"] = "mathematics"
    units: Literal["forgive", "require", "ignore"] = "forgive"
    list_order: Literal["any", "as given"] = "any"
    fallback: bool = True
    cpu_s: float = 1.0
    memory_mb: int = 512

    role: ClassVar[Role | None] = Role.REFERENCE

    def __post_init__(self) -> None:
        _check("preset", () if self.preset is None else (self.preset,), tuple(PRESETS))
        for option, value in PRESETS.get(self.preset or "", {}).items():
            if getattr(self, option) == type(self).__dataclass_fields__[option].default:
                object.__setattr__(self, option, value)
        if self.answer_in != "anywhere":
            if isinstance(self.answer_in, str) or not self.answer_in:
                raise InputError(
                    f"answer_in is a tuple such as ('box',) or 'anywhere', not {self.answer_in!r}"
                )
            object.__setattr__(self, "answer_in", tuple(self.answer_in))
        _check("answer_in", self._places, ANSWER_PLACES)
        for option in ("integers", "formulas", "rounding", "notation"):
            _check(option, (getattr(self, option),), _CHOICES[option])
        _check("units", (self.units,), ("forgive", "require", "ignore"))
        _check("list_order", (self.list_order,), ("any", "as given"))
        if self.cpu_s <= 0 or self.memory_mb <= 0:
            raise InputError("cpu_s and memory_mb must be above 0; fallback=False turns sympy off")
        if self.tolerance is not None and not 0 <= self.tolerance < 1:
            raise InputError(f"tolerance is a relative difference in [0, 1), not {self.tolerance}")

    def judge(self, sample: Sample) -> Verdict:
        """Judge one completion."""
        return self._settle([self._examine(sample, self._comparers())])[0]

    def judge_many(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Judge samples, in order; the undecided ones go to sympy's workers together."""
        comparers = self._comparers()
        cases: list[Verdict | _Undecided] = []
        for sample in samples:
            try:
                case = self._examine(sample, comparers)
            except Exception as error:  # noqa: BLE001 - one bad row must not end a training run
                case = self._failed(error)
            if isinstance(case, Verdict) and case.status is Status.BAD_REFERENCE:
                self._warn_of(sample, case)
            cases.append(case)
        return self._settle(cases)

    def same_answer(self, one: str, other: str) -> bool:
        r"""Whether two answers are equal by these options, without sympy.

        >>> accuracy.same_answer(r"\frac12", "0.5")
        True
        """
        try:
            return self._comparers().usual.compare(one, other).is_equal
        except UnusableReferenceError:
            return one == other

    def warm_up(self) -> None:
        """Start sympy's processes now rather than in the first training step.

        Raises:
            WorkerError: they cannot be started.
        """
        if self.fallback:
            from rewards.symbolic import warm_up

            warm_up(cpu_s=self.cpu_s, memory_mb=self.memory_mb)

    def stages(self, sample: Sample) -> list[Stage]:
        r"""How the answer was found, how both sides were read, and what compared them.

        >>> [stage.name for stage in accuracy.stages(Sample(r"\boxed{1}", "1"))]
        ['answer part', 'answer', 'answer read as', 'reference read as', 'compared by']
        """
        from rewards.answers import read_answer
        from rewards.rules.accuracy_memory import MAX_ANSWER_CHARS, usable_reference

        part = sample.answer_part(prefilled=self.prefilled)
        if part is None:
            return [Stage("answer part", UNFINISHED)]
        found = find_answer(part, self._places)
        whole = part == sample.completion
        stages = [Stage("answer part", "the whole completion" if whole else _shown(part))]
        if found.text is None:
            return [*stages, Stage("answer", found.note)]
        stages.append(Stage("answer", f"{found.note}: {_shown(found.text)}"))
        if len(found.text) <= MAX_ANSWER_CHARS:
            stages.append(Stage("answer read as", read_answer(found.text).describe()))
        try:
            reference = usable_reference(answer_text(sample.reference))
        except UnusableReferenceError as error:
            return [*stages, Stage("reference read as", f"nothing: {error}")]
        stages.append(Stage("reference read as", reference.describe()))
        case = self._examine(sample, self._comparers())
        by_sympy = isinstance(case, _Undecided)
        judge = "sympy, in a process of its own" if by_sympy else "exact comparison"
        return [*stages, Stage("compared by", judge)]

    @property
    def _places(self) -> tuple[AnswerPlace, ...]:
        return ANYWHERE if self.answer_in == "anywhere" else self.answer_in

    def _examine(self, sample: Sample, comparers: _Comparers) -> Verdict | _Undecided:
        """Everything that needs no sympy."""
        started = perf_counter()
        part = sample.answer_part(prefilled=self.prefilled)
        found = FoundAnswer(None, UNFINISHED) if part is None else find_answer(part, self._places)
        reference, answer = sample.reference, found.text
        try:
            if not isinstance(reference, str):
                reference = reference_text(reference)
            if answer is None:
                judged = self._judge_nothing(reference, found)
            else:
                comparer = comparers.of(sample, found)
                judged = comparer.judge(reference, answer)
                if judged.score != 1.0 and sample.prompt is not None:
                    bare = _without_nouns(answer, sample.prompt)
                    if bare is not None:
                        judged = replace(comparer.judge(reference, bare), extracted=_shown(answer))
        except UnusableReferenceError as error:
            return Verdict(None, Status.BAD_REFERENCE, reason=str(error))
        verdict = judged.repeated(perf_counter() - started, found.place)
        if answer is None or judged.basis is not Basis.UNDECIDED or not self.fallback:
            return verdict
        return _Undecided(verdict, (reference, answer))

    def _judge_nothing(self, reference: str, found: FoundAnswer) -> Verdict:
        """The verdict on a completion without an answer, if its reference says something."""
        from rewards.rules.accuracy_memory import expected_shown

        expected = expected_shown(reference)
        reason = found.note
        if reason.startswith("no ") and "box" in self.answer_in:
            reason += r"; mark the answer, as in \boxed{42}"
        return Verdict(0.0, Status.NO_ANSWER, None, expected, reason)

    def _settle(self, cases: Sequence[Verdict | _Undecided]) -> list[Verdict]:
        """The verdicts of examined cases, the undecided ones decided together."""
        decided = [case for case in cases if isinstance(case, Verdict)]
        if len(decided) == len(cases):
            return decided
        pairs = [case.pair for case in cases if isinstance(case, _Undecided)]
        from rewards.symbolic import settle

        started = perf_counter()
        settled = iter(settle(pairs, cpu_s=self.cpu_s, memory_mb=self.memory_mb))
        seconds = (perf_counter() - started) / len(pairs)
        return [
            case if isinstance(case, Verdict) else _merged(case.verdict, next(settled), seconds)
            for case in cases
        ]

    def _comparers(self) -> _Comparers:
        return _comparers_under(
            self.tolerance,
            self.integers,
            self.formulas,
            self.rounding,
            self.notation,
            self.units,
            self.list_order,
        )


@lru_cache(maxsize=24)
def _comparers_under(*options: Any) -> _Comparers:
    """The comparers of these values of `CompareOptions`: made once, asked for by each row."""
    from rewards.answers import CompareOptions
    from rewards.rules.accuracy_memory import comparer

    names = ("tolerance", "integers", "formulas", "rounding", "notation", "units", "list_order")
    usual = CompareOptions(**dict(zip(names, options, strict=True)))
    return _Comparers(
        comparer(usual),
        comparer(replace(usual, added_percent="forgive")),
        comparer(replace(usual, added_percent="refuse")),
    )


def _without_nouns(answer: str, prompt: object) -> str | None:
    """The answer without the noun behind it, where the question names that noun."""
    from rewards.answers.named_nouns import without_named_nouns

    return without_named_nouns(answer, question_text(prompt))


def _merged(verdict: Verdict, settled: Settled, seconds: float) -> Verdict:
    score = {Status.CORRECT: 1.0, Status.ERROR: None}.get(settled.status, 0.0)
    return replace(
        verdict,
        score=score,
        status=settled.status,
        reason=settled.reason,
        seconds=verdict.seconds + seconds,
        basis=Basis.PROOF if settled.decided else Basis.UNDECIDED,
    )


def _shown(text: str) -> str:
    return shown(text, ANSWER_CHARACTERS)


def _check(field: str, given: Sequence[str], known: Sequence[str]) -> None:
    for value in given:
        if value not in known:
            raise InputError(f"{field} has no {value!r}; it takes {', '.join(known)}")


accuracy = Accuracy()
