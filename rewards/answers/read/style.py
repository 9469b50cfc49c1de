"""The cheapest comparison: two texts that differ in spacing and style commands only."""

from __future__ import annotations

import re

# What may be dropped without changing what is said. A space between two digits, beside a point
# or a comma, or between a command and a letter, does mean something and stays.
_STYLE = re.compile(
    r"""
      \\(?:left|right|displaystyle|limits|big[lr]?|Big[lr]?)(?![A-Za-z])(?!\s*\.)
    | (?<!\d)\\[!,;:] | \\[!,;:](?!\d)
    | (?<=\\)[dt](?=frac(?![A-Za-z]))
    | (?<![\dA-Za-z,.])\s+ | \s+(?![\dA-Za-z,.])
    """,
    re.VERBOSE,
)
MAX_CHARACTERS = 400


def plain(text: str) -> str:
    r"""The text without spacing and style commands.

    >>> plain(r"\left( 1, \dfrac{1}{2} \right)") == plain(r"(1,\frac{1}{2})")
    True
    >>> plain("3 1/2") == plain("31/2")
    False
    """
    return _STYLE.sub("", text)


def same_but_for_style(left: str, right: str) -> bool:
    """Whether two short texts are the same but for style."""
    if len(left) > MAX_CHARACTERS or len(right) > MAX_CHARACTERS or not left:
        return False
    return plain(left) == plain(right) != ""
