"""Contexts for decimal arithmetic, and π to any precision."""

from __future__ import annotations

import decimal
from decimal import Decimal
from functools import lru_cache

LARGEST_EXPONENT = 10**17


class TooLargeError(ArithmeticError):
    """The value is beyond any number that can be held."""


def make_context(digits: int) -> decimal.Context:
    """A decimal context of its own, so that no thread's settings are touched."""
    return decimal.Context(
        prec=digits,
        Emax=LARGEST_EXPONENT,
        Emin=-LARGEST_EXPONENT,
        traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
    )


@lru_cache(maxsize=32)
def pi(digits: int) -> Decimal:
    """π to `digits` significant digits (Machin's formula in integers)."""
    scale: int = 10 ** (digits + 10)

    def arctan_inverse(number: int) -> int:
        total = term = scale // number
        square, divisor, sign = number * number, 1, 1
        while term:
            term //= square
            divisor += 2
            sign = -sign
            total += sign * (term // divisor)
        return total

    value = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))
    return make_context(digits).divide(Decimal(value), Decimal(scale))
