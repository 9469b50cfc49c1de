"""Walks over a tree: what stands below a node, and the same node with other parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rewards.answers.tree import (
    Add,
    Based,
    BigOp,
    Builder,
    Const,
    Degree,
    Digits,
    Family,
    Fn,
    Given,
    Group,
    Matrix,
    Mul,
    Node,
    Num,
    Percent,
    PlusMinus,
    Pow,
    Ratio,
    Relation,
    Seq,
    SetOf,
    SetOperation,
    Sym,
    System,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAVES: tuple[Node, ...] = ()

# How each kind gives its parts, and how it is made again from new ones.
_PARTS: dict[type, Callable[[Any], tuple[Node, ...]]] = {
    Add: lambda node: node.terms,
    Mul: lambda node: node.factors,
    Pow: lambda node: (node.base, node.exponent),
    Fn: lambda node: node.args,
    PlusMinus: lambda node: (node.value,),
    Degree: lambda node: (node.value,),
    Percent: lambda node: (node.value,),
    Unit: lambda node: (node.value,),
    Group: lambda node: node.items,
    SetOf: lambda node: node.items,
    Seq: lambda node: node.items,
    System: lambda node: node.items,
    Ratio: lambda node: node.items,
    Relation: lambda node: node.sides,
    SetOperation: lambda node: node.parts,
    Matrix: lambda node: tuple(cell for row in node.rows for cell in row),
    BigOp: lambda node: (node.low, node.high, node.body),
    Builder: lambda node: (node.element, *node.conditions),
    Family: lambda node: (node.body,),
    Given: lambda node: (node.body,),
}
_MAKE: dict[type, Callable[[Any, tuple[Node, ...]], Node]] = {
    Add: lambda _, parts: Add(parts),
    Mul: lambda _, parts: Mul(parts),
    Pow: lambda _, parts: Pow(parts[0], parts[1]),
    Fn: lambda node, parts: Fn(node.name, parts),
    PlusMinus: lambda node, parts: PlusMinus(parts[0], node.sign),
    Degree: lambda _, parts: Degree(parts[0]),
    Percent: lambda _, parts: Percent(parts[0]),
    Unit: lambda node, parts: Unit(parts[0], node.unit),
    Group: lambda node, parts: Group(node.opening, node.closing, parts),
    SetOf: lambda _, parts: SetOf(parts),
    Seq: lambda node, parts: Seq(parts, node.joiner),
    System: lambda _, parts: System(parts),
    Ratio: lambda _, parts: Ratio(parts),
    Relation: lambda node, parts: Relation(parts, node.ops),
    SetOperation: lambda node, parts: SetOperation(node.op, parts),
    Matrix: lambda node, parts: Matrix(_rows(parts, len(node.rows[0]))),
    BigOp: lambda node, parts: BigOp(node.op, node.var, *parts),
    Builder: lambda _, parts: Builder(parts[0], parts[1:]),
    Family: lambda node, parts: Family(parts[0], node.params),
    Given: lambda node, parts: Given(parts[0], node.condition, node.restricts),
}


def _rows(cells: tuple[Node, ...], width: int) -> tuple[tuple[Node, ...], ...]:
    return tuple(cells[at : at + width] for at in range(0, len(cells), width))


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below `node`."""
    parts = _PARTS.get(type(node))
    return _LEAVES if parts is None else parts(node)


def rebuild(node: Node, parts: tuple[Node, ...]) -> Node:
    """`node` with its `children` replaced, in the same order."""
    make = _MAKE.get(type(node))
    return node if make is None else make(node, parts)


_CONSTANTS = frozenset({Num, Const, Based, Digits})


def symbols(node: Node) -> frozenset[str]:
    """Names of the free variables below `node`."""
    if type(node) in _CONSTANTS:
        return frozenset()
    found: set[str] = set()
    stack: list[Node] = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Sym):
            found.add(here.name)
        elif isinstance(here, BigOp):
            found |= symbols(here.body) - {here.var}
            stack += (here.low, here.high)
        elif isinstance(here, Fn) and here.name == "call":
            stack += here.args[1:]
        else:
            stack += children(here)
    return frozenset(found)


def contains(node: Node, kinds: tuple[type, ...]) -> bool:
    """Whether a node of one of these kinds stands at or below `node`."""
    stack: list[Node] = [node]
    while stack:
        here = stack.pop()
        if type(here) in kinds:
            return True
        parts = _PARTS.get(type(here))
        if parts is not None:
            stack += parts(here)
    return False


def substitute(node: Node, values: dict[str, Node]) -> Node:
    """`node` with variables replaced."""
    if isinstance(node, Sym):
        return values.get(node.name, node)
    below = children(node)
    if not below:
        return node
    if isinstance(node, BigOp) and node.var in values:
        values = {name: value for name, value in values.items() if name != node.var}
    new = tuple(substitute(child, values) for child in below)
    return node if new == below else rebuild(node, new)
