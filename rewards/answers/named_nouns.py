"""Counted nouns that only the question names: `5 zorkons` where it asks how many zorkons."""

from __future__ import annotations

import re

from rewards.answers.nouns import changes, noun
from rewards.answers.units import find_unit
from rewards.answers.vocabulary import HEDGES, NEGATIONS

_TAIL = re.compile(
    r"(?P<value>.{0,200}[\d}$])(?:\s|~|\\[ ,;])*"
    r"(?:\\(?:text|textbf|textrm|mathrm)\s?\{\s?(?P<set>[a-z ]{4,60})\}"
    r"|(?P<bare>\s[a-z ]{4,60}))\.?",
    re.DOTALL,
)
_WORD = re.compile(r"[a-z]{2,}")
_MAX_WORDS = 4


def without_named_nouns(answer: str, question: str) -> str | None:
    r"""The value of an answer whose last words are nouns of the question; `None` if they are not.

    A noun is a plural or a listed noun; whatever changes a number or takes it back is none.

    >>> without_named_nouns(r"5\text{ zorkons}", "How many zorkons are left?")
    '5'
    >>> without_named_nouns("5 hardly", "It is hardly so. How many?") is None
    True
    """
    match = _TAIL.fullmatch(answer.strip())
    if match is None:
        return None
    words = (match["set"] or match["bare"]).split()
    asked = set(_WORD.findall(question.lower()))
    named = all(word in asked or word.removesuffix("s") in asked for word in words)
    if not words or len(words) > _MAX_WORDS or not named:
        return None
    if any(changes(word) or word in HEDGES or word in NEGATIONS for word in words):
        return None
    last = words[-1]
    plural = len(last) > 3 and last.endswith("s") and not last.endswith(("ss", "us", "is"))
    if find_unit(last) is not None or not (plural or noun(last)):
        return None
    return match["value"].strip()
