"""Write out what stands for several values: `1 ± √2`, `x ∈ {1, 2}`."""

from __future__ import annotations

from itertools import product

from rewards.answers.construct import negative
from rewards.answers.tree import Group, Node, PlusMinus, Relation, Seq, SetOf, Sym, System
from rewards.answers.walk import children, contains, rebuild


def expand(node: Node) -> list[Node]:
    """The items of a list or set, each ± written out."""
    items = node.items if isinstance(node, (Seq, SetOf, System)) else (node,)
    out: list[Node] = []
    for item in items:
        out += _signs(item)
    return out


def members(node: Node) -> Node:
    r"""`x \in \{1, 2\}` as the list `x = 1 or x = 2`; anything else as it is."""
    if not (isinstance(node, Relation) and node.ops == ("in",)):
        return node
    name, domain = node.sides
    if not (isinstance(domain, SetOf) and isinstance(name, (Sym, Group))):
        return node
    values = tuple(Relation((name, item), ("=",)) for item in domain.items)
    return values[0] if len(values) == 1 else Seq(values, "or")


def points(node: Node) -> Node:
    """`(±a, ±b)` as the list of the points it stands for; anything else as it is."""
    if isinstance(node, Group) and contains(node, (PlusMinus,)):
        found = _signs(node)
        return Seq(tuple(found)) if len(found) > 1 else node
    return node


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
        if sign < 0 and isinstance(value, Group):
            return rebuild(value, tuple(negative(item) for item in value.items))
        return value if sign > 0 else negative(value)
    below = children(node)
    if not below:
        return node
    return rebuild(node, tuple(_with_signs(child, signs) for child in below))
