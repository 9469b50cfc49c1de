r"""Find the answer of a worked solution that stands where a reference should be.

Behind `Answer:` or "the answer is", or in a last sentence that opens with "So" or "Therefore" and
says one value. A number is never searched for anywhere else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewards.answers.read.sentences import said_in
from rewards.answers.vocabulary import HEDGES, NEGATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

_CLAIM = re.compile(
    r"(?:(?<![A-Za-z])(?:the|our|my)?\s?(?:final |correct )?(?:answer|result)\s?"
    r"(?:is|equals|\*{0,2}[:：=]\*{0,2})|答案\s?[是为:：]|(?<=[\n。；;])\s?答\s?[:：]"
    r"|(?<![A-Za-z])ans(?:wer)?\s?[.:])",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"(?:\A|[.;。；!?\n,，$]\s*)(?:so|therefore|thus|hence|consequently|in conclusion|"
    r"所以|因此|因而|故|于是)(?![A-Za-z])",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"[^\n=]{1,120}?\s(?:has|have|had|needs?|gets?|got|takes?|took|costs?|makes?|made|earns?|earned|"
    r"increases? by|decreases? by|spends?|spent|saves?|saved|pays?|paid|sells?|sold|"
    r"there (?:are|is|were)|is|are|was|were)\s"
    r"(?P<said>(?:\$?\\?\$?)?[-\d\\$][^\n]{0,80})",
    re.IGNORECASE,
)
_END = re.compile(r"[\s.。*_]+\Z")
_SENTENCE_END = re.compile(r"[.!?](?:\s|\Z)|[。！？\n]")
_STEP = re.compile(
    r"(?<![A-Za-z])(?:let|then|since|note that|we have|we get|it follows|suppose|step \d|proof|"
    r"so|thus|hence|therefore|substituting)(?![A-Za-z])|设|则|因为|所以",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_DOUBTS = (HEDGES | NEGATIONS | {"false", "wrong", "or", "suppose", "assume", "claims"}) - {"error"}
MIN_CHARS = 24
MAX_CLAIM = 160
MAX_NOUNS = 2


def final_answer(text: str, reads: Callable[[str], bool]) -> str | None:
    """What a solution says is its answer, if `reads` says that it is a value; else `None`."""
    if len(text) < MIN_CHARS:
        return None
    text = _END.sub("", text)
    *_, last = (None, *_CLAIM.finditer(text))
    if last is not None:
        rest = text[last.end() :].strip(" \t*_:：")
        return rest if _is_value(rest, reads) else None
    return concluded(text, reads)


def concluded(
    text: str, reads: Callable[[str], bool], *, whole_sentence: bool = False
) -> str | None:
    """What the last sentence concludes: "So the pair is (7, 6)"; `None` if that is no value.

    `whole_sentence` asks for a sentence that opens so and doubts nothing: what stands behind a
    comma may hang on a condition ("If pigs fly, so ...").
    """
    if len(text) < MIN_CHARS:
        return None
    text = _END.sub("", text)
    *_, last = (None, *_CONCLUSION.finditer(text))
    if last is None or (whole_sentence and last[0][:1] in ",，"):
        return None
    if whole_sentence and {w.lower() for w in _WORD.findall(text[last.start() :])} & _DOUBTS:
        return None
    rest = text[last.end() :].lstrip(" \n,，:：").removeprefix("that ")
    if "\n" in rest and rest.count("$$") != 2:
        return None
    for candidate in (rest, said_in(rest), _said_by_verb(rest)):
        if candidate and _is_value(candidate, reads):
            return candidate
    return None


def is_solution(text: str) -> bool:
    """Whether a text derives something over several sentences and nowhere says what follows."""
    if len(_SENTENCE_END.findall(text)) < 3 or text.count("=") < 2:
        return False
    steps = {word.lower() for word in _STEP.findall(text)}
    return len(steps) > 1 and _CONCLUSION.search(text) is None


def _said_by_verb(rest: str) -> str | None:
    found = _VERB.fullmatch(rest)
    return None if found is None else found["said"]


def _is_value(text: str, reads: Callable[[str], bool]) -> bool:
    if len(text) > MAX_CLAIM:
        return False
    words = {word.lower() for word in _WORD.findall(text)}
    if text[:1].isdecimal() and len(words) > MAX_NOUNS and "\\" not in text:
        return False  # `2 times the first number` is not 2
    return not words & (HEDGES | NEGATIONS) and reads(text)
