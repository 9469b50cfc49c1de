r"""Answers in LaTeX as a tree of MathML, for a page that makes elements of known names only.

The tree is JSON: a text, or a list of an element's name, its attributes where there are any, and
its children. What is no formula, what is long, and what latex2mathml cannot read stays text; so
does everything where that package (of the extra `report`) is not installed.

>>> typeset(r"\frac{1}{2}")
['mfrac', ['mn', '1'], ['mn', '2']]
>>> typeset("forty-two") is None
True
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_CHARACTERS = 200
_MAX_DEPTH = 40
_ELEMENTS = frozenset(
    {"mrow", "mi", "mn", "mo", "mtext", "mfrac", "msqrt", "mroot", "msup", "msub", "msubsup"}
    | {"munder", "mover", "munderover", "mtable", "mtr", "mtd", "mspace", "mstyle"}
)
_CHILDREN = {"mfrac": 2, "mroot": 2, "msup": 2, "msub": 2, "msubsup": 3} | {
    "munder": 2, "mover": 2, "munderover": 3,
}  # fmt: skip
_ATTRIBUTES = frozenset(
    {"mathvariant", "stretchy", "fence", "separator", "linethickness", "columnalign", "accent"}
)
_VALUE = re.compile(r"[\w.%-]{1,20}")
_FORMULA = re.compile(r"[\\^_]")
_PROSE = re.compile(r"[^\W\d_]{4,}|\n")
_COMMANDS = re.compile(
    r"\\(?:text|mathrm|textbf|operatorname)\s*\{[^{}]*\}|\\(?:begin|end)\{\w+\}|\\[A-Za-z]+"
)
_FENCES = re.compile(r"\s*(?:\$\$?|\\\(|\\\[)?(.*?)(?:\$\$?|\\\)|\\\])?\s*", re.DOTALL)

Tree: TypeAlias = str | list[object]


@lru_cache(maxsize=4096)
def typeset(text: str) -> Tree | None:
    """A formula as a tree of MathML; `None` where it is to be shown as text."""
    if len(text) > MAX_CHARACTERS or not _FORMULA.search(text) or not _can_typeset():
        return None
    if _PROSE.search(_COMMANDS.sub(" ", text)):
        return None
    from latex2mathml.converter import convert_to_element

    inner = _FENCES.fullmatch(text)
    try:
        tree = _tree(convert_to_element(inner[1] if inner else text), 0)
    except Exception:  # noqa: BLE001 - whatever a package makes of a model's text: it is shown as it is
        return None
    return tree if isinstance(tree, list) else None


@lru_cache(maxsize=1)
def _can_typeset() -> bool:
    return find_spec("latex2mathml") is not None


def _tree(element: Element, depth: int) -> Tree:
    """An element as a tree.

    Raises:
        ValueError: it is of another kind, too deep, or lacks a part; or a command was not known.
    """
    name = element.tag if isinstance(element.tag, str) else ""
    if depth > _MAX_DEPTH or (name not in _ELEMENTS and name != "math"):
        raise ValueError(f"no place for {name!r}")
    children: list[Tree] = [_tree(child, depth + 1) for child in element]
    if text := unescape((element.text or "").strip()):
        children.insert(0, text)
    if "\\" in text or len(children) != _CHILDREN.get(name, len(children)):
        raise ValueError(f"no whole {name!r}")
    if name in {"math", "mrow"}:
        if len(children) == 1:
            return children[0]
        name = "mrow"
    attributes = {
        key: value
        for key, value in element.attrib.items()
        if key in _ATTRIBUTES and _VALUE.fullmatch(value)
    }
    return [name, attributes, *children] if attributes else [name, *children]
