r"""Vectors in two letterings: `\vec a` in one text is `\mathbf a` in the other.

Bold alone tells nothing apart (`\mathbf v` and `v` are one name); an arrow or a hat does, so it is
taken off only where the other text sets the same letters in bold. A bold letter is no unit, though:
`4\mathbf m` is four vectors and `4\text{ m}` are metres.
"""

from __future__ import annotations

import re

from rewards.answers.tree import Const, Node, Sym, Unit
from rewards.answers.walk import contains, substitute, symbols

_BOLD = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|pmb)\s?(?:\{\s?([A-Za-z])\s?\}|([A-Za-z])(?![A-Za-z]))"
)
_ACCENTED = re.compile(r"(?:vec|hat) ([A-Za-z])")
_VECTOR = (
    r"(?:\\(?:vec|mathbf|boldsymbol|bm|pmb|overrightarrow)\s?(?:\{\s?([A-Za-z]{1,3})\s?\}"
    r"|([A-Za-z])(?![A-Za-z]))|\\(nabla)(?![A-Za-z]))"
)
_CROSSED = re.compile(_VECTOR + r"\s{0,3}\\times\s{0,3}" + _VECTOR)
_CONSTANTS = frozenset("ei")


def in_one_lettering(ref: Node, ans: Node, ref_text: str, ans_text: str) -> tuple[Node, Node]:
    """Both sides with the letters that one sets in bold and the other under arrows made alike."""
    ref, ans = _bare(ref, ref_text, ans_text), _bare(ans, ans_text, ref_text)
    if contains(ref, (Unit,)) != contains(ans, (Unit,)):
        return _no_units(ref, ref_text), _no_units(ans, ans_text)
    return ref, ans


def same_cross_products(one: str, other: str) -> bool:
    r"""Whether two texts multiply the same vectors crosswise, each pair in the same order.

    `\times` between numbers and letters is read as any product is, so this looks at the text.

    >>> same_cross_products(r"\vec a \times \vec b", r"\mathbf{b}\times\mathbf{a}")
    False
    """
    return _crossed(one) == _crossed(other)


def _crossed(text: str) -> list[tuple[str, ...]]:
    if "\\times" not in text:
        return []
    found = (match.groups() for match in _CROSSED.finditer(text))
    return sorted(tuple(name for name in names if name) for names in found)


def _no_units(node: Node, text: str) -> Node:
    """The letters that a text sets in bold as names that no unit has."""
    bold = {match[1] or match[2] for match in _BOLD.finditer(text)}
    return substitute(node, {name: Sym(f"bold {name}") for name in bold & symbols(node)})


def _bare(node: Node, own: str, other: str) -> Node:
    if "\\vec" not in own and "\\hat" not in own and "\\overrightarrow" not in own:
        return node
    bold = {match[1] or match[2] for match in _BOLD.finditer(other)}
    names = {name: match[1] for name in symbols(node) if (match := _ACCENTED.fullmatch(name))}
    if not bold or not set(names.values()) <= bold:
        return node
    return substitute(
        node,
        {name: Const(to) if to in _CONSTANTS else Sym(to) for name, to in names.items()},
    )
