"""The solved reference holds exactly where its polynomial inequality does."""

from __future__ import annotations

import operator
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest

from rewards.answers.match.polynomial_sets import solved
from rewards.answers.read.reading import read_reference

_SIGNS = {"<": operator.lt, ">": operator.gt, r"\le": operator.le, r"\ge": operator.ge}
_PROBES = [Fraction(numerator, 4) for numerator in range(-20, 21)]


def _holds(pieces, value):
    at = Decimal(value.numerator) / Decimal(value.denominator)
    return any(
        (piece.low_value < at or (piece.low_closed and piece.low_value == at))
        and (at < piece.high_value or (piece.high_closed and piece.high_value == at))
        for piece in pieces
    )


@pytest.mark.parametrize(
    "polynomial",
    [
        (-4, 0, 1), (4, 0, -1), (1, 0, 1), (0, 0, 1), (-1, -2, 1), (1, -2, 1), (-2, 3, 2),
        (0, -1, 1), (0, 2, -3, 1), (-3, 7, -5, 1), (4, 0, -5, 0, 1), (-2, 0, 1, 0),
        (6, 0, -5, 0, 1), (0, 0, 0, -1),
    ],
)  # fmt: skip
def test_membership_is_that_of_the_inequality(polynomial):
    text = "+".join(f"({c})x^{power}" if power else f"({c})" for power, c in enumerate(polynomial))
    for sign, value in product(_SIGNS, _PROBES):
        pieces = solved(read_reference(f"{text}{sign} 0").tree)
        exact = sum(c * value**power for power, c in enumerate(polynomial))
        assert pieces is not None
        assert _holds(pieces, value) == _SIGNS[sign](exact, 0), (sign, value)


@pytest.mark.parametrize(
    "reference",
    [
        "x>2", "x^2=4", "x^3>2", "x^9>1", "xy>1", r"\sqrt{x}>2", r"\frac1x>2", "x^2>y",
        "(x^4+1)^9>0", "x^{10^9}>1", "1000001x^2>1", "x^2+1", "2^x>4", "1<x^2<4", r"x^2>\pi",
    ],
)  # fmt: skip
def test_what_is_left_alone(reference):
    assert solved(read_reference(reference).tree) is None
