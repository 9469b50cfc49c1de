"""Real elementary functions over `decimal`: each takes an evaluator and its argument values."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from rewards.answers.effort import InexactError
from rewards.answers.evaluate.precision import TooLargeError, make_context, pi
from rewards.answers.evaluate.values import MAX_FACTORIAL, UndefinedError

if TYPE_CHECKING:
    import decimal
    from collections.abc import Callable, Sequence

    from rewards.answers.evaluate.numeric import Evaluator

_GUARD = 12
_SMALL = 300  # binomials up to here are cheapest as integers


def _wide(ev: Evaluator, extra: int = _GUARD) -> decimal.Context:
    return make_context(ev.digits + extra)


def sin_cos(ev: Evaluator, angle: Decimal) -> tuple[Decimal, Decimal]:
    """Sine and cosine, by reduction to [-π/4, π/4] and Taylor's series."""
    size = max(0, angle.adjusted())
    if size > 2 * ev.digits:
        raise InexactError
    context = _wide(ev, _GUARD + size)
    half_pi = context.divide(pi(context.prec), Decimal(2))
    turns = context.divide(angle, half_pi).to_integral_value()
    rest = context.subtract(angle, context.multiply(turns, half_pi))
    halvings = 4
    rest = context.divide(rest, Decimal(1 << halvings))
    square = context.multiply(rest, rest)
    # versine keeps cos x - 1 free of cancellation while the angle is doubled back
    term, sine, versine = rest, rest, Decimal(0)
    cosine_term = Decimal(1)
    for k in range(1, 8 * context.prec, 2):
        cosine_term = context.divide(context.multiply(cosine_term, square), Decimal(k * (k + 1)))
        term = context.divide(context.multiply(term, square), Decimal((k + 1) * (k + 2)))
        combine = context.subtract if k % 4 == 1 else context.add
        undo = context.add if k % 4 == 1 else context.subtract
        versine, sine = undo(versine, cosine_term), combine(sine, term)
        if not term or term.adjusted() < sine.adjusted() - context.prec:
            break
    for _ in range(halvings):
        cosine = context.subtract(Decimal(1), versine)
        versine = context.multiply(context.multiply(Decimal(2), sine), sine)
        sine = context.multiply(context.multiply(Decimal(2), sine), cosine)
    cosine = context.subtract(Decimal(1), versine)
    quarter = int(turns) % 4
    minus_sine, minus_cosine = sine.copy_negate(), cosine.copy_negate()
    return [
        (sine, cosine),
        (cosine, minus_sine),
        (minus_sine, minus_cosine),
        (minus_cosine, sine),
    ][quarter]


def _zeroed(ev: Evaluator, value: Decimal) -> Decimal:
    """A divisor that is zero but for rounding is zero."""
    if value.adjusted() < -(ev.digits - 8) or not value:
        raise UndefinedError
    return value


def _sin(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    return sin_cos(ev, args[0])[0]


def _cos(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    return sin_cos(ev, args[0])[1]


def _tan(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    sine, cosine = sin_cos(ev, args[0])
    return ev.context.divide(sine, _zeroed(ev, cosine))


def _cot(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    sine, cosine = sin_cos(ev, args[0])
    return ev.context.divide(cosine, _zeroed(ev, sine))


def _sec(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    return ev.context.divide(Decimal(1), _zeroed(ev, sin_cos(ev, args[0])[1]))


def _csc(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    return ev.context.divide(Decimal(1), _zeroed(ev, sin_cos(ev, args[0])[0]))


def _arctan_value(ev: Evaluator, value: Decimal) -> Decimal:
    context = _wide(ev)
    if value.copy_abs() > 1:
        half = context.divide(pi(context.prec), Decimal(2))
        inner = _arctan_value(ev, context.divide(Decimal(1), value))
        return context.subtract(half if value > 0 else half.copy_negate(), inner)
    doublings = 5
    for _ in range(doublings):  # tan(x/2) from tan x
        root = context.sqrt(context.add(Decimal(1), context.multiply(value, value)))
        value = context.divide(value, context.add(Decimal(1), root))
    square = context.multiply(value, value)
    total, power, k = value, value, 1
    limit = -(context.prec + 2)
    while power and power.adjusted() - total.adjusted() > limit:
        power = context.multiply(power, square).copy_negate()
        k += 2
        total = context.add(total, context.divide(power, Decimal(k)))
    return context.multiply(total, Decimal(1 << doublings))


def _arctan(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    return _arctan_value(ev, args[0])


def _arcsin(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    value = args[0]
    if value.copy_abs() > 1:
        raise UndefinedError
    context = _wide(ev)
    if value.copy_abs() == 1:
        half = context.divide(pi(context.prec), Decimal(2))
        return half if value > 0 else half.copy_negate()
    below = context.multiply(context.subtract(Decimal(1), value), context.add(Decimal(1), value))
    return _arctan_value(ev, context.divide(value, context.sqrt(below)))


def _half_pi(ev: Evaluator) -> Decimal:
    return _wide(ev).divide(pi(ev.digits + _GUARD), Decimal(2))


def _arccos(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    return _wide(ev).subtract(_half_pi(ev), _arcsin(ev, args))


def _arccot(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    return _wide(ev).subtract(_half_pi(ev), _arctan_value(ev, args[0]))


def _inverted(name: str) -> Callable[[Evaluator, Sequence[Decimal]], Decimal]:
    def compute(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
        return FUNCTIONS[name](ev, [ev.context.divide(Decimal(1), args[0])])

    return compute


def _ln(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    if args[0] <= 0:
        raise UndefinedError
    return ev.context.ln(args[0])


def _logb(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    base, value = args
    if value <= 0 or base <= 0 or base == 1:
        raise UndefinedError
    return ev.context.divide(ev.context.ln(value), ev.context.ln(base))


def _sqrt(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    if args[0] < 0:
        raise UndefinedError
    return ev.context.sqrt(args[0])


def _hyperbolic(name: str) -> Callable[[Evaluator, Sequence[Decimal]], Decimal]:
    def compute(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
        context = _wide(ev, _GUARD + max(0, -args[0].adjusted()))
        # Noted, or the e^-2000 by which tanh 1000 misses 1 would go unseen.
        up, down = ev.note(context.exp(args[0])), ev.note(context.exp(args[0].copy_negate()))
        sinh, cosh = context.subtract(up, down), context.add(up, down)
        if name in {"sinh", "cosh"}:
            return context.divide(sinh if name == "sinh" else cosh, Decimal(2))
        if name == "tanh":
            return context.divide(sinh, cosh)
        if name == "coth":
            return context.divide(cosh, sinh)
        return context.divide(Decimal(2), cosh if name == "sech" else sinh)

    return compute


def _arsinh(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    context = _wide(ev, _GUARD + max(0, -args[0].adjusted()))
    value = args[0].copy_abs()
    root = context.sqrt(context.add(context.multiply(value, value), Decimal(1)))
    result = context.ln(context.add(value, root))
    return result if args[0] >= 0 else result.copy_negate()


def _arcosh(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    if args[0] < 1:
        raise UndefinedError
    context = _wide(ev)
    root = context.sqrt(context.subtract(context.multiply(args[0], args[0]), Decimal(1)))
    return context.ln(context.add(args[0], root))


def _artanh(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    if args[0].copy_abs() >= 1:
        raise UndefinedError
    context = _wide(ev, _GUARD + max(0, -args[0].adjusted()))
    ratio = context.divide(context.add(Decimal(1), args[0]), context.subtract(Decimal(1), args[0]))
    return context.divide(context.ln(ratio), Decimal(2))


def _integer(ev: Evaluator, value: Decimal) -> int:
    """The integer a value is but for rounding."""
    nearest = value.to_integral_value()
    if value != nearest and ev.context.subtract(value, nearest).adjusted() > -(ev.digits // 2):
        raise UndefinedError
    if nearest.adjusted() > 18:
        raise InexactError
    return int(nearest)


def _factorial(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    if args[0].adjusted() > 17:
        raise TooLargeError
    count = _integer(ev, args[0])
    if count < 0:
        raise UndefinedError
    if count <= MAX_FACTORIAL:
        return ev.context.plus(_factorials(ev.digits)[count])
    return ev.context.exp(_ln_factorial(ev, count))


@lru_cache(maxsize=4)
def _factorials(digits: int) -> list[Decimal]:
    """0!, 1!, 2!, …, exact as long as they have no more digits than asked for."""
    context = make_context(digits + _GUARD)
    products = accumulate(map(Decimal, range(1, MAX_FACTORIAL + 1)), context.multiply)
    return [Decimal(1), *products]


def _ln_factorial(ev: Evaluator, count: int) -> Decimal:
    """Ln n! by Stirling's series, to the evaluator's relative precision of n!."""
    if count <= MAX_FACTORIAL:
        return _wide(ev, 30).ln(_factorials(ev.digits + 30)[count])
    context = _wide(ev, 30)
    n = Decimal(count)
    total = context.add(
        context.multiply(context.add(n, Decimal("0.5")), context.ln(n)),
        context.subtract(
            context.divide(context.ln(context.multiply(Decimal(2), pi(context.prec))), Decimal(2)),
            n,
        ),
    )
    for k, (top, bottom) in enumerate(_STIRLING):
        power = context.power(n, Decimal(2 * k + 1))
        total = context.add(
            total, context.divide(Decimal(top), context.multiply(Decimal(bottom), power))
        )
    if ev.digits > 60:  # the series is not carried that far
        raise InexactError
    return total


# B_2k / (2k (2k - 1))
_STIRLING = [
    (1, 12), (-1, 360), (1, 1260), (-1, 1680), (1, 1188), (-691, 360360), (1, 156),
    (-3617, 122400), (43867, 244188), (-174611, 125400), (77683, 5796), (-236364091, 1506960),
]  # fmt: skip


def _binom(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    top, bottom = _integer(ev, args[0]), _integer(ev, args[1])
    if bottom < 0 or top < 0:
        raise UndefinedError
    if bottom > top:
        return Decimal(0)
    if top <= _SMALL:
        return ev.context.create_decimal(math.comb(top, bottom))
    if top <= MAX_FACTORIAL:
        known = _factorials(ev.digits)
        below = _wide(ev).multiply(known[bottom], known[top - bottom])
        value = ev.context.divide(known[top], below)
        return value.to_integral_value() if value.adjusted() < ev.digits else value
    context = _wide(ev, 30)
    total = context.subtract(
        _ln_factorial(ev, top),
        context.add(_ln_factorial(ev, bottom), _ln_factorial(ev, top - bottom)),
    )
    return ev.context.exp(total)


def _double_factorial(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    count = _integer(ev, args[0])
    if not -1 <= count <= MAX_FACTORIAL:
        raise InexactError
    return ev.context.create_decimal(math.prod(range(count, 0, -2)))


def _rounded(ev: Evaluator, value: Decimal, *, up: bool) -> Decimal:
    nearest = value.to_integral_value()
    if value != nearest and ev.context.subtract(value, nearest).adjusted() < -(ev.digits // 2):
        return nearest  # an integer but for rounding
    mode = "ROUND_CEILING" if up else "ROUND_FLOOR"
    return value.to_integral_value(rounding=mode)


def _mod(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    left, right = _integer(ev, args[0]), _integer(ev, args[1])
    if right == 0:
        raise UndefinedError
    return Decimal(left % right)


def _gcd(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    return Decimal(math.gcd(*(_integer(ev, value) for value in args)))


def _lcm(ev: Evaluator, args: Sequence[Decimal]) -> Decimal:
    return Decimal(math.lcm(*(_integer(ev, value) for value in args)))


FUNCTIONS: dict[str, Callable[[Evaluator, Sequence[Decimal]], Decimal]] = {
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
    "arcsec": _inverted("arccos"),
    "arccsc": _inverted("arcsin"),
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
    "abs": lambda _ev, args: args[0].copy_abs(),
    "sgn": lambda _ev, args: Decimal((args[0] > 0) - (args[0] < 0)),
    "floor": lambda ev, args: _rounded(ev, args[0], up=False),
    "ceil": lambda ev, args: _rounded(ev, args[0], up=True),
    "factorial": _factorial,
    "factorial2": _double_factorial,
    "binom": _binom,
    "max": lambda _ev, args: max(args),
    "min": lambda _ev, args: min(args),
    "mod": _mod,
    "gcd": _gcd,
    "lcm": _lcm,
}
