r"""Vectors in two letterings: `\vec a` in one text is `\mathbf a` in the other.

Bold alone tells nothing apart (`\mathbf v` and `v` are one name); an arrow or a hat does, so it is
taken off only where the other text sets the same letters in bold. A bold letter is no unit, though:
`4\mathbf m` is four vectors and `4\text{ m}` are metres.
"""

from __future__ import annotations

import re

from rewards.answers.tree import Const, Node, Sym, Unit, contains, substitute, symbols

_BOLD = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|pmb)\s?(?:\{\s?([A-Za-z])\s?\}|([A-Za-z])(?![A-Za-z]))"
)
_ACCENTED = re.compile(r"(?:vec|hat) ([A-Za-z])")
_CONSTANTS = frozenset("ei")


def in_one_lettering(ref: Node, ans: Node, ref_text: str, ans_text: str) -> tuple[Node, Node]:
    """Both sides with the letters that one sets in bold and the other under arrows made alike."""
    ref, ans = _bare(ref, ref_text, ans_text), _bare(ans, ans_text, ref_text)
    if contains(ref, (Unit,)) != contains(ans, (Unit,)):
        return _no_units(ref, ref_text), _no_units(ans, ans_text)
    return ref, ans


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
