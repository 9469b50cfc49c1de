"""Equations: what `name = value` says, equality up to a factor, solving for a missing variable."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from rewards.answers.construct import ZERO, add, negative, times
from rewards.answers.evaluate.clearing import cleared
from rewards.answers.evaluate.sameness import (
    approximate,
    contains_imaginary,
    same_expression,
)
from rewards.answers.evaluate.values import exact_or_none
from rewards.answers.outcome import Sameness
from rewards.answers.show import show
from rewards.answers.tree import Const, Fn, Group, Mul, Node, Num, Pow, Ratio, Relation, Sym, Unit
from rewards.answers.walk import children, contains, rebuild, substitute, symbols

_TINY = Fraction(1, 10**25)
MAX_ALTERNATIVES = 8


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
    return isinstance(node, (Group, Ratio)) and all(
        is_name(item) or _is_applied(item) for item in node.items
    )


def _is_applied(node: Node) -> bool:
    """Whether a product may be a function applied: the P(x) of (P(x), Q(x))."""
    return (
        isinstance(node, Mul)
        and len(node.factors) == 2
        and all(isinstance(factor, Sym) and len(factor.name) == 1 for factor in node.factors)
        and is_name(node.factors[0])
        and show(node.factors[0]).isupper()
    )


def assigned(node: Relation) -> Assignment | None:
    """The name and the value of `name = value`, `value = name`, `a = b = value`, `value ≈ …`."""
    if not set(node.ops) <= {"=", "~"}:
        return None
    sides = list(node.sides)
    while len(sides) > 1 and node.ops[len(sides) - 2] == "~" and not is_name(sides[-2]):
        sides.pop()  # an approximation behind an exact value
    if len(sides) == 1:
        return Assignment(sides[0], sides[0])
    if len(sides) == 2 and not is_name(sides[0]) and is_name(sides[1]) and not symbols(sides[0]):
        return Assignment(sides[1], sides[0])
    value = sides[-1]
    if all(is_name(side) for side in sides[:-1]):
        return Assignment(sides[0], value)
    first, rest = (sides[0], sides[1:]) if is_name(sides[0]) else (sides[0], sides)
    if len(rest) < 2 or symbols(value) - symbols(rest[0]):
        return None
    # a chain of equal values, like i^7 = i^4 · i^3 = -i; x = x^2 says nothing about a value
    for side in rest[:-1]:
        if same_expression(side, value).same is not True:
            return None
    return Assignment(first, value)


def same_equation(left: Relation, right: Relation) -> Sameness:  # noqa: C901
    """Whether two equations, or two comparisons, differ by a non-zero factor only.

    The factor is constant, or for equations what clears denominators: `y = x/(2x-1)` and
    `1/x + 1/y = 2` hold for the same values wherever both are defined. `x²/x = 0` is not `x² = 0`:
    a numerator that shares a factor with what divides it is not cleared.
    """
    op, other = left.ops[0], right.ops[0]
    one, two = (_named_calls(_difference(relation)) for relation in (left, right))
    flips = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
    if op in flips and other != op:
        if flips[op] != other:
            return Sameness(same=False, how="the relation signs differ")
        two, other = negative(two), op
    if op != other:
        return Sameness(same=False, how="the relation signs differ")
    if symbols(one) != symbols(two):
        return Sameness(same=False, how="they are about different variables")
    if left.ops == right.ops and show(left.sides[0]) == show(right.sides[0]):
        rest = same_expression(left.sides[1], right.sides[1])
        if rest.same or (rest.same is False and symbols(left.sides[0])):
            return Sameness(rest.same, f"the left sides are the same; {rest.how}")
    if not symbols(one):
        return _same_sides(left, right)
    found = _multiple(one, two, ordered=op in flips)
    if found is None:
        return _same_sides(left, right)
    if found.same is False and op == "=":
        fractions = cleared(one), cleared(two)
        if any(part.divisors for part in fractions) and all(p.is_reduced() for p in fractions):
            again = _multiple(fractions[0].numerator, fractions[1].numerator, ordered=False)
            if again is not None and again.same:
                return Sameness(same=True, how="cleared of denominators, " + again.how)
    return found


def _difference(relation: Relation) -> Node:
    """What is zero where the equation holds; |u| = |v| where u² = v²."""
    sizes = all(isinstance(side, Fn) and side.name == "abs" for side in relation.sides)
    if sizes and relation.ops == ("=",):
        left, right = (children(side)[0] for side in relation.sides)
        return add(times(left, left), negative(times(right, right)))
    return add(relation.sides[0], negative(relation.sides[1]))


def _named_calls(node: Node) -> Node:
    """`f(x)` as a variable of that name: what it is cannot be worked out."""
    if isinstance(node, Fn) and node.name == "call":
        return Sym(f"⟨{show(node)}⟩")
    below = children(node)
    if not below or not contains(node, (Fn,)):
        return node
    return rebuild(node, tuple(_named_calls(child) for child in below))


def _multiple(one: Node, two: Node, *, ordered: bool) -> Sameness | None:
    """Whether one expression is a constant multiple of the other, positive if `ordered`.

    `None` if no point was found at which that can be told.
    """
    names = sorted(symbols(one))
    for numerator in range(3, 9):
        point: dict[str, Node] = {
            name: Num(Fraction(numerator * 7 + index * 5 + 1, 3 + index))
            for index, name in enumerate(names)
        }
        a, b = substitute(one, point), substitute(two, point)
        x, y = _worth(a), _worth(b)
        if x is None or y is None:
            continue
        if not x or not y:
            if not x and not y:
                continue
            return Sameness(same=False, how="they do not hold for the same values")
        if ordered and x / y < 0:
            return Sameness(same=False, how="the relation signs differ")
        found = same_expression(times(one, b), times(two, a))
        if found.same:
            return Sameness(same=True, how="one equation is a multiple of the other")
        if found.same is False:
            return Sameness(same=False, how="neither equation is a multiple of the other")
        return found
    return None


def _worth(node: Node) -> Fraction | None:
    """The value of a constant, exact or near; 0 only if it is zero, 1 if it is not real."""
    value = exact_or_none(node)
    if value is None:
        value = approximate(node)
        if value is not None and abs(value) < _TINY:
            return Fraction(0)
    if value is None and contains_imaginary(node):
        is_zero = same_expression(node, ZERO).same
        return None if is_zero is None else Fraction(not is_zero)
    return value


def same_alternatives(equation: Relation, alternatives: list[Node]) -> Sameness:
    """Whether `x = 2 or x = -2` says what `x² = 4` says: the product of the differences does."""
    factors = [_difference(item) for item in alternatives if isinstance(item, Relation)]
    if len(factors) != len(alternatives) or len(factors) > MAX_ALTERNATIVES:
        return Sameness(same=False, how="an equation was expected")
    product = Relation((times(*factors), ZERO), ("=",))
    found = same_equation(equation, product)
    return Sameness(found.same, "taken together, " + found.how)


def _same_sides(left: Relation, right: Relation) -> Sameness:
    """Identities and equations of constants: side by side, as written."""
    shown = [[show(side) for side in relation.sides] for relation in (left, right)]
    if shown[0] in (shown[1], shown[1][::-1]):
        return Sameness(same=True, how="their sides are the same")
    return Sameness(same=None, how="they cannot be told apart by the values they hold for")


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
    difference = _difference(equation)

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
