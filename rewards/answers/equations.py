"""Equations: what `name = value` says, equality up to a factor, solving for a missing variable."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from rewards.answers.sameness import Sameness, same_expression
from rewards.answers.tree import (
    Const,
    Fn,
    Group,
    Mul,
    Node,
    Num,
    Pow,
    Relation,
    Sym,
    Unit,
    add,
    negative,
    substitute,
    symbols,
    times,
)
from rewards.answers.values import exact_or_none


class Assignment(NamedTuple):
    """`name = value`."""

    name: Node
    value: Node


def is_name(node: Node) -> bool:
    """Whether a side of an equation only names a quantity (`x`, `f(2)`, `AB`, `|AB|`, `AB/CD`)."""
    if isinstance(node, Sym):
        return True
    if isinstance(node, Fn):
        if node.name in {"call", "prime", "at"}:
            return True
        return node.name in {"abs", "norm", "det"} and is_name(node.args[0])
    if isinstance(node, Pow):
        return isinstance(node.exponent, Num) and node.exponent.value == -1 and is_name(node.base)
    if isinstance(node, Mul):
        return all(
            is_name(factor) and (not isinstance(factor, Sym) or factor.name[:1].isupper())
            for factor in node.factors
        )
    return isinstance(node, Group) and all(is_name(item) for item in node.items)


def assigned(node: Relation) -> Assignment | None:
    """The name and the value of `name = value`, `value = name`, `a = b = value`, `value ≈ …`."""
    if not set(node.ops) <= {"=", "~"}:
        return None
    sides = list(node.sides)
    while len(sides) > 1 and node.ops[len(sides) - 2] == "~" and not is_name(sides[-2]):
        sides.pop()  # an approximation behind an exact value
    if len(sides) == 1:
        return Assignment(Sym("it"), sides[0])
    if len(sides) == 2 and not is_name(sides[0]) and is_name(sides[1]) and not symbols(sides[0]):
        return Assignment(sides[1], sides[0])
    value = sides[-1]
    if all(is_name(side) for side in sides[:-1]):
        return Assignment(sides[0], value)
    first, rest = (sides[0], sides[1:]) if is_name(sides[0]) else (Sym("it"), sides)
    if len(rest) < 2 or symbols(value) - symbols(rest[0]):
        return None
    # a chain of equal values, like i^7 = i^4 · i^3 = -i; x = x^2 says nothing about a value
    for side in rest[:-1]:
        if same_expression(side, value).same is not True:
            return None
    return Assignment(first, value)


def same_equation(left: Relation, right: Relation) -> Sameness:  # noqa: C901
    """Whether two equations, or two comparisons, differ by a non-zero constant factor only."""
    op, other = left.ops[0], right.ops[0]
    one = add(left.sides[0], negative(left.sides[1]))
    two = add(right.sides[0], negative(right.sides[1]))
    flips = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
    if op in flips and other != op:
        if flips[op] != other:
            return Sameness(same=False, how="the relation signs differ")
        two, other = negative(two), op
    if op != other:
        return Sameness(same=False, how="the relation signs differ")
    if symbols(one) != symbols(two):
        return Sameness(same=False, how="they are about different variables")
    for numerator in range(3, 9):
        point: dict[str, Node] = {
            name: Num(Fraction(numerator * 7 + index * 5 + 1, 3 + index))
            for index, name in enumerate(sorted(symbols(one)))
        }
        a, b = substitute(one, point), substitute(two, point)
        x, y = exact_or_none(a), exact_or_none(b)
        if x is None or y is None:
            break
        if x == 0 or y == 0:
            continue
        if op in flips and x / y < 0:
            return Sameness(same=False, how="the relation signs differ")
        a, b = Num(x), Num(y)
        break
    found = same_expression(times(one, b), times(two, a))
    if found.same:
        return Sameness(same=True, how="one equation is a multiple of the other")
    if found.same is False:
        return Sameness(same=False, how="neither equation is a multiple of the other")
    return found


def solves(equation: Relation, value: Node) -> Sameness:
    """Whether `value` is the equation solved for the one variable that it lacks.

    The equation must be linear in that variable, or there would be more than one solution.
    """
    if isinstance(value, Unit):
        value = value.value
    missing = symbols(equation) - symbols(value)
    if len(missing) != 1 or symbols(value) - symbols(equation):
        return Sameness(same=False, how="an equation was expected")
    name = next(iter(missing))
    difference = add(equation.sides[0], negative(equation.sides[1]))

    def at(node: Node) -> Node:
        return substitute(difference, {name: node})

    start = at(Num(Fraction(0)))
    slope = add(at(Num(Fraction(1))), negative(start))
    linear = same_expression(
        add(at(Num(Fraction(5))), negative(start)), times(Num(Fraction(5)), slope)
    )
    if linear.same is not True:
        return Sameness(same=linear.same, how=f"the equation is not linear in {name}")
    if exact_or_none(slope) == 0 or Const("inf") in (start, slope):
        return Sameness(same=None, how="the equation does not determine the value")
    found = same_expression(at(value), Num(Fraction(0)))
    return Sameness(found.same, f"the equation was solved for {name}")
