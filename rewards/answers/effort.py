"""How much arithmetic one comparison may do: counted, never timed.

A unit is about a microsecond of an ordinary machine. Work is charged before it is done, so that a
sum of two thousand sines costs no more than its refusal, and a verdict never depends on how fast or
how busy the machine is. What is refused here is undecided, which sends it to sympy.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

ALLOWED = 80_000


class InexactError(ArithmeticError):
    """The value is not a rational, or takes more work than a comparison may do."""


class UndefinedError(ArithmeticError):
    """The value does not exist: 0/0, a division by zero, 0^0, ln sin π …."""


class Effort:
    """The work that is left to one comparison, or to reading one text."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = ALLOWED

    def charge(self, units: int) -> None:
        """Take `units` off what is left.

        Raises:
            InexactError: nothing is left.
        """
        self.left -= units
        if self.left < 0:
            raise InexactError


_current: ContextVar[Effort | None] = ContextVar("effort", default=None)


def fresh_effort() -> None:
    """Start a comparison, or the reading of a text, with all of the work still to spend."""
    _current.set(None)


def effort() -> Effort:
    """The account of the comparison that is going on in this thread or task."""
    current = _current.get()
    if current is None:
        current = Effort()
        _current.set(current)
    return current


def function_price(digits: int) -> int:
    """What an exponential, a logarithm or a trigonometric function costs at so many digits."""
    return 6 + digits * digits // 20_000


def literal_price(value: Fraction) -> int:
    """What handling a number costs by its size: nothing up to a few hundred digits."""
    return (value.numerator.bit_length() + value.denominator.bit_length()) // 1_500
