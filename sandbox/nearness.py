"""Whether two numbers are equal, or near: decided by exact or outward-rounded arithmetic.

Not covered: what a number may look like in other alphabets. Only ASCII digits are read.
"""

from __future__ import annotations

import decimal
import math
import re
from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,5})?", re.ASCII)
_WITH_POINT = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d{1,5})?", re.ASCII)
_ODD = frozenset({"nan", "inf", "infinity"})
_DIGITS_MAX = 20_000  # beyond, numbers are equal as texts or not at all
_SPARE_DIGITS = 10


def is_number(text: str) -> bool:
    r"""Whether a token is a decimal number in ASCII digits.

    >>> is_number("-1.5e3"), is_number("1_0"), is_number("\uff11")
    (True, False, False)
    """
    return len(text) <= _DIGITS_MAX and _NUMBER.fullmatch(text) is not None


def same_decimal(expected: str, answer: str) -> bool:
    """Whether two texts are one number, where the expected one is written with a point.

    >>> same_decimal("0.50", "0.5"), same_decimal("3.0", "3"), same_decimal("3", "3.0")
    (True, True, False)
    """
    if max(len(expected), len(answer)) > _DIGITS_MAX or not _WITH_POINT.fullmatch(expected):
        return False
    return is_number(answer) and Decimal(expected) == Decimal(answer)


def near_texts(expected: str, answer: str, tolerance: float) -> bool:
    """Whether two numbers differ by at most `tolerance`, absolute or relative to the expected one.

    The difference is rounded up and what is allowed is rounded down, so that no rounding of ours
    makes two numbers near.

    >>> near_texts("1e400", "2e400", 1e-6), near_texts("0.3", "0.3000001", 1e-6)
    (False, True)
    """
    if not (is_number(expected) and is_number(answer)):
        odd = expected.lower().lstrip("+-")
        return odd in _ODD and _sign_and_word(expected) == _sign_and_word(answer)
    wanted, got = Decimal(expected), Decimal(answer)
    digits = max(len(expected), len(answer)) + _SPARE_DIGITS
    up, down = _contexts(digits)
    difference = up.abs(up.subtract(wanted, got))
    size = max(Decimal(1), wanted.copy_abs())
    return difference <= down.multiply(Decimal(repr(float(tolerance))), size)


@lru_cache(maxsize=64)
def _contexts(digits: int) -> tuple[Context, Context]:
    wide = {"prec": digits, "Emax": decimal.MAX_EMAX, "Emin": decimal.MIN_EMIN, "traps": []}
    up = Context(rounding=ROUND_UP, **wide)  # type: ignore[arg-type]
    return up, Context(rounding=ROUND_DOWN, **wide)  # type: ignore[arg-type]


def _sign_and_word(text: str) -> str:
    word = text.lower()
    sign = "-" if word.startswith("-") else ""
    word = word.lstrip("+-")
    return sign + {"infinity": "inf"}.get(word, word)


def near_values(expected: float, answer: float, tolerance: float) -> bool:
    """Whether two ints or floats differ by at most `tolerance`, as `near_texts` has it.

    >>> near_values(10**400, 2 * 10**400, 1e-6), near_values(0.3, 0.1 + 0.2, 1e-9)
    (False, True)
    """
    if expected == answer:
        return True
    if _is_odd(expected) or _is_odd(answer):
        return _is_nan(expected) and _is_nan(answer)
    if isinstance(expected, float) and isinstance(answer, float):
        # Two floats: the rounding of this is far below a factor of two.
        difference, allowed = abs(expected - answer), tolerance * max(1.0, abs(expected))
        if difference <= allowed / 2:
            return True
        if difference > allowed * 2:
            return False
    wanted, share = Fraction(expected), Fraction(tolerance)
    difference_exact = abs(wanted - Fraction(answer))
    return difference_exact <= share * max(Fraction(1), abs(wanted))


def _is_odd(value: float) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _is_nan(value: float) -> bool:
    return isinstance(value, float) and math.isnan(value)
