"""Reading and comparing answers, with what was read and compared before remembered.

The G completions of a group share a reference and often an answer. Memories are bounded in
entries and in the length of what they keep, so a long run's memory stays flat; they belong to
the process and not to a reward, which therefore pickles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple, TypeVar

from rewards.answers import (
    Answer,
    CompareOptions,
    Comparison,
    Equality,
    compare,
    read_answer,
    read_reference,
)
from rewards.extraction.reference import UnusableReferenceError, answer_text
from rewards.text.shorten import ANSWER_CHARACTERS, shown
from rewards.verdict import Basis, Status, Verdict

MAX_ANSWER_CHARS = 4_000
"""Nobody writes an answer this long by hand; one that is not the reference itself is wrong."""
_SOLUTION_CHARS = 40  # more than marks an answer, such as a box in dollars
# Longer texts are rare, and would let the memory grow with the dataset.
_REMEMBERED_CHARS = 512

_T = TypeVar("_T")


@lru_cache(maxsize=1_024)
def usable_reference(text: str) -> Answer:
    """The reference as it is read.

    Raises:
        UnusableReferenceError: nothing can be read, or it contradicts itself.
    """
    reference = read_reference(text)
    if reference.unreadable:
        raise UnusableReferenceError(f"the reference cannot be used: {reference.unreadable}")
    return reference


def expected_shown(text: str) -> str:
    """What a verdict names as expected: of a worked solution the answer that was found in it.

    Raises:
        UnusableReferenceError: see `usable_reference`.
    """
    return _expected_of(answer_text(text))


def _expected_of(stated: str) -> str:
    read = usable_reference(stated).text
    is_solution = "\n" in stated.strip() or len(stated) > len(read) + _SOLUTION_CHARS
    return shown(read if is_solution and read else stated, ANSWER_CHARACTERS)


class Comparer(NamedTuple):
    """Comparing under one set of options, remembered; what raises says that a reference is bad.

    Attributes:
        compare: what the comparison of a reference's and an answer's text says.
        judge: the verdict on them, which is `UNDECIDED` and wrong where exact comparison decides
            nothing; a reference that only says that there is none is bad, too.
    """

    compare: Callable[[str, str], Comparison]
    judge: Callable[[str, str], Verdict]


@lru_cache(maxsize=24)
def comparer(options: CompareOptions) -> Comparer:
    """The comparer of these options."""

    def compare_texts(reference: str, answer: str) -> Comparison:
        found = compare(usable_reference(reference), read_answer(answer), options=options)
        if options.notation == "mathematics" or found.is_equal:
            return found
        return _compare_plain(reference, answer, options) or found

    def judge_texts(reference: str, answer: str) -> Verdict:
        stated = answer_text(reference)
        usable_reference(stated)
        if len(answer) > MAX_ANSWER_CHARS:
            return _judge_long(stated, answer)
        return _judge(stated, answer, compare_texts(reference, answer))

    return Comparer(_remembered(compare_texts), _remembered(judge_texts))


def _remembered(function: Callable[[str, str], _T]) -> Callable[[str, str], _T]:
    """The function of two texts, which remembers what it said of short ones."""
    remembered = lru_cache(maxsize=8_192)(function)

    def remembering(reference: str, answer: str) -> _T:
        if len(reference) + len(answer) <= _REMEMBERED_CHARS:
            return remembered(reference, answer)
        return function(reference, answer)

    return remembering


def _judge(reference: str, answer: str, comparison: Comparison) -> Verdict:
    score, status = (1.0, Status.CORRECT) if comparison.is_equal else (0.0, Status.WRONG)
    basis, reason = Basis.PROOF, comparison.reason
    if comparison.outcome is Equality.UNDECIDED:
        basis, reason = Basis.UNDECIDED, f"could not be shown equal: {reason}"
    elif comparison.on_words:
        basis = Basis.WORDS
    extracted, expected = shown(answer, ANSWER_CHARACTERS), _expected_of(reference)
    return Verdict(score, status, extracted, expected, reason, basis=basis)


def _judge_long(reference: str, answer: str) -> Verdict:
    score, status = (1.0, Status.CORRECT) if answer == reference.strip() else (0.0, Status.WRONG)
    reason = "the same text" if score else f"{len(answer)} characters are no answer"
    extracted, expected = shown(answer, ANSWER_CHARACTERS), _expected_of(reference)
    return Verdict(score, status, extracted, expected, reason, basis=Basis.PROOF)


def _compare_plain(reference: str, answer: str, options: CompareOptions) -> Comparison | None:
    """The comparison of both texts rewritten from plain text, if it finds them equal."""
    from rewards.answers.read.plain_science import plain_pair  # one preset needs it

    pair = plain_pair(read_reference(reference).text, read_answer(answer).text)
    if pair is None:
        return None
    if pair.ordered:
        options = replace(options, list_order="as given")
    sides = read_reference(pair.reference), read_answer(pair.answer)
    found = compare(sides[0], sides[1], options=options)
    return found if found.is_equal else None
