r"""Split LaTeX, Unicode or plain text into tokens, in one pass and linear time.

Spacing and style commands vanish here, Unicode becomes LaTeX, thousands separators are joined
into their number, and the words of `\text{…}` are marked as such. Nothing is understood yet.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from rewards.answers.read.symbols import (
    COMMANDS,
    DROPPED,
    FUNCTIONS,
    HIDING,
    TEXT_COMMANDS,
    UNICODE,
)

MAX_CHARACTERS = 60_000


class Token(NamedTuple):
    """One token: `gap` says whether white space stood before it."""

    kind: str
    value: str
    gap: bool


class UnreadableError(ValueError):
    """The text cannot be read as mathematics; the message says why."""


_SPACE = (
    r"(?:\s|~|\\[,:;!>\s]|\\(?:thinspace|medspace|thickspace|enspace|negthinspace)(?![A-Za-z]))"
)
_MASTER = re.compile(
    rf"""
      (?P<gap>{_SPACE}+)
    | (?P<num>\d+(?:\.\d+)?|\.\d+)
    | (?P<word>[A-Za-z]+)
    | (?P<cmd>\\(?:[A-Za-z]+\*?|[\s\S]))
    | (?P<run>[^\W\d_a-zA-Z][^\W\d_]*)
    | (?P<op>\*\*|\+/-|<=|>=|!=|==|=<|->|=>|\.\.\.|[\s\S])
    """,
    re.VERBOSE,
)
# 11,\! 111  10{,}000  1\,000  1\;000  1 000: separators nobody uses between list items.
_EXPLICIT_GROUPS = re.compile(
    r"\d{1,3}(?:(?:\{,\}|,\s?\\!\s?|\{\\,\}|\\[,;:]|\\ | |~)\d{3})+(?![\d])"
)
# 1,000,000: also a list without spaces, so only outside brackets and only if every group fits.
_COMMA_GROUPS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?![\d])(?!,\d)")
_FRACTION_TAIL = re.compile(r"\.\d+(?![\d,])")
_EXPONENT = re.compile(r"[eE]([+-]?\d{1,9})(?![\dA-Za-z.])")
_NON_DIGIT = re.compile(r"\D")
# A backslash too many, unless it is a row break: `1\\\frac12`, `\begin{cases}x\\text`.
_DOUBLED = re.compile(
    r"(?<!\\)\\\\(?:frac|left|right|begin|end|sqrt|text|boxed|pi|infty|times|cdot|[lg]eq?|neq?"
    r"|circ|alpha|beta|theta|pm|mathrm|mathbb|cup|cap|[dt]frac|ln|log|sin|cos|tan)(?![A-Za-z])"
)
_ROWS = re.compile(r"(?<!\\)\\begin")
_BRACED_SIGN = re.compile(r"(?<!phantom)\{([-+=])\}")  # \phantom{-} only leaves room
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", "0123456789+-=()ni")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙₖ", "0123456789+-=()nk")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ]+")
_SUBSCRIPT_RUN = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙₖ]+")
_HTML_SCRIPT = re.compile(r"<(su[pb])>([^<>]{1,40})</su[pb]>")
_MATH_DELIMITERS = frozenset("()[]")


def to_latex(text: str) -> str:
    r"""Rewrite Unicode mathematics and full-width forms as LaTeX.

    >>> print(to_latex("½ ≤ x²"))
    \frac{1}{2} \le  x^{2}
    """
    if "<su" in text:
        text = _HTML_SCRIPT.sub(lambda m: ("^" if m[1] == "sup" else "_") + "{" + m[2] + "}", text)
    if text.isascii():
        return text
    text = _SUPERSCRIPT_RUN.sub(lambda m: "^{" + m[0].translate(_SUPERSCRIPTS) + "}", text)
    text = _SUBSCRIPT_RUN.sub(lambda m: "_{" + m[0].translate(_SUBSCRIPTS) + "}", text)
    text = text.translate(UNICODE)
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(UNICODE)


def tokenize(text: str) -> list[Token]:  # noqa: C901, PLR0912, PLR0915
    """The tokens of `text`.

    Raises:
        UnreadableError: if the text is longer than `MAX_CHARACTERS`.
    """
    if len(text) > MAX_CHARACTERS:
        raise UnreadableError(f"it is longer than {MAX_CHARACTERS:,} characters")
    text = to_latex(text)
    if "{-}" in text or "{=}" in text or "{+}" in text:
        text = _BRACED_SIGN.sub(r"\1", text)
    if "\\\\" in text and _DOUBLED.search(text) and not _ROWS.search(text):
        text = text.replace("\\\\", "\\")
    tokens: list[Token] = []
    put = tokens.append
    modes: list[bool] = []  # one per open brace: does it hold text?
    text_next = text_mode = False
    brackets = 0
    gap = False
    at, end = 0, len(text)
    match_at = _MASTER.match
    while at < end:
        match = match_at(text, at)
        if match is None:  # pragma: no cover - the last alternative takes anything
            break
        kind, value = match.lastgroup, match[0]
        start, at = at, match.end()
        if kind == "gap":
            gap = True
            continue
        # Which commas belong to a number depends on what stands before it.
        if kind == "num":
            value, at = _number(text, start, value, at, tokens, brackets)
            put(Token("num", value, gap))
        elif kind == "word":
            if text_next and len(value) > 1:  # `\text a` without braces takes one letter
                value, at = value[0], start + 1
            put(Token("text" if text_mode or text_next else "word", value, gap))
            text_next = False
        # Letters of languages without spaces, and all else that is only text.
        elif kind == "run":
            put(Token("text", value, gap))
        elif kind == "cmd":
            name = value[1:].rstrip("*")
            # Commands that change nothing in what is said.
            if name in DROPPED:
                if name in {"left", "right"} and text[at : at + 1] == ".":
                    at += 1
                continue
            if name in _MATH_DELIMITERS:
                gap = True
                continue
            # \phantom and its like: nobody sees the argument.
            if name in HIDING:
                at = _behind_group(text, at)
                continue
            # The next group is words, not letters that multiply.
            if name in TEXT_COMMANDS:
                text_next = True
                gap = gap or TEXT_COMMANDS[name]
                continue
            if name in {"begin", "end"}:
                at, environment = _environment(text, at, name)
                put(Token(name, environment, gap))
            elif name in FUNCTIONS:
                put(Token("fn", FUNCTIONS[name], gap))
            elif name in COMMANDS:
                new_kind, new_value = COMMANDS[name]
                put(Token(new_kind, new_value, gap))
                brackets += (new_value == "{{") - (new_value == "}}")
            elif (known := _GLUED_COMMAND.match(name)) is not None:  # `\quadx_2`: a lost blank
                at = start + 1 + known.end(1)
                kind, value = COMMANDS[known[1]]
                put(Token(kind, value, gap))
            else:
                put(Token("cmd", name, gap))
        # Braces are kept, but for those that only hold text.
        elif value == "{":
            modes.append(text_mode)
            if text_next:
                text_mode, text_next = True, False
                gap = gap or bool(tokens)
                put(Token("op", "t{", gap))
            else:
                put(Token("op", "{", gap))
        elif value == "}":
            if modes:
                was_text = text_mode
                text_mode = modes.pop()
                put(Token("op", "}t" if was_text and not text_mode else "}", gap))
            else:
                put(Token("op", "}", gap))
        elif value == "$":
            gap = True
            continue
        else:
            # Brackets are counted: inside them a comma separates, and groups no thousands.
            kind, value = _OPERATORS.get(value, ("op", value))
            put(Token(kind, value, gap))
            if value in {"(", "["}:
                brackets += 1
            elif value in {")", "]"}:
                brackets -= 1
        gap = False
    return [token for token in tokens if token.value not in {"t{", "}t"}]


# A command that runs into the letter behind it; no command's name is a letter longer.
_GLUED_COMMAND = re.compile(
    r"(qquad|quad|cdot|times|div|leqslant|geqslant|leq|geq|neq|circ|infty|pi|alpha|beta|theta|cup|cap)"
    r"[A-Za-z]\Z"
)

_OPERATORS: dict[str, tuple[str, str]] = {
    "**": ("op", "^"),
    "+/-": ("op", "pm"),
    "<=": ("rel", "<="),
    "=<": ("rel", "<="),
    ">=": ("rel", ">="),
    "!=": ("rel", "!="),
    "==": ("rel", "="),
    "=": ("rel", "="),
    "<": ("rel", "<"),
    ">": ("rel", ">"),
    "->": ("rel", "to"),
    "=>": ("rel", "to"),
    "...": ("sym", "dots"),
    "€": ("cur", "EUR"),
    "£": ("cur", "GBP"),
    "¥": ("cur", "JPY"),
    "₹": ("cur", "INR"),
    "、": ("op", ","),
    "，": ("op", ","),
    "；": ("op", ";"),
    "。": ("op", "."),
}


def _number(  # noqa: PLR0913, PLR0917
    text: str, start: int, value: str, at: int, tokens: list[Token], brackets: int
) -> tuple[str, int]:
    """Join thousands groups and read `e` notation; the number's normal text and where it ends."""
    following = text[at : at + 1]
    if following and following in ",{\\ ~" and at - start <= 3 and "." not in value:
        groups = _EXPLICIT_GROUPS.match(text, start)
        if groups is not None and following == " " and text[groups.end() : groups.end() + 1] == "/":
            groups = None  # 3 125/200 is a mixed number
        follows_comma = bool(tokens) and tokens[-1].value == "," and text[start - 1] == ","
        if groups is None and following == "," and brackets <= 0 and not follows_comma:
            groups = _COMMA_GROUPS.match(text, start)
        if groups is not None:
            value, at = _NON_DIGIT.sub("", groups[0]), groups.end()
            tail = _FRACTION_TAIL.match(text, at)
            if tail is not None:
                value, at = value + tail[0], tail.end()
            return value, at
    if following in {"e", "E"}:
        exponent = _EXPONENT.match(text, at)
        # `2e-1` is 2e - 1; a computer writes 2.0e-1, 2e-01 or 2E-1.
        if exponent is not None and (
            following == "E"
            or exponent[1].isdecimal()
            or "." in value
            or len(exponent[1].lstrip("+-")) > 1
        ):
            return f"{value}e{exponent[1]}", exponent.end()
    return value, at


_BRACES = re.compile(r"\\[\s\S]|[{}]")
_MODEL = re.compile(r"\s*(?:\[[A-Za-z]{1,10}\])?\s*")


def _behind_group(text: str, at: int) -> int:
    """Where the group that opens at `at` ends: at the end of the text if it never closes."""
    opening = _MODEL.match(text, at)
    at = opening.end() if opening else at
    if text[at : at + 1] != "{":
        return at
    depth = 0
    for match in _BRACES.finditer(text, at):
        depth += (match[0] == "{") - (match[0] == "}")
        if not depth:
            return match.end()
    return len(text)


_NAME = re.compile(r"\s*\{\s*([A-Za-z]+)\*?\s*\}")
_COLUMNS = re.compile(r"\s*(?:\[[a-z]\])?\s*\{[^{}]{0,80}\}")


def _environment(text: str, at: int, name: str) -> tuple[int, str]:
    match = _NAME.match(text, at)
    if match is None:
        return at, ""
    at = match.end()
    if name == "begin" and match[1] in {"array", "tabular"}:
        columns = _COLUMNS.match(text, at)
        if columns is not None:
            at = columns.end()
    return at, match[1]
