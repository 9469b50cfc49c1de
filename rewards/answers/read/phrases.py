"""Words that stand for a sign or a function: `at least`, `approx.`, `math.sqrt`, 根号."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rewards.answers.read.code_names import BARE_SETS, CODE_NAMES, MODULES, OPEN_INTERVALS
from rewards.answers.read.tokens import Token
from rewards.answers.vocabulary import APPROXIMATELY, COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOTS = frozenset({"根号", "根號"})
_OPENERS = {phrase.split()[0] for phrase in COMPARISONS}
STARTS = frozenset(CODE_NAMES | MODULES | BARE_SETS.keys() | APPROXIMATELY | _ROOTS | _OPENERS)
"""Words that a phrase may start with; APPROXIMATELY and comparisons in lower case."""
_LONGEST = max(len(phrase.split()) for phrase in COMPARISONS)
_WORDS = frozenset({"word", "text"})


class Phrase(NamedTuple):
    """What a phrase stands for, if anything, and how many tokens it takes."""

    token: Token | None
    length: int


def phrase_at(tokens: Sequence[Token], at: int, out: Sequence[Token]) -> Phrase | None:
    """The phrase that starts with the word at `at`, behind what was read into `out`."""
    word, gap = tokens[at].value, tokens[at].gap
    following = value_at(tokens, at + 1)
    if word in CODE_NAMES and following == "(":
        return Phrase(Token("fn", word, gap), 1)
    if word == "Interval" and following == ".":
        name = OPEN_INTERVALS.get(value_at(tokens, at + 2))
        return Phrase(Token("fn", name, gap), 3) if name else None
    if word in MODULES and following == "." and value_at(tokens, at + 2).isalpha():
        return Phrase(None, 2)
    if word in BARE_SETS:
        return Phrase(Token("set", BARE_SETS[word].name, gap), 1)
    if word in _ROOTS:
        return Phrase(Token("fn", "sqrt", gap), 1)
    lower = word.lower()
    if lower in APPROXIMATELY and _starts_value(tokens, at + 1, beside=bool(out)):
        return Phrase(Token("rel", "~", gap=True), 1)
    if lower in _OPENERS and (not out or out[-1].kind in {"let", "sym"}):
        # `5 more than x` is a sum, `x more than 5` none
        return _comparison(tokens, at)
    return None


def _comparison(tokens: Sequence[Token], at: int) -> Phrase | None:
    words: list[str] = []
    for token in tokens[at : at + _LONGEST]:
        if token.kind not in _WORDS:
            break
        words.append(token.value.lower())
    while words:
        sign = COMPARISONS.get(" ".join(words))
        if sign is not None and at + len(words) < len(tokens):
            return Phrase(Token("rel", sign, gap=True), len(words))
        words.pop()
    return None


def value_at(tokens: Sequence[Token], at: int) -> str:
    """The text of a token; nothing behind the end."""
    return tokens[at].value if at < len(tokens) else ""


def _starts_value(tokens: Sequence[Token], at: int, *, beside: bool) -> bool:
    """Whether a number is next (`approx. 1.4`); alone, unless `beside` a value, only a decimal.

    "Approximately 42" is no answer where 42 is: whole numbers are not rounded by nature.
    """
    while at < len(tokens) and tokens[at].value in {".", "{", "}", "-"}:
        at += 1
    return at < len(tokens) and tokens[at].kind == "num" and (beside or "." in tokens[at].value)
