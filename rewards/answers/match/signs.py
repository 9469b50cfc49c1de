"""Write out ±: `1 ± √2` is two values."""

from __future__ import annotations

from itertools import product

from rewards.answers.tree import (
    Node,
    PlusMinus,
    Seq,
    SetOf,
    System,
    children,
    contains,
    negative,
    rebuild,
)


def expand(node: Node) -> list[Node]:
    """The items of a list or set, each ± written out."""
    items = node.items if isinstance(node, (Seq, SetOf, System)) else (node,)
    out: list[Node] = []
    for item in items:
        out += _signs(item)
    return out


def _signs(node: Node) -> list[Node]:
    if not contains(node, (PlusMinus,)):
        return [node]
    found: list[PlusMinus] = []
    _collect(node, found)
    if len(found) > 4:
        return [node]
    linked = any(item.sign < 0 for item in found)
    choices = (
        [(1,) * len(found), (-1,) * len(found)] if linked else product((1, -1), repeat=len(found))
    )
    return [_with_signs(node, list(signs)) for signs in choices]


def _collect(node: Node, found: list[PlusMinus]) -> None:
    if isinstance(node, PlusMinus):
        found.append(node)
    for child in children(node):
        _collect(child, found)


def _with_signs(node: Node, signs: list[int]) -> Node:
    if isinstance(node, PlusMinus):
        sign = signs.pop(0) * node.sign
        value = _with_signs(node.value, signs)
        return value if sign > 0 else negative(value)
    below = children(node)
    if not below:
        return node
    return rebuild(node, tuple(_with_signs(child, signs) for child in below))
