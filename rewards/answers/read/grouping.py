"""Which items of a plain list belong together: `p = 5, q = 2 and p = 7, q = 2` is two points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.answers.tree import Node, Relation, Sym, System

if TYPE_CHECKING:
    from collections.abc import Sequence


def label_of(node: Node) -> str | None:
    """The name that an equation of one gives a value to, or `None`."""
    if isinstance(node, Relation) and node.ops == ("=",) and isinstance(node.sides[0], Sym):
        return node.sides[0].name
    return None


def labelled_points(elements: Sequence[Node]) -> list[Node] | None:
    """The points of a list in which the same labels, two or more, come again in the same order."""
    names = [label_of(element) for element in elements]
    if len(names) < 4 or None in names or names[0] not in names[1:]:
        return None
    width = names.index(names[0], 1)
    if width < 2 or len(set(names[:width])) < width or len(names) % width:
        return None
    if names != names[:width] * (len(names) // width):
        return None
    return [System(tuple(elements[at : at + width])) for at in range(0, len(elements), width)]


def repeats_a_label(elements: Sequence[Node], cuts: Sequence[int]) -> bool:
    """Whether a group that ends at one of `cuts` holds a label twice: `a = 2, a = 3, or a = 4`."""
    start = 0
    for cut in [*cuts, len(elements) - 1]:
        names = [name for name in map(label_of, elements[start : cut + 1]) if name is not None]
        if len(set(names)) < len(names):
            return True
        start = cut + 1
    return False
