r"""What a sentence says is the answer: `The value of x is 42`, `42, because …`.

A sentence in the place of an answer is a claim. It is read only where its words neither negate,
hedge nor offer a choice; the subject is the question's, and what is said of it is the answer.
"""

from __future__ import annotations

import re

from rewards.answers.vocabulary import HEDGES, NEGATIONS

_SENTENCE = re.compile(
    r"(?:so|thus|hence|therefore|then|and)?,?\s*"
    r"(?P<subject>(?:the|our|its|their|this|that)\s[^\n.?!:]{0,160}?|it|this|there)\s"
    r"(?:is|are|was|were|equals?|comes? to|must be)\s"
    r"(?:equal to\s|exactly\s|therefore\s|thus\s)?(?P<said>[^\n?!]{1,120})",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"(?P<said>[^\n]{1,120}?),?\s+(?:because|since|which is|which means|that is to say)\s"
    r"(?P<reason>[^\n]{1,200})",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:'t)?")
_REFUSED = HEDGES | NEGATIONS | {"or", "between", "other", "than", "about"}
_COPULA = re.compile(r"\b(?:is|are|was|were|equals?)\b", re.IGNORECASE)
_PREDICATE = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){0,2}")
_FACE = re.compile(r"\\(?:text|textbf|textit|mathrm|mbox)(?![A-Za-z])|[{}$]|\\[,;: ]")
MAX_CHARS = 300


def said_in(text: str) -> str | None:
    """What a sentence says the answer is; `None` if it is no plain claim.

    >>> said_in("The value of x is 42"), said_in("42, because 6 times 7 is 42")
    ('42', '42')
    >>> said_in("The value of x is not 42") is None
    True
    """
    if len(text) > MAX_CHARS:
        return None
    found = _SENTENCE.fullmatch(text)
    if found is not None and not _COPULA.search(found["said"]):
        return found["said"].rstrip(" .") if _plain(text) else None
    reasoned = _REASON.fullmatch(text)
    if reasoned is not None and not _COPULA.search(reasoned["said"]) and _plain(text):
        return reasoned["said"].rstrip(" ,")
    return None


def said_of(one: str, other: str) -> bool:
    """Whether one text is a sentence that says the other, a few words, of its subject.

    >>> said_of("odd", "The function is odd."), said_of("odd", "The function is not odd")
    (True, False)
    """
    if max(len(one), len(other)) > MAX_CHARS or " " not in one + other:
        return False
    for words, sentence in ((one, other), (other, one)):
        plain = _words(words)
        if not _PREDICATE.fullmatch(plain) or len(sentence) <= len(words):
            continue
        said = said_in(_words(sentence))
        if said is not None and said.lower() == plain.lower():
            return True
    return False


def claims_differ(one: str, other: str) -> bool:
    """Whether both texts are sentences about different subjects, or give different reasons."""
    if " " not in one or " " not in other or max(len(one), len(other)) > MAX_CHARS:
        return False
    left, right = (_SENTENCE.fullmatch(_words(text)) for text in (one, other))
    if left is None or right is None:
        reasons = [_REASON.fullmatch(_words(text)) for text in (one, other)]
        given = [found["reason"].lower().split() for found in reasons if found is not None]
        return len(given) == 2 and given[0] != given[1]
    return left["subject"].lower().split() != right["subject"].lower().split()


def _words(text: str) -> str:
    r"""A sentence without `\text` and mathematics' marks around it, nor the full stop."""
    return " ".join(_FACE.sub(" ", text).split()).rstrip(" .")


def _plain(text: str) -> bool:
    return not {word.lower() for word in _WORD.findall(text)} & _REFUSED
