"""Numbers as they are written: decimals, numerals with a base, repeating digits."""

from __future__ import annotations

from fractions import Fraction

from rewards.answers.read.tokens import UnreadableError
from rewards.answers.tree import Based, Digits, Node, Num

MAX_DIGITS = 4000
MAX_EXPONENT = 20_000
MAX_BLOCK = 60


def number(text: str, *, negative: bool = False) -> Node:
    """The rational a literal denotes; `Digits` if it is too long for arithmetic."""
    mantissa, _, exponent = text.partition("e") if "e" in text else (text, "", "")
    whole, _, decimals = mantissa.partition(".")
    power = int(exponent) if exponent else 0
    if len(mantissa) > MAX_DIGITS or abs(power) > MAX_EXPONENT:
        if exponent:
            raise UnreadableError("its exponent is too large to write out")
        decimals = decimals.rstrip("0")
        return Digits((whole.lstrip("0") or "0") + ("." + decimals if decimals else ""))
    scale = power - len(decimals)
    value = int(whole + decimals)
    if negative:
        value = -value
    if scale >= 0:
        return Num(Fraction(value * 10**scale if scale else value))
    return Num(Fraction(value, 10**-scale), decimals=None if exponent else len(decimals))


def based(digits: str, base: str) -> Node:
    """A numeral in a base between 2 and 36."""
    radix = int(base) if base.isdecimal() and len(base) < 3 else 0
    if not 2 <= radix <= 36 or len(digits) > MAX_DIGITS:
        raise UnreadableError(f"{base} is not the base of a numeral")
    return Based(digits.lstrip("0") or "0", radix)


def repeating(start: str, block: str) -> Node:
    """The decimal `start` with `block` repeated for ever behind it.

    >>> repeating("0.1", "6")
    Num(value=Fraction(1, 6), decimals=None)
    """
    whole, _, fixed = start.partition(".")
    plain = (whole + fixed).isdecimal() and block.isdecimal()
    if not (plain and len(block) < MAX_BLOCK and len(start) < MAX_BLOCK):
        raise UnreadableError("the repeating digits cannot be read")
    shift = 10 ** len(fixed)
    part = Fraction(int(block), (10 ** len(block) - 1) * shift)
    return Num(Fraction(int(whole + fixed or "0"), shift) + part)
