"""What an answer may not claim: 41 = 42, 5 < 3, 0/0, 1/2 ≈ 0.7."""

from __future__ import annotations

from fractions import Fraction

from rewards.answers.evaluate.sameness import approximate, same_expression
from rewards.answers.evaluate.values import exact_or_none, is_undefined
from rewards.answers.tree import (
    Add,
    Based,
    Const,
    Degree,
    Fn,
    Mul,
    Node,
    Num,
    Percent,
    PlusMinus,
    Pow,
    Relation,
    Seq,
    SetOf,
    System,
    Unit,
)
from rewards.answers.walk import children

_COMPARED = frozenset({"=", "<", ">", "<=", ">=", "!=", "~"})
_CONSTANT = (Num, Const, Add, Mul, Pow, Fn, Percent, Degree, Based)
_OPAQUE = frozenset({"call", "prime", "at", "norm", "det", "log", "mark*", "mark+", "mark-"})


def is_contradiction(node: Node | None, *, rounding: bool = True) -> bool:
    """Whether a node claims something false about constants, or has no value.

    It says so only of constants that can be worked out: `f(2) = 3` is no contradiction. Without
    `rounding`, a wrong approximation (1/2 ≈ 0.7) is let pass.
    """
    if isinstance(node, Relation):
        return any(
            op in (_COMPARED if rounding else _COMPARED - {"~"})
            and not _holds(node.sides[index], op, node.sides[index + 1])
            for index, op in enumerate(node.ops)
        )
    if isinstance(node, (Seq, System, SetOf)):
        return any(is_contradiction(item, rounding=rounding) for item in node.items)
    if isinstance(node, (Add, Mul, Pow, Fn, PlusMinus)) and _is_constant(node):
        return is_undefined(node)
    return False


def _is_constant(node: Node) -> bool:
    """Whether a node can be worked out to a number."""
    stack = [node.value if isinstance(node, Unit) else node]
    while stack:
        here = stack.pop()
        if not isinstance(here, _CONSTANT) or here == Const("inf"):
            return False
        if isinstance(here, Fn) and here.name in _OPAQUE:
            return False
        stack += children(here)
    return True


def _holds(left: Node, op: str, right: Node) -> bool:
    """Whether a relation of two constants holds; true when that cannot be told."""
    if not (_is_constant(left) and _is_constant(right)):
        return True
    left, right = (side.value if isinstance(side, Unit) else side for side in (left, right))
    a, b = exact_or_none(left), exact_or_none(right)
    if a is None or b is None:
        if op == "=" and same_expression(left, right).same is not False:
            return True
        a, b = approximate(left), approximate(right)
        if a is None or b is None:
            return True
    if op == "~" and not _decimals(left, right):
        return abs(a - b) <= max(_coarseness(left), _coarseness(right)) / 2
    if op == "~" or (op == "=" and a != b and _decimals(left, right)):
        return abs(a - b) <= _step(left, right)
    return {
        "=": a == b, "!=": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b,
    }[op]  # fmt: skip


def _decimals(left: Node, right: Node) -> int:
    """How many decimals a rounded side shows."""
    return max(
        (side.decimals or 0) if isinstance(side, Num) else 0
        for side in map(_unsigned, (left, right))
    )


def _unsigned(node: Node) -> Node:
    negated = (
        isinstance(node, Mul) and len(node.factors) == 2 and node.factors[0] == Num(Fraction(-1))
    )
    return node.factors[1] if negated and isinstance(node, Mul) else node


def _coarseness(node: Node) -> Fraction:
    """How coarse an exact number is that stands for another: 22/7 is one of sevenths, 2000 of
    thousands, √2 is exact.
    """
    value = exact_or_none(node)
    if value is None:
        return Fraction(0)
    if value.denominator > 1 or not value:
        return Fraction(1, value.denominator)
    step = 1
    while value % (step * 10) == 0:
        step *= 10
    return Fraction(step)


def _step(left: Node, right: Node) -> Fraction:
    """One unit in the last decimal shown."""
    return Fraction(1, 10 ** _decimals(left, right))
