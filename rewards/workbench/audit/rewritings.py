r"""The same answer as somebody else would write it: what a reference must accept besides itself.

Each rule changes how a text looks and never what it says: blanks, sizes of brackets and fractions,
braces around one character, marks of mathematics. None of them knows what is equal in mathematics.

Not covered: text in `\text{…}` and its like is left as it is, and so is what holds none of the
things that a rule changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

_FRACTION = re.compile(r"\\frac(?![A-Za-z])")
_SMALL_FRACTION = re.compile(r"\\[dt]frac(?![A-Za-z])")
_WORDS = re.compile(r"\\(?:text|mbox|mathrm|textbf|textit|operatorname)\s{0,4}\{[^{}]*\}")
_SIZED = re.compile(r"\\(?:left|right|big|Big|bigg|Bigg)")
_BRACKET = re.compile(r"(?<![\\A-Za-z])[(\[]|(?<!\\)[)\]]")
_ROOT_INDEX = re.compile(r"\\sqrt\s{0,4}\[|\\\\\[|\\begin|_\{?\[")
_SCRIPT = re.compile(r"(?<!\\)([\^_])([0-9A-Za-z])(?![0-9A-Za-z{])")
_BINARY = re.compile(r"(?<=[0-9A-Za-z)}])([+\-=])(?=[0-9A-Za-z(\\])")
_PLAIN = re.compile(r"[^\s$]")
_DATE_OR_ID = re.compile(r"\d-\d|[A-Za-z]-[A-Za-z]|[A-Za-z]{2}")


def rewritings(text: str) -> dict[str, str]:
    r"""The text rewritten, by what was changed; only rewritings that differ from it.

    >>> rewritings(r"\frac{1}{2}x^2")["\\dfrac for \\frac"]
    '\\dfrac{1}{2}x^2'
    >>> rewritings("(1,2]")["\\left and \\right"]
    '\\left(1,2\\right]'
    """
    return {
        name: written
        for name, rule in _RULES.items()
        if (written := rule(text)) != text and _PLAIN.search(text) is not None
    }


def _blanks_around(text: str) -> str:
    return f" {text}\n"


def _display_fractions(text: str) -> str:
    return _FRACTION.sub(r"\\dfrac", text)


def _plain_fractions(text: str) -> str:
    return _SMALL_FRACTION.sub(r"\\frac", text)


def _sized_brackets(text: str) -> str:
    r"""`\left` and `\right` before brackets, where every bracket has its partner."""
    if _SIZED.search(text) or _ROOT_INDEX.search(text) or _WORDS.search(text):
        return text
    depth = 0
    for found in _BRACKET.finditer(text):
        depth += 1 if found[0] in "([" else -1
        if depth < 0:
            return text
    if depth:
        return text
    return _BRACKET.sub(
        lambda found: ("\\left" if found[0] in "([" else "\\right") + found[0], text
    )


def _braced_scripts(text: str) -> str:
    """`x^{2}` for `x^2`, `x_{1}` for `x_1`; outside of words."""
    return text if _WORDS.search(text) else _SCRIPT.sub(r"\1{\2}", text)


def _blanks_between(text: str) -> str:
    """Blanks around the signs of sums and equations; not in dates, numbers of rooms and words."""
    if _WORDS.search(text) or "\\" in text or _DATE_OR_ID.search(text):
        return text
    return _BINARY.sub(r" \1 ", text)


def _in_mathematics(text: str) -> str:
    """Between dollars, where there is no such mark and no word outside of a command."""
    bare = _WORDS.sub("", re.sub(r"\\[A-Za-z]+", "", text))
    if any(mark in text for mark in ("$", "\\(", "\\[", "\n")) or re.search("[A-Za-z]{2}", bare):
        return text
    return f"${text.strip()}$"


def _display_style(text: str) -> str:
    return f"\\displaystyle {text}" if "\\" in text and "$" not in text else text


_RULES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "blanks around it": _blanks_around,
        r"\dfrac for \frac": _display_fractions,
        r"\frac for \dfrac": _plain_fractions,
        r"\left and \right": _sized_brackets,
        "braces around scripts": _braced_scripts,
        "blanks around signs": _blanks_between,
        "dollars around it": _in_mathematics,
        r"\displaystyle before it": _display_style,
    }
)
