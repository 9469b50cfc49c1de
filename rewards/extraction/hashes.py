"""The answer behind `####`, the mark of GSM8K; linear in the text."""

from __future__ import annotations

import re

_HASHES_CHARS = 200
# Behind a mark inside a sentence: about the mark, not an answer.
_ASIDE = re.compile(r"\b(?:mark|sign|symbol|line|heading|format|followed|is|are|or|not)\b|[?`\"]")
# An amount, and no heading such as "2. Add them" or "Step 2".
_AMOUNT = re.compile(r"(?!\d{1,3}[.):]\s)[-+]?[$\\\d(.][^\s]{0,80}(?:\s[^\s]{1,20}){0,3}")
# In text behind an answer these may take it back.
_SECOND_THOUGHTS = frozenset({
    "wait", "no", "not", "nope", "never", "but", "however", "actually", "instead", "wrong",
    "mistake", "incorrect", "error", "sorry", "or", "maybe", "perhaps", "check", "recheck",
    "should", "correction", "rather", "hmm", "scratch", "guess", "unless", "if", "answer",
    "step", "solution", "first", "now", "next", "let", "t",
})  # fmt: skip
_AFTERTHOUGHT_CHARS = 200
_WORDS = re.compile(r"[a-z]+")
_NUMBERS = re.compile(r"\d+")


def after_hashes(text: str) -> str | None:
    r"""The answer behind the last `####`, GSM8K's mark, or `None`.

    It ends a line, and what follows that line, if anything, is a few words that name no other
    number and hold no second thought: elsewhere the mark is a Markdown heading, or what follows
    takes the answer back.

    >>> after_hashes("5 + 37 = 42\n#### 42"), after_hashes("She makes $18. #### 18")
    ('42', '18')
    >>> after_hashes("#### 42\nHope this helps!"), after_hashes("#### 42\nWait, it is 41.")
    ('42', None)
    """
    start = text.rfind("####")
    if start < 0:
        return None
    line, _, behind = text[start:].partition("\n")
    answer = line.lstrip("#").strip().removesuffix("!").rstrip()  # 42! ends a sentence here
    before = text[text.rfind("\n", 0, start) + 1 : start]
    if before.strip(" \t#") and (len(answer) > _HASHES_CHARS or _ASIDE.search(answer)):
        return None
    if behind.strip() and not (_AMOUNT.fullmatch(answer) and _agrees(behind.strip(), answer)):
        return None
    return answer or None


def _agrees(behind: str, answer: str) -> bool:
    """Whether the words behind an answer leave it as it is: no other number, no second thought."""
    if len(behind) > _AFTERTHOUGHT_CHARS or not behind.isascii() or "\\" in behind:
        return False
    return _SECOND_THOUGHTS.isdisjoint(_WORDS.findall(behind.lower())) and set(
        _NUMBERS.findall(behind)
    ) <= set(_NUMBERS.findall(answer))
