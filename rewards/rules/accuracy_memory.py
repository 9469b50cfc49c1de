"""Reading and comparing answers, with what was read and compared before remembered.

The G completions of a group share a reference and often an answer. Memories are bounded in
entries and in the length of what they keep, so a long run's memory stays flat; they belong to
the process and not to a reward, which therefore pickles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from rewards.answers import (
    Answer,
    CompareOptions,
    Comparison,
    compare,
    read_answer,
    read_reference,
)
from rewards.extraction.reference import UnusableReferenceError

# Longer texts are rare, and would let the memory grow with the dataset.
_REMEMBERED_CHARS = 512


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


class Comparer(NamedTuple):
    """Reading and comparing under one set of options, each remembered.

    Attributes:
        reference: `usable_reference`.
        compare: what the comparison of a reference's and an answer's text says; raises as
            `reference` does.
    """

    reference: Callable[[str], Answer]
    compare: Callable[[str, str], Comparison]


@lru_cache(maxsize=24)
def comparer(options: CompareOptions) -> Comparer:
    """The comparer of these options."""

    def compare_texts(reference: str, answer: str) -> Comparison:
        found = compare(usable_reference(reference), read_answer(answer), options=options)
        if options.notation == "mathematics" or found.is_equal:
            return found
        return _compare_plain(reference, answer, options) or found

    remembered = lru_cache(maxsize=8_192)(compare_texts)

    def compare_shortly(reference: str, answer: str) -> Comparison:
        short = len(reference) + len(answer) <= _REMEMBERED_CHARS
        return (remembered if short else compare_texts)(reference, answer)

    return Comparer(usable_reference, compare_shortly)


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
