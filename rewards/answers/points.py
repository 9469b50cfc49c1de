"""Where expressions are compared: sample points that are the same for the same variables."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING

from rewards.answers.tree import BigOp, Fn, Node, Pow, children, symbols
from rewards.answers.values import exact_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS = 14
_DISCRETE = frozenset({"factorial", "factorial2", "binom", "mod", "gcd", "lcm"})


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


def integral_symbols(node: Node) -> frozenset[str]:
    """Variables that must be integers: in factorials, binomials, bounds, powers of negatives."""
    found: set[str] = set()
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Fn) and here.name in _DISCRETE:
            found |= symbols(here)
        elif isinstance(here, BigOp):
            found |= symbols(here.low) | symbols(here.high)
        elif isinstance(here, Pow):
            base = exact_or_none(here.base)
            if base is not None and base < 0:
                found |= symbols(here.exponent)
        stack += children(here)
    return frozenset(found)
