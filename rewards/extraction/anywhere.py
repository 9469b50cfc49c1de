r"""The last thing in a completion that can be an answer, as evaluation harnesses take it.

For evaluation, not for training: a policy that is rewarded for the last number of whatever it
wrote learns to end in numbers. What counts, in this order: what stands behind the last claim,
whatever is said after it; the last bold text; of the last sentence that holds any, the last choice
letter, formula, number or number word.
"""

from __future__ import annotations

import re

from rewards.extraction.phrase import last_claim

_TAIL_CHARS = 4_000
_BOLD_CHARS = 200
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]{1,200}?)(?<=\S)\*\*|\\textbf\s?\{([^{}\n]{1,200})\}")
_FORMULA = re.compile(
    r"\$\$([^$]{1,400})\$\$|\$(?=[^\s\d]|\d[^\s$]*[\\^_=+*/$-])([^$\n]{1,400}?)(?<!\s)\$(?!\d)"
    r"|\\\[([\s\S]{1,400}?)\\\]|\\\(([\s\S]{1,400}?)\\\)"
)
_LETTER = re.compile(
    r"\(([A-J])\)|(?i:\b(?:option|choice|answer)\s{1,3})\(?([A-J])\b\)?"
    r"|(?:^|(?<=[\s*]))([A-J])(?=\)?[.:*]{0,3}\s*\Z)"
)
_NUMBER = re.compile(
    r"(?<![\w.])[-+−]?\s?[$€£¥]?\s?(?:\d{1,3}(?:,\d{3})+(?![\d])|\d{1,400})(?:\.\d{1,400})?"
    r"(?:\s?/\s?\d{1,400}(?![\d.]))?(?:\s?\\?%)?|(?<![\w.])\.\d{1,400}"
)
_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    "fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|"
    "ninety"
)
_NUMBER_WORD = re.compile(
    rf"\b(?:{_WORDS})(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?\b"
    r"(?:\s(?:hundred|thousand|million|billion|dozen)\b)?",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s|(?<=[。！？])|\n")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_MOST_WORDS = 3


def answer_anywhere(text: str) -> str | None:
    r"""The last thing that can be an answer, or `None` when nothing can.

    >>> answer_anywhere("The answer is 42 because 6 times 7 is so.")
    '42'
    >>> answer_anywhere("We get **18 dollars** in the end, after 3 days.")
    '18 dollars'
    >>> answer_anywhere("Six times seven is forty-two. That is it.")
    'forty-two'
    >>> answer_anywhere("I do not know.") is None
    True
    """
    tail = text[-_TAIL_CHARS:]
    claimed = last_claim(tail)
    if claimed is not None:
        first = _first_value(_SENTENCE_END.split(claimed.strip(" *_:\n\t"), maxsplit=1)[0])
        if first is not None:
            return first
    for bold in reversed(list(_BOLD.finditer(tail))):
        found = (bold[1] or bold[2]).strip(" .:*")
        if _is_short(found) and _first_value(found) is not None:
            return _behind_label(found)
    for sentence in reversed(_SENTENCE_END.split(tail)):
        last = _last_value(sentence.strip())
        if last is not None:
            return last
    return None


def _values(sentence: str) -> list[tuple[int, int, str]]:
    """Where each thing that can be an answer begins and ends, and what it is."""
    found: list[tuple[int, int, str]] = []
    for pattern in (_FORMULA, _LETTER, _NUMBER, _NUMBER_WORD):
        for match in pattern.finditer(sentence):
            if all(match.end() <= start or match.start() >= end for start, end, _ in found):
                inside = next((group for group in match.groups() if group), match[0])
                value = inside.strip(" .,;") if pattern is not _NUMBER else inside.strip()
                if value:
                    found.append((match.start(), match.end(), value))
    return sorted(found)


def _first_value(sentence: str) -> str | None:
    values = _values(sentence)
    return values[0][2] if values else None


def _last_value(sentence: str) -> str | None:
    values = _values(sentence)
    return values[-1][2] if values else None


def _is_short(text: str) -> bool:
    return len(text) <= _BOLD_CHARS and len(_WORD.findall(text)) <= _MOST_WORDS


def _behind_label(text: str) -> str:
    """`Answer: 5` without its label."""
    label, colon, value = text.rpartition(":")
    return (
        value.strip() if colon and not any(c.isdigit() for c in label) and value.strip() else text
    )
