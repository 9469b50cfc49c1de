"""Decide what the words among the tokens are: functions, names, units, connectors or prose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rewards.answers.read.phrases import STARTS, phrase_at
from rewards.answers.read.symbols import FUNCTIONS, GREEK
from rewards.answers.read.tokens import Token
from rewards.answers.units import find_unit, is_plain_unit
from rewards.answers.vocabulary import (
    AND_WORDS,
    ARTICLES,
    OR_WORDS,
    SHORT_WORDS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_INFINITIES = frozenset({"infinity", "infty", "inf", "oo", "Infinity", "INF"})
_GLUED = (
    "arcsin",
    "arccos",
    "arctan",
    "sin",
    "cos",
    "tan",
    "cot",
    "sec",
    "csc",
    "sqrt",
    "ln",
    "log",
)
_GREEK = ("alpha", "gamma", "delta", "epsilon", "theta", "lambda", "sigma", "omega")
_SILENT = frozenset(".,:!?\"'`()")
_VOWELS = frozenset("aeiouyAEIOUY")


def resolve_words(tokens: Sequence[Token]) -> list[Token]:  # noqa: C901, PLR0912, PLR0915
    """Replace word tokens by letters, functions, symbols, connectors or text."""
    out: list[Token] = []
    skipped = 0  # tokens before this one were read with the one before them
    for at, token in enumerate(tokens):
        kind, word, gap = token
        if at < skipped:
            continue
        if kind not in {"word", "text"}:
            out.append(token)
            continue
        lower = word.lower()
        # Phrases first: "square root of" is one thing.
        if word in STARTS or lower in STARTS:
            found = phrase_at(tokens, at, out)
            if found is not None:
                skipped = at + found.length
                if found.token is not None:
                    out.append(found.token)
                continue
        # Then units, for a letter behind a number is rather one than a variable.
        if kind == "text" and out and (joined := _joined_unit(word, out)):
            out[-1] = Token("text", joined, out[-1].gap)
        elif kind == "text" and len(word) > 1 and _after_number(out) and find_unit(word):
            out.append(token)
        elif len(word) == 1:
            if _is_letter_unit(token, out):
                out.append(token)
            else:
                out.append(_letter(token, out))
        # Connectives, in every language that is known.
        elif lower in AND_WORDS:
            out.append(Token("op", "and", gap=True))
        elif lower in OR_WORDS:
            out.append(Token("op", "or", gap=True))
        # "the max is" speaks of a maximum; it applies no function.
        elif word in {"at", "of", "is"} and out and out[-1].value in {"max", "min"}:
            out[-1] = Token("text", out[-1].value, out[-1].gap)
            out.append(Token("text", word, gap))
        elif word == "mod":
            out.append(Token("op", "mod", gap=True))
        # Minutes and seconds behind a number, functions elsewhere.
        elif word in {"min", "sec"} and _in_unit(out, token):
            out.append(Token("text", word, gap))
        elif word in FUNCTIONS or (lower in FUNCTIONS and len(word) > 2):
            out.append(Token("fn", FUNCTIONS.get(word) or FUNCTIONS[lower], gap))
        elif word in _INFINITIES:
            out.append(Token("sym", "inf", gap))
        elif word in {"pi", "Pi", "PI"}:
            out.append(Token("sym", "pi", gap))
        elif word in GREEK:
            out.append(Token("sym", word, gap))
        # Text and English words stay words; the rest are letters that multiply.
        elif kind == "text" or _is_short_word(word) or (is_plain_unit(word) and _after_number(out)):
            out.append(Token("text", word, gap))
        elif len(word) <= 3 or (word.isupper() and len(word) <= 5):
            _spell(word, gap, out)
        else:
            _split_glued(word, gap, out)
    return out


def _is_short_word(word: str) -> bool:
    """Whether a few letters are an English word; `NO` may be a segment, `no` may not."""
    return word.lower() in SHORT_WORDS and (word.islower() or word[1:].islower())


def _joined_unit(word: str, out: Sequence[Token]) -> str | None:
    r"""`\mu` and a unit set as text behind it are one unit: `µm` arrives as two tokens."""
    behind_number = len(out) > 1 and _after_number(out[:-1])
    if out[-1].value != "mu" or not behind_number or find_unit("µ" + word) is None:
        return None
    return "µ" + word


def _is_letter_unit(token: Token, out: Sequence[Token]) -> bool:
    """Whether a letter set as text is a unit: behind a number, and only if a unit has it."""
    kind, word, gap = token
    if kind != "text" or not _after_number(out):
        return False
    if not word.isascii():
        return True  # a counter or a unit of a language that joins its words
    if word == "a" and gap and out[-1].kind == "text":
        return True  # `dollars a day`
    return find_unit(word) is not None


def _letter(token: Token, out: list[Token]) -> Token:
    """A single letter; the article in front of a word is text."""
    if token.kind == "text" and (token.value in "aA" and token.gap and out):
        return Token("text", token.value, gap=True)
    return Token("let", token.value, token.gap)


def _in_unit(out: Sequence[Token], token: Token) -> bool:
    """Whether `min` or `sec` is a unit here: behind a number or inside a phrase of units."""
    if not out:
        return False
    if out[-1].kind == "num" or (token.kind == "text" and out[-1].value in {"}", "pi"}):
        return True
    return len(out) > 1 and out[-1].value in {"/", "-", "*"} and out[-2].kind == "text"


def _after_number(out: Sequence[Token]) -> bool:
    if not out:
        return False
    kind, value, _ = out[-1]
    if kind == "num":
        return True
    # 3/2 cm, \frac{3}{2} cm, 10^5 cm, 25\pi cm, (1/2) cm; 5 square cm
    return value in {"}", ")", "pi", "!", "%"} or kind == "text"


def _spell(word: str, gap: bool, out: list[Token]) -> None:  # noqa: FBT001
    for index, letter in enumerate(word):
        out.append(Token("let", letter, gap and index == 0))


def _split_glued(word: str, gap: bool, out: list[Token]) -> None:  # noqa: FBT001
    """`sinx`, `Bsec` and `omegat` hold a function or a Greek letter; other words are prose."""
    for name in _GLUED:  # `Bsec(x)`
        if word.endswith(name) and len(word) == len(name) + 1:
            _spell(word[0], gap, out)
            out.append(Token("fn", FUNCTIONS[name], False))
            return
    for name in _GREEK:
        before, found, behind = word.partition(name)
        if found and len(before) < 2 and len(behind) < 2:
            _spell(before, gap, out)
            out.append(Token("sym", name, gap and not before))
            _spell(behind, False, out)
            return
    for name in _GLUED:
        rest = word[len(name) :]
        if word.startswith(name) and 0 < len(rest) <= 2:
            out.append(Token("fn", FUNCTIONS[name], gap))
            _spell(rest, False, out)
            return
    out.append(Token("text", word, gap))


def words_only(tokens: Sequence[Token]) -> list[str] | None:
    """The words of a text that is nothing but words and punctuation; else `None`."""
    words: list[str] = []
    for kind, value, _ in tokens:
        if kind in {"word", "text"}:
            words.append(value)
        elif value not in _SILENT and value not in {"-", "{", "}"}:
            return None
    return words


def is_prose(tokens: Sequence[Token]) -> bool:
    """Whether the tokens contain words that only prose has."""
    run = 0
    for token in resolve_words(tokens):
        if token.kind == "text":
            run += 1
            if run >= 2 or len(token.value) >= 4 or not token.value.isascii():
                return True
        else:
            run = 0
    return False


def normal_words(tokens: Sequence[Token]) -> str:
    """The text of the tokens in normal form: lower case, no punctuation, no leading article."""
    parts: list[str] = []
    alone = sum(token.kind in {"word", "text"} for token in tokens) == 1
    for kind, value, _ in tokens:
        if value in _SILENT or value in {"{", "}", "quad", "newrow", "$"}:
            continue
        if kind in {"word", "text"} and value.lower() in AND_WORDS:
            continue
        parts.append(value if _keeps_case(value, alone=alone) else value.lower())
    while parts and parts[0].lower() in ARTICLES and len(parts) > 1:
        del parts[0]
    return " ".join(parts)


_INNER_CAPITAL = re.compile(r"[a-z][A-Z]")


def _keeps_case(word: str, *, alone: bool) -> bool:
    """Whether capitals tell words apart: CO is not Co, and NaCl not NACL."""
    return len(word) == 1 or (alone and len(word) == 2) or _INNER_CAPITAL.search(word) is not None


def normal_tokens(tokens: Sequence[Token]) -> str:
    """The tokens joined in one normal spelling; braces around a single token vanish."""
    parts: list[str] = []
    values = [value for _, value, _ in tokens]
    at = 0
    while at < len(values):
        if values[at] == "{" and at + 2 < len(values) and values[at + 2] == "}":
            parts.append(values[at + 1])
            at += 3
        else:
            parts.append(values[at])
            at += 1
    if parts and parts[0] == "{" and parts[-1] == "}":
        parts = parts[1:-1]
    while parts and parts[-1] == ".":
        parts.pop()
    return " ".join(parts)
