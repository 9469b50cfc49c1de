"""Where a polynomial inequality in one variable holds: `x² > 4` as x < -2 or x > 2.

Only a reference is solved: an inequality as the answer repeats the question. The polynomial is
factored over the rationals (FLINT) and every factor must have degree 1 or 2, so that each end is
exact; the sign between two ends is that of an exact rational value.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd, isqrt, lcm
from typing import TypeAlias

from rewards.answers.construct import add, negative, quotient, times
from rewards.answers.match.real_sets import NotRealSetError, Piece, intervals
from rewards.answers.show import show
from rewards.answers.tree import Add, Builder, Fn, Mul, Node, Num, Pow, Relation, Sym
from rewards.answers.walk import symbols

MAX_DEGREE = 8
MAX_COEFFICIENT = 10**6
_HOLDS = {"<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1)}
_Coefficients: TypeAlias = "list[Fraction]"


@dataclass(frozen=True, slots=True)
class _Root:
    """(p + s·√d) / q with s = ±1 or 0 and q > 0, and a rational interval that holds it."""

    node: Node
    low: Fraction
    high: Fraction


def solved(node: Node) -> list[Piece] | None:
    """The intervals on which a polynomial inequality of degree 2 and more holds.

    `None` where the node is no such inequality, or its roots are not of degree 1 and 2.
    """
    if isinstance(node, Builder) and len(node.conditions) == 1:
        condition = node.conditions[0]
        if symbols(condition) != {show(node.element)}:
            return None
        node = condition
    if not (isinstance(node, Relation) and len(node.ops) == 1 and node.ops[0] in _HOLDS):
        return None
    names = symbols(node)
    if len(names) != 1:
        return None
    found = _polynomial(add(node.sides[0], negative(node.sides[1])), next(iter(names)))
    if found is None or not 2 < len(found) <= MAX_DEGREE + 1:
        return None
    scale = lcm(*(value.denominator for value in found))
    whole = [int(value * scale) for value in found]
    divisor = gcd(*whole)
    whole = [value // divisor for value in whole]
    if max(map(abs, whole)) > MAX_COEFFICIENT:
        return None
    roots = _roots(whole)
    if roots is None:
        return None
    holds = _HOLDS[node.ops[0]]
    between = [low.high + (high.low - low.high) / 2 for low, high in pairwise(roots)]
    probes = [roots[0].low - 1, *between, roots[-1].high + 1] if roots else [Fraction(0)]
    inside = [_sign(whole, probe) in holds for probe in probes]
    try:
        return intervals([root.node for root in roots], inside, closed=0 in holds)
    except NotRealSetError:
        return None


def _polynomial(node: Node, name: str) -> _Coefficients | None:  # noqa: C901
    """The coefficients, lowest first and without zeros behind them; `None` for no polynomial."""
    if isinstance(node, Num):
        return _trimmed([node.value])
    if isinstance(node, Sym):
        return [Fraction(0), Fraction(1)] if node.name == name else None
    if isinstance(node, Add):
        total: _Coefficients = []
        for term in node.terms:
            part = _polynomial(term, name)
            if part is None:
                return None
            size = max(len(total), len(part))
            total = [_at(total, index) + _at(part, index) for index in range(size)]
        return _trimmed(total)
    if isinstance(node, Mul):
        product: _Coefficients | None = [Fraction(1)]
        for factor in node.factors:
            product = _multiplied(product, _polynomial(factor, name))
        return product
    if isinstance(node, Pow) and isinstance(node.exponent, Num):
        base, exponent = _polynomial(node.base, name), node.exponent.value
        if exponent == -1 and base is not None and len(base) == 1:
            return [1 / base[0]]
        if exponent.denominator != 1 or not 0 < exponent <= MAX_DEGREE:
            return None
        power: _Coefficients | None = [Fraction(1)]
        for _ in range(int(exponent)):
            power = _multiplied(power, base)
        return power
    return None


def _at(values: _Coefficients, index: int) -> Fraction:
    return values[index] if index < len(values) else Fraction(0)


def _trimmed(values: _Coefficients) -> _Coefficients:
    while values and not values[-1]:
        values = values[:-1]
    return values


def _multiplied(one: _Coefficients | None, other: _Coefficients | None) -> _Coefficients | None:
    if one is None or other is None or len(one) + len(other) > MAX_DEGREE + 2:
        return None
    out = [Fraction(0)] * max(len(one) + len(other) - 1, 0)
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            out[i + j] += a * b
            if max(abs(out[i + j].numerator), out[i + j].denominator) > MAX_COEFFICIENT**2:
                return None
    return _trimmed(out)


def _sign(whole: list[int], at: Fraction) -> int:
    value = Fraction(0)
    for coefficient in reversed(whole):
        value = value * at + coefficient
    return (value > 0) - (value < 0)


def _roots(whole: list[int]) -> list[_Root] | None:
    """The real roots in order, in intervals that do not meet; `None` if a factor has degree 3."""
    from flint import fmpz_poly

    _, factors = fmpz_poly(whole).factor()
    roots: list[_Root] = []
    for factor, _ in factors:
        coefficients = [int(factor[index]) for index in range(factor.degree() + 1)]
        if len(coefficients) == 2:
            root = Fraction(-coefficients[0], coefficients[1])
            roots.append(_Root(Num(root), root, root))
        elif len(coefficients) == 3:
            roots += _quadratic(*coefficients)
        else:
            return None
    roots.sort(key=lambda root: root.low)
    if any(one.high >= other.low for one, other in pairwise(roots)):
        return None
    return roots


def _quadratic(c: int, b: int, a: int) -> list[_Root]:
    """Both roots of an irreducible a·x² + b·x + c; none where they are not real."""
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return []
    digits = 10**40
    floor = isqrt(discriminant * digits * digits)
    below, above = Fraction(floor, digits), Fraction(floor + 1, digits)
    root: Node = Fn("sqrt", (Num(Fraction(discriminant)),))
    out = []
    for sign in (-1, 1):
        ends = [(-b + sign * value) / (2 * a) for value in (below, above)]
        numerator = add(Num(Fraction(-b)), times(Num(Fraction(sign)), root))
        node = quotient(numerator, Num(Fraction(2 * a)))
        out.append(_Root(node, min(ends), max(ends)))
    return out
