"""The decimal value of a constant, from an enclosure of it that is small enough."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rewards.answers.effort import InexactError, UndefinedError
from rewards.answers.evaluate.values import exact

if TYPE_CHECKING:
    from rewards.answers.tree import Node

DIGITS = 40  # of the first try to tell two values apart
_LARGEST_EXPONENT = 10**17
_LONGEST = 300_000  # bits before or behind the point that are still written out
_TRIES = 3


def make_context(digits: int) -> decimal.Context:
    """A decimal context of its own, so that no thread's settings are touched."""
    return decimal.Context(
        prec=digits,
        Emax=_LARGEST_EXPONENT,
        Emin=-_LARGEST_EXPONENT,
        traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
    )


class Evaluator:
    """Real constants as decimals of `digits` significant digits, proven but for the last one."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        self.context = make_context(digits)

    def evaluate(self, node: Node) -> Decimal:
        """The value of `node`, rounded.

        Raises:
            UndefinedError: it has none.
            ArithmeticError: it cannot be told to so many digits, or is too large.
        """
        try:
            return self._rounded(exact(node))
        except InexactError:
            return self._rounded(self._enclosed(node))

    def _rounded(self, value: Fraction) -> Decimal:
        try:
            return self.context.divide(Decimal(value.numerator), Decimal(value.denominator))
        except (decimal.InvalidOperation, decimal.DivisionByZero):
            raise UndefinedError from None

    def _enclosed(self, node: Node) -> Fraction:
        from rewards.answers.evaluate.enclosures import Enclosure  # FLINT takes 40 ms
        from rewards.answers.evaluate.precision import UnsureError, bits_for

        digits = self.digits
        for _ in range(_TRIES):
            try:
                ball = Enclosure(digits).enclose(node)
            except UnsureError:
                ball = None
            if ball is not None and ball.rel_accuracy_bits() >= bits_for(self.digits) - 8:
                mantissa, exponent = map(int, ball.mid().man_exp())
                if abs(exponent) > _LONGEST:
                    raise InexactError
                return Fraction(mantissa) * Fraction(2) ** exponent
            digits *= 2
        raise InexactError
