"""Real elementary functions over balls: each takes balls and gives a ball, or says why not.

`UndefinedError`: the function has a value nowhere in the ball. `UnsureError`: the ball touches a
pole, a branch point or a jump, so that a smaller ball is needed, or a proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from flint import arb, fmpz

from rewards.answers.effort import InexactError, UndefinedError, effort
from rewards.answers.evaluate.precision import TooLargeError, UnsureError

if TYPE_CHECKING:
    from typing import Any as Ball  # python-flint has no types of its own
else:
    Ball = arb

Function: TypeAlias = "Callable[[Sequence[Ball]], Ball]"

LARGEST_LOGARITHM = 4 * 10**17  # of a number that is still worked out
_WIDEST_ARGUMENT = 3_000  # bits: the sine of a larger number would need as many digits
_MANY_TURNS = 10**18
_SMALL = 300  # binomials up to here are cheapest as integers
_LONG_PRODUCT = 64


def settled(value: Ball) -> Ball:
    """A ball that is finite.

    Raises:
        UnsureError: it is not.
    """
    if not value.is_finite():
        raise UnsureError
    return value


def divisor(value: Ball) -> Ball:
    """A ball without zero.

    Raises:
        UndefinedError: it is zero.
        UnsureError: it may be.
    """
    if value.contains(0):
        raise UndefinedError if value.is_zero() else UnsureError
    return value


def inside(value: Ball, low: int | None, high: int | None) -> Ball:
    """A ball that lies within a closed domain.

    Raises:
        UndefinedError: it lies outside.
        UnsureError: it touches the end.
    """
    if (low is not None and value < low) or (high is not None and value > high):
        raise UndefinedError
    if (low is None or value >= low) and (high is None or value <= high):
        return value
    raise UnsureError


def exponential(value: Ball) -> Ball:
    """The exponential function, of numbers below 4·10^17."""
    if value > LARGEST_LOGARITHM:
        raise TooLargeError
    return settled(value.exp())


def logarithm(value: Ball) -> Ball:
    """The natural logarithm of what is surely positive."""
    if not value > 0:
        raise UndefinedError if value <= 0 else UnsureError
    return settled(value.log())


def whole(value: Ball) -> int:
    """The integer that a ball is.

    Raises:
        UndefinedError: it is none.
        UnsureError: it may be one.
        InexactError: it is beyond 10^18.
    """
    if value.is_exact() and value.is_integer():
        if abs(value) > 10**18:
            raise InexactError
        return int(value.unique_fmpz())
    if value.is_finite() and not value.contains_integer():
        raise UndefinedError
    raise UnsureError


def _circular(value: Ball) -> Ball:
    if value.is_zero():
        return value
    if abs(value) > _MANY_TURNS:
        if abs(value) > fmpz(1) << _WIDEST_ARGUMENT:
            raise InexactError
        effort().charge(30)
    return value


def _sine_and_cosine(value: Ball) -> tuple[Ball, Ball]:
    sine, cosine = _circular(value).sin_cos()
    return settled(sine), settled(cosine)


def _sin(args: Sequence[Ball]) -> Ball:
    return _sine_and_cosine(args[0])[0]


def _cos(args: Sequence[Ball]) -> Ball:
    return _sine_and_cosine(args[0])[1]


def _tan(args: Sequence[Ball]) -> Ball:
    divisor(_sine_and_cosine(args[0])[1])
    return args[0].tan()


def _cot(args: Sequence[Ball]) -> Ball:
    divisor(_sine_and_cosine(args[0])[0])
    return args[0].cot()


def _sec(args: Sequence[Ball]) -> Ball:
    return 1 / divisor(_sine_and_cosine(args[0])[1])


def _csc(args: Sequence[Ball]) -> Ball:
    return 1 / divisor(_sine_and_cosine(args[0])[0])


def _arcsin(args: Sequence[Ball]) -> Ball:
    return inside(args[0], -1, 1).asin()


def _arccos(args: Sequence[Ball]) -> Ball:
    return inside(args[0], -1, 1).acos()


def _arctan(args: Sequence[Ball]) -> Ball:
    return args[0].atan()


def _arccot(args: Sequence[Ball]) -> Ball:
    return arb.pi() / 2 - args[0].atan()


def _arcsec(args: Sequence[Ball]) -> Ball:
    return _arccos([1 / divisor(args[0])])


def _arccsc(args: Sequence[Ball]) -> Ball:
    return _arcsin([1 / divisor(args[0])])


def _hyperbolic(name: str) -> Function:
    def compute(args: Sequence[Ball]) -> Ball:
        value = args[0]
        if name in {"coth", "csch"}:
            divisor(value)
        if abs(value) > LARGEST_LOGARITHM:
            raise TooLargeError if name in {"sinh", "cosh"} else InexactError
        return settled(getattr(value, name)())

    return compute


def _arsinh(args: Sequence[Ball]) -> Ball:
    return settled(args[0].asinh())


def _arcosh(args: Sequence[Ball]) -> Ball:
    return settled(inside(args[0], 1, None).acosh())


def _artanh(args: Sequence[Ball]) -> Ball:
    size = abs(args[0])
    if not size < 1:
        raise UndefinedError if size >= 1 else UnsureError
    return settled(args[0].atanh())


def _ln(args: Sequence[Ball]) -> Ball:
    return logarithm(args[0])


def _logb(args: Sequence[Ball]) -> Ball:
    base, value = args
    return logarithm(value) / divisor(logarithm(base))


def _sqrt(args: Sequence[Ball]) -> Ball:
    return settled(inside(args[0], 0, None).sqrt())


def _sgn(args: Sequence[Ball]) -> Ball:
    value = args[0]
    if value > 0 or value < 0 or value.is_zero():
        return arb((value > 0) - (value < 0))
    raise UnsureError


def _floor(args: Sequence[Ball]) -> Ball:
    found = args[0].floor()
    if not found.is_exact():
        raise UnsureError
    return found


def _ceil(args: Sequence[Ball]) -> Ball:
    return -_floor([-args[0]])


def _factorial(args: Sequence[Ball]) -> Ball:
    if args[0] > 10**17:
        raise TooLargeError
    count = whole(args[0])
    if count < 0:
        raise UndefinedError
    effort().charge(20)
    return settled((args[0] + 1).gamma())


def gamma(args: Sequence[Ball]) -> Ball:
    """Γ, which has poles at 0, -1, -2, …."""
    value = args[0]
    if not value > 0 and value.contains_integer():
        raise UndefinedError if value.is_exact() and value.is_integer() else UnsureError
    if abs(value) > 10**17:
        raise TooLargeError
    effort().charge(20)
    return settled(value.gamma())


def _double_factorial(args: Sequence[Ball]) -> Ball:
    count = whole(args[0])
    if not -1 <= count <= _SMALL:
        raise InexactError
    return arb(math.prod(range(count, 0, -2)))


def _binom(args: Sequence[Ball]) -> Ball:
    top, bottom = whole(args[0]), whole(args[1])
    if bottom < 0 or top < 0:
        raise UndefinedError
    if bottom > top:
        return arb(0)
    if top <= _SMALL:
        return arb(math.comb(top, bottom))
    bottom = min(bottom, top - bottom)
    if bottom <= _LONG_PRODUCT:
        effort().charge(bottom // 4)
        return arb(top).bin(bottom)
    effort().charge(60)
    logarithms = [arb(count + 1).lgamma() for count in (top, bottom, top - bottom)]
    return exponential(logarithms[0] - logarithms[1] - logarithms[2])


def _multiple(value: Ball) -> int:
    """An integer; of other rationals the exact value has to be known."""
    try:
        return whole(value)
    except UndefinedError:
        raise UnsureError from None


def _mod(args: Sequence[Ball]) -> Ball:
    left, right = map(_multiple, args)
    if right == 0:
        raise UndefinedError
    return arb(left % right)


def _gcd(args: Sequence[Ball]) -> Ball:
    return arb(math.gcd(*map(_multiple, args)))


def _lcm(args: Sequence[Ball]) -> Ball:
    found = 1
    for value in args:
        found = math.lcm(found, _multiple(value))
        effort().charge(1 + found.bit_length() // 100)
    return arb(found)


def _extreme(name: str) -> Function:
    def compute(args: Sequence[Ball]) -> Ball:
        found = args[0]
        for value in args[1:]:
            found = getattr(found, name)(value)
        return found

    return compute


FUNCTIONS: dict[str, Function] = {
    "sin": _sin,
    "cos": _cos,
    "tan": _tan,
    "cot": _cot,
    "sec": _sec,
    "csc": _csc,
    "arcsin": _arcsin,
    "arccos": _arccos,
    "arctan": _arctan,
    "arccot": _arccot,
    "arcsec": _arcsec,
    "arccsc": _arccsc,
    "sinh": _hyperbolic("sinh"),
    "cosh": _hyperbolic("cosh"),
    "tanh": _hyperbolic("tanh"),
    "coth": _hyperbolic("coth"),
    "sech": _hyperbolic("sech"),
    "csch": _hyperbolic("csch"),
    "arsinh": _arsinh,
    "arcosh": _arcosh,
    "artanh": _artanh,
    "ln": _ln,
    "log": _ln,
    "logb": _logb,
    "sqrt": _sqrt,
    "abs": lambda args: abs(args[0]),
    "sgn": _sgn,
    "floor": _floor,
    "ceil": _ceil,
    "factorial": _factorial,
    "factorial2": _double_factorial,
    "binom": _binom,
    "max": _extreme("max"),
    "min": _extreme("min"),
    "mod": _mod,
    "gcd": _gcd,
    "lcm": _lcm,
}
