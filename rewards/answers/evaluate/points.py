"""Where expressions are compared: sample points that are the same for the same variables."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING

from rewards.answers.evaluate.values import exact_or_none
from rewards.answers.tree import BigOp, Fn, Node, Num, Pow
from rewards.answers.walk import children, symbols

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS = 14
KINKED_POINTS = 40
_KINKED = frozenset(
    ("abs", "sgn", "sign", "floor", "ceil", "min", "max", "mod", "gcd", "lcm", "sqrt", "root")
)
_LARGEST_SIZE = 10**6
_MAX_SIZES = 12
DISCRETE = frozenset({"factorial", "factorial2", "binom", "mod", "gcd", "lcm"})


def sample_points(names: list[str], integral: frozenset[str]) -> Iterator[dict[str, Fraction]]:
    """Points of mixed size and sign, the same for the same names."""
    generator = random.Random("·".join(names))  # noqa: S311 - points, not secrets
    for index in range(POINTS):
        point: dict[str, Fraction] = {}
        for name in names:
            if name in integral:
                point[name] = Fraction(generator.randint(1, 5 + index))
                continue
            top = generator.randint(10**5, 10**6)
            if index in {2, 6, 9}:
                value = Fraction(top, 10**6)  # below 1, for inverse functions
            elif index in {4, 10}:
                value = Fraction(top, 10**5)
            else:
                value = Fraction(top * 3, 10**6)
            if index in {1, 5, 8, 11, 13} and generator.random() < 0.6:
                value = -value
            point[name] = value
        yield point


def kinked_points(
    names: list[str], integral: frozenset[str], sizes: list[Fraction]
) -> Iterator[dict[str, Fraction]]:
    """Points on every side of where |x-100|, min(a, b) or n mod 12 changes its course.

    `sizes` are the numbers written in the expressions: the changes lie about there. Signs and order
    of the variables are mixed.
    """
    generator = random.Random("·".join(names))  # noqa: S311 - points, not secrets
    sizes = [Fraction(1), Fraction(3), *sizes]
    for _ in range(KINKED_POINTS):
        point: dict[str, Fraction] = {}
        for name in names:
            size = generator.choice(sizes)
            value = size * Fraction(generator.randint(4 * 10**5, 18 * 10**5), 10**6)
            if name in integral:
                point[name] = Fraction(generator.randint(1, 12 + 3 * int(size)))
            else:
                point[name] = value if generator.random() < 0.5 else -value
        yield point


def kink_sizes(left: Node, right: Node) -> list[Fraction] | None:
    """Numbers near which the expressions may change their course; `None` if they have no kinks."""
    sizes: set[Fraction] = set()
    kinked = False
    stack = [left, right]
    while stack:
        here = stack.pop()
        if isinstance(here, Num):
            size = abs(here.value)
            if 1 < size < _LARGEST_SIZE:
                sizes.add(size)
        is_root = isinstance(here, Pow) and (
            not isinstance(here.exponent, Num) or here.exponent.value.denominator != 1
        )
        if is_root or (isinstance(here, Fn) and here.name in _KINKED):
            kinked = kinked or bool(symbols(here))
        stack += children(here)
    return sorted(sizes)[:_MAX_SIZES] if kinked else None


def integral_symbols(node: Node) -> frozenset[str]:
    """Variables that must be integers: in factorials, binomials, bounds, powers of negatives."""
    found: set[str] = set()
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Fn) and here.name in DISCRETE:
            found |= symbols(here)
        elif isinstance(here, BigOp):
            found |= symbols(here.low) | symbols(here.high)
        elif isinstance(here, Pow):
            base = exact_or_none(here.base)
            if base is not None and base < 0:
                found |= symbols(here.exponent)
        stack += children(here)
    return frozenset(found)
