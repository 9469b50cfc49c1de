"""Sets of real numbers as unions of intervals: what `x < 3`, `(-∞, 3)` and `{x | x < 3}` share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rewards.answers.construct import INFINITY, MINUS_ONE, ONE, ZERO, add, negative, quotient, times
from rewards.answers.evaluate.numeric import Evaluator
from rewards.answers.evaluate.sameness import same_expression
from rewards.answers.evaluate.values import exact_or_none
from rewards.answers.show import show
from rewards.answers.tree import (
    Add,
    Builder,
    Fn,
    Group,
    Mul,
    Named,
    Node,
    Num,
    PlusMinus,
    Relation,
    Seq,
    SetOf,
    SetOperation,
    Sym,
    System,
    Unit,
)
from rewards.answers.walk import substitute, symbols

if TYPE_CHECKING:
    from collections.abc import Sequence

_MINUS_INFINITY = Mul((MINUS_ONE, INFINITY))
_FLIP = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
MAX_PIECES = 400


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval; a point is closed with equal ends."""

    low: Node
    low_closed: bool
    high: Node
    high_closed: bool
    low_value: Decimal
    high_value: Decimal


class NotRealSetError(ValueError):
    """The node is not a set of reals that can be written as intervals with known ends."""


def real_set(node: Node) -> list[Piece]:  # noqa: C901
    """The intervals of a set, sorted, disjoint and merged.

    Raises:
        NotRealSetError: if it is not such a set.
    """
    if isinstance(node, Named):
        if node.name == "empty":
            return []
        if node.name == "reals":
            return [_piece(_MINUS_INFINITY, False, INFINITY, False)]
    half = half_of_reals(node)
    if half is not None:
        return _half_line(ZERO, half)
    if isinstance(node, Group) and len(node.items) == 2:
        return _interval(node)
    if isinstance(node, SetOf):
        return _merged([_point(item) for item in node.items])
    if isinstance(node, SetOperation):
        return _operate(node.op, [real_set(part) for part in node.parts])
    if isinstance(node, Add) and any(_is_negative_set(term) for term in node.terms):
        first, rest = node.terms[0], node.terms[1:]
        if all(_is_negative_set(term) for term in rest):
            removed = [real_set(term.factors[1]) for term in rest if isinstance(term, Mul)]
            return _operate("setminus", [real_set(first), *removed])
    if isinstance(node, Builder):
        return _builder(node)
    if isinstance(node, Relation):
        return _relation(node)
    if isinstance(node, (Seq, System)):
        return _conditions(node)
    raise NotRealSetError


def half_of_reals(node: Node) -> str | None:
    r"""The sign that cuts the reals at 0: `>` for `\mathbb R_{>0}` and `\mathbb R^+`."""
    if not (isinstance(node, Fn) and node.args[0] == Named("reals")):
        return None
    if node.name == "at" and len(node.args) == 2 and isinstance(node.args[1], Sym):
        return {">0": ">", ">=0": ">=", "<0": "<", "<=0": "<=", "+": ">", "-": "<"}.get(
            node.args[1].name
        )
    return {"mark+": ">", "mark-": "<"}.get(node.name)


def variable_of(node: Node) -> str | None:
    """The one quantity an inequality is about, by name; `None` for plain sets."""
    if isinstance(node, Relation):
        if node.ops[0] == "in":
            return show(node.sides[0])
        names = {
            show(side) for side in node.sides if isinstance(side, Fn) and side.name == "call"
        } or symbols(node)
        return next(iter(names)) if len(names) == 1 else None
    if isinstance(node, (Seq, System)):
        found = {variable_of(item) for item in node.items} - {None}
        return found.pop() if len(found) == 1 else None
    return None


def same_set(left: Sequence[Piece], right: Sequence[Piece]) -> bool | None:
    """Whether two sets have the same intervals."""
    if len(left) != len(right):
        return False
    unknown = False
    for a, b in zip(left, right, strict=True):
        if (a.low_closed, a.high_closed) != (b.low_closed, b.high_closed):
            return False
        for x, y in ((a.low, b.low), (a.high, b.high)):
            same = same_expression(x, y).same
            if same is False:
                return False
            unknown = unknown or same is None
    return None if unknown else True


def intervals(ends: Sequence[Node], inside: Sequence[bool], *, closed: bool) -> list[Piece]:
    """What lies between `ends`, in order: `inside` for each open part, the ends if `closed`.

    Raises:
        NotRealSetError: an end has no value.
    """
    bounds = [_MINUS_INFINITY, *ends, INFINITY]
    pieces = [_point(end) for end in ends] if closed else []
    for index, holds in enumerate(inside):
        if holds:
            pieces.append(_piece(bounds[index], closed, bounds[index + 1], closed))
    return _merged(pieces)


# -- making pieces ----------------------------------------------------------------------------


def _value(node: Node) -> Decimal:
    if node == INFINITY:
        return Decimal("Infinity")
    if node == _MINUS_INFINITY:
        return Decimal("-Infinity")
    try:
        return Evaluator(50).evaluate(node)
    except ArithmeticError:
        raise NotRealSetError from None


def _piece(low: Node, low_closed: bool, high: Node, high_closed: bool) -> Piece:  # noqa: FBT001
    if isinstance(low, Unit):
        low = low.value
    if isinstance(high, Unit):
        high = high.value
    low_value, high_value = _value(low), _value(high)
    if low_value == high_value and low_value.is_infinite():
        raise NotRealSetError  # {∞} is not empty
    closed = low_closed and low_value.is_finite(), high_closed and high_value.is_finite()
    return Piece(low, closed[0], high, closed[1], low_value, high_value)


def _point(node: Node) -> Piece:
    if isinstance(node, (PlusMinus, Group)):
        raise NotRealSetError
    return _piece(node, True, node, True)


def _interval(node: Group) -> list[Piece]:
    low, high = node.items
    piece = _piece(low, node.opening == "[", high, node.closing == "]")
    found = _merged([piece])
    if not found:
        raise NotRealSetError  # (9, 1) is a point: nobody writes the empty set so
    return found


def _is_negative_set(node: Node) -> bool:
    return (
        isinstance(node, Mul)
        and len(node.factors) == 2
        and node.factors[0] == MINUS_ONE
        and isinstance(node.factors[1], (SetOf, Builder, SetOperation, Named))
    )


# -- algebra ----------------------------------------------------------------------------------


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Sorted and merged; empty intervals vanish."""
    kept = [
        piece
        for piece in pieces
        if piece.low_value < piece.high_value
        or (piece.low_value == piece.high_value and piece.low_closed and piece.high_closed)
    ]
    kept.sort(key=lambda piece: (piece.low_value, not piece.low_closed))
    out: list[Piece] = []
    for piece in kept:
        if out and (
            piece.low_value < out[-1].high_value
            or (piece.low_value == out[-1].high_value and (piece.low_closed or out[-1].high_closed))
        ):
            last = out[-1]
            if (piece.high_value, piece.high_closed) > (last.high_value, last.high_closed):
                out[-1] = Piece(
                    last.low, last.low_closed, piece.high, piece.high_closed,
                    last.low_value, piece.high_value,
                )  # fmt: skip
        else:
            out.append(piece)
    return out


def _complement(pieces: list[Piece]) -> list[Piece]:
    out: list[Piece] = []
    low, closed, value = _MINUS_INFINITY, False, Decimal("-Infinity")
    start: Node = low
    for piece in pieces:
        out.append(Piece(start, closed, piece.low, not piece.low_closed, value, piece.low_value))
        start, closed, value = piece.high, not piece.high_closed, piece.high_value
    out.append(Piece(start, closed, INFINITY, False, value, Decimal("Infinity")))
    return _merged(
        [
            piece
            for piece in out
            if not (piece.low_value == piece.high_value and piece.low_value.is_infinite())
        ]
    )


def _operate(op: str, sets: list[list[Piece]]) -> list[Piece]:
    if sum(len(part) for part in sets) > MAX_PIECES:
        raise NotRealSetError
    if op == "cup":
        return _merged([piece for part in sets for piece in part])
    if op == "setminus":
        rest = _operate("cup", sets[1:])
        return _operate("cap", [sets[0], _complement(rest)])
    return _complement(_merged([piece for part in sets for piece in _complement(part)]))


# -- from conditions --------------------------------------------------------------------------


def _builder(node: Builder) -> list[Piece]:
    conditions = list(node.conditions)
    if isinstance(node.element, Relation) and node.element.ops == ("in",):
        conditions.append(node.element)
    elif not isinstance(node.element, Sym):
        raise NotRealSetError
    bound = variable_of(node.element) if isinstance(node.element, Relation) else show(node.element)
    if any(variable_of(condition) not in {None, bound} for condition in conditions):
        raise NotRealSetError
    return _operate("cap", [real_set(condition) for condition in conditions])


def _conditions(node: Seq | System) -> list[Piece]:
    """Several conditions: alternatives if joined by "or", else together unless that is empty."""
    if not node.items or not isinstance(node.items[0], Relation):
        raise NotRealSetError
    first = node.items[0]
    if first.ops == ("!=",) and not any(isinstance(item, Relation) for item in node.items[1:]):
        others = [Relation((first.sides[0], item), ("!=",)) for item in node.items[1:]]
        items: list[Node] = [first, *others]
    else:
        items = list(node.items)
    if not all(isinstance(item, Relation) for item in items):
        raise NotRealSetError
    if len({variable_of(item) for item in items}) > 1:
        raise NotRealSetError
    sets = [real_set(item) for item in items]
    if isinstance(node, System):
        return _operate("cap", sets)
    if node.joiner == "or":
        return _operate("cup", sets)
    if node.joiner == "and":
        return _operate("cap", sets)
    both = _operate("cap", sets)
    return both or _operate("cup", sets)


def _relation(node: Relation) -> list[Piece]:
    node = Relation(tuple(_named(side) for side in node.sides), node.ops)
    if node.ops == ("in",) and isinstance(node.sides[0], (Sym, Fn)):
        return real_set(node.sides[1])
    if not set(node.ops) <= {"<", ">", "<=", ">=", "!=", "="}:
        raise NotRealSetError
    if set(node.ops) == {"="} and not (isinstance(node.sides[0], Sym) and len(node.sides) == 2):
        raise NotRealSetError  # an equation says more than where its solutions lie
    parts = [
        _comparison(node.sides[index], op, node.sides[index + 1])
        for index, op in enumerate(node.ops)
    ]
    return _operate("cap", parts)


def _named(side: Node) -> Node:
    """`f(x)` in an inequality is a quantity like any other."""
    return Sym(show(side)) if isinstance(side, Fn) and side.name == "call" else side


def _comparison(left: Node, op: str, right: Node) -> list[Piece]:  # noqa: C901
    """The solutions of one comparison that is linear in the one quantity it is about."""
    names = symbols(left) | symbols(right)
    if not names:
        if left in {INFINITY, _MINUS_INFINITY} or right in {INFINITY, _MINUS_INFINITY}:
            return real_set(Named("reals"))
        raise NotRealSetError
    if isinstance(left, Sym) and not symbols(right):
        return _half_line(right, op)
    if isinstance(right, Sym) and not symbols(left):
        return _half_line(left, _FLIP.get(op, op))
    if len(names) != 1:
        raise NotRealSetError
    if isinstance(right, Fn) and right.name == "abs" and not symbols(left):
        left, op, right = right, _FLIP.get(op, op), left
    if isinstance(left, Fn) and left.name == "abs" and not symbols(right):
        above = _comparison(left.args[0], op, right)  # |u| < c is u < c and u > -c
        below = _comparison(left.args[0], _FLIP.get(op, op), negative(right))
        return _operate("cup" if op in {">", ">=", "="} else "cap", [above, below])
    name = next(iter(names))
    difference = add(left, negative(right))

    def at(value: Node) -> Node:
        return substitute(difference, {name: value})

    start = at(ZERO)
    slope = add(at(ONE), negative(start))
    for place in (Num(Fraction(7)), Num(Fraction(-5))):
        further = add(at(place), negative(start))
        if same_expression(further, times(place, slope)).same is not True:
            raise NotRealSetError
    size = _value(slope)
    if not size:
        raise NotRealSetError
    bound = quotient(negative(start), slope)
    value = exact_or_none(bound)
    if value is not None:
        bound = Num(value)
    return _half_line(bound, op if size > 0 else _FLIP.get(op, op))


def _half_line(bound: Node, op: str) -> list[Piece]:
    if op == "=":
        return [_point(bound)]
    if op == "!=":
        return _complement([_point(bound)])
    if op in {"<", "<="}:
        return _merged([_piece(_MINUS_INFINITY, False, bound, op == "<=")])
    return _merged([_piece(bound, op == ">=", INFINITY, False)])
