"""The value of a tree at one point, enclosed in a ball: a midpoint and a proven radius.

The rule that every numeric decision keeps: an operation has a value only where its whole ball lies
inside the operation's domain. A divisor, a logarithm's argument or an angle of a cotangent whose
ball touches zero has none (`UnsureError`), unless it is proven to be a number that does no harm
(then it is used exactly) or to be zero itself (`UndefinedError`). So a ball that comes out holds
the value, and that the value exists is proven with it.

Work is counted before it is done, and long literals by their length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from flint import arb, fmpq, fmpz

from rewards.answers.construct import GAMMA
from rewards.answers.effort import (
    InexactError,
    UndefinedError,
    effort,
    function_price,
    literal_price,
)
from rewards.answers.evaluate.functions import (
    FUNCTIONS,
    LARGEST_LOGARITHM,
    divisor,
    exponential,
    gamma,
    inside,
    settled,
)
from rewards.answers.evaluate.linear_forms import linear_value
from rewards.answers.evaluate.precision import TooLargeError, UnsureError, at_precision, bits_for
from rewards.answers.evaluate.values import MAX_TERMS, based_value, check_arity, exact
from rewards.answers.tree import (
    Add,
    Based,
    BigOp,
    Const,
    Degree,
    Fn,
    Mul,
    Node,
    Num,
    Percent,
    Pow,
    Sym,
)
from rewards.answers.walk import substitute, symbols

if TYPE_CHECKING:
    Ball = Any  # python-flint has no types of its own
else:
    Ball = arb


class Enclosure:
    """Evaluates trees at one point, in the reals.

    Attributes:
        high: greatest binary exponent met (0 if all are below), where they are tracked.
        low: least binary exponent met (0 if all are above), where they are tracked.
    """

    def __init__(
        self, digits: int, values: Mapping[str, Fraction] | None = None, *, track: bool = False
    ) -> None:
        self.bits = bits_for(digits)
        self.values = dict(values or {})
        self.high = 0
        self.low = 0
        self.track = track
        self.effort = effort()
        self.price = 1 + digits // 300
        self.function_price = function_price(digits)

    def enclose(self, node: Node) -> Ball:
        """A ball around the value of `node`.

        Raises:
            UndefinedError: it has none here.
            UnsureError: whether it has one cannot be told from balls of this size.
            TooLargeError: it is too large to hold.
            InexactError: it cannot be evaluated, or takes too much work.
        """
        return at_precision(self.bits, lambda: self._enclosed(node))

    def _enclosed(self, node: Node) -> Ball:
        try:
            return settled(self._value(node))
        except (ValueError, ZeroDivisionError, OverflowError):
            raise UnsureError from None

    def ball(self, value: object) -> Ball:
        """A value as a ball of the field that is computed in."""
        return arb(value)

    def note(self, value: Ball) -> Ball:
        """Keep track of a magnitude met on the way, and of whether it still is a number."""
        if not value.is_finite():
            raise UnsureError
        if self.track:
            self.measure(value)
        return value

    def measure(self, value: Ball) -> None:
        """Take the exponent of a value into account."""
        mantissa, exponent = value.mid().man_exp()
        if mantissa:
            size = int(exponent) + int(mantissa).bit_length() - 1
            self.high = max(self.high, size)
            self.low = min(self.low, size)

    def rational(self, value: Fraction) -> Ball:
        """A fraction, enclosed."""
        if value.denominator == 1:
            return arb(value.numerator)
        return arb(fmpq(value.numerator, value.denominator))

    def _value(self, node: Node) -> Ball:  # noqa: C901, PLR0912
        self.effort.charge(self.price)
        if isinstance(node, Num):
            self.effort.charge(literal_price(node.value))
            return self.note(self.rational(node.value))
        if isinstance(node, Sym):
            if node.name not in self.values:
                raise InexactError
            return self.rational(self.values[node.name])
        if isinstance(node, Const):
            return self._constant(node.name)
        if isinstance(node, Add):
            total = self.ball(0)
            for term in node.terms:
                total = self.note(total + self._value(term))
            return total
        if isinstance(node, Mul):
            product = self.ball(1)
            for factor in node.factors:
                if isinstance(factor, Pow) and factor.exponent == _MINUS_ONE:
                    product = product / self.divisor(factor.base)
                else:
                    product = product * self._value(factor)
            return self.note(product)
        if isinstance(node, Pow):
            return self.note(self._power(node))
        if isinstance(node, Fn):
            return self.note(self._function(node))
        if isinstance(node, Degree):
            return self._value(node.value) * arb.pi() / 180
        if isinstance(node, Percent):
            return self._value(node.value) / 100
        if isinstance(node, Based):
            return self.rational(based_value(node))
        if isinstance(node, BigOp):
            return self._big(node)
        raise InexactError

    def _constant(self, name: str) -> Ball:
        if name == "pi":
            return arb.pi()
        if name == "e":
            return arb.const_e()
        raise InexactError

    def exactly(self, node: Node) -> Fraction:
        """The rational value of `node` at this point.

        Raises:
            InexactError: none is known.
            UndefinedError: it has no value.
        """
        here = symbols(node)
        if here:
            node = substitute(
                node, {name: Num(self.values[name]) for name in here & self.values.keys()}
            )
        self.effort.charge(2)
        try:
            return exact(node)
        except InexactError:
            return linear_value(node, exact)
        except ZeroDivisionError:
            raise InexactError from None

    def surely(self, node: Node, value: Ball) -> Ball:
        """A ball of no width where the exact value is known, else `value` as it is."""
        try:
            return self.rational(self.exactly(node))
        except InexactError:
            return value

    def divisor(self, node: Node) -> Ball:
        """A divisor. 1/sin π is not 10^40."""
        value = self._value(node)
        try:
            return divisor(value)
        except UnsureError:
            return divisor(self.surely(node, value))

    # -- sums and products ------------------------------------------------------------------

    def _terms(self, node: BigOp) -> Iterator[Node]:
        """The body of a sum or product, with the index set to one value after the other."""
        if node.op not in {"sum", "prod"} or not node.var:
            raise InexactError
        low, high = self.exactly(node.low), self.exactly(node.high)
        if low.denominator != 1 or high.denominator != 1 or high - low > MAX_TERMS:
            raise InexactError
        if high < low and (high + 1 != low or not symbols(node.low) | symbols(node.high)):
            raise InexactError  # written so, an empty sum is no value that anybody means
        saved = self.values
        for index in range(int(low), int(high) + 1):
            self.effort.charge(2 * self.price)
            self.values = {**saved, node.var: Fraction(index)}
            yield node.body
        self.values = saved

    def _big(self, node: BigOp) -> Ball:
        is_sum = node.op == "sum"
        total = arb(0 if is_sum else 1)
        for part in self._terms(node):
            value = self._value(part)
            total = self.note(total + value if is_sum else total * value)
        return total

    # -- powers -----------------------------------------------------------------------------

    def _power(self, node: Pow) -> Ball:
        if node.base == _E:
            self.effort.charge(self.function_price)
            return exponential(self._value(node.exponent))
        base = self._value(node.base)
        ratio = self._ratio(node.exponent)
        if ratio is not None:
            return self._touching(lambda value: self.rational_power(value, ratio), node.base, base)
        exponent = self._value(node.exponent)
        return self._touching(lambda value: self._general_power(value, exponent), node.base, base)

    def _ratio(self, node: Node) -> Fraction | None:
        """An exponent, if it is rational. What 2^{10^-400} is more than 1 must not go unseen."""
        try:
            ratio = node.value if isinstance(node, Num) else self.exactly(node)
        except InexactError:
            return None
        if self.track and ratio.denominator != 1:
            self.note(self.rational(ratio))
        return ratio

    def _touching(self, compute: Any, node: Node, value: Ball) -> Ball:
        """`compute` of a ball, or of the exact value where the ball is too wide for it."""
        try:
            return compute(value)
        except UnsureError:
            return compute(self.surely(node, value))

    def rational_power(self, base: Ball, exponent: Fraction) -> Ball:
        """A power with a rational exponent; odd roots of negative numbers are real."""
        if exponent <= 0:
            divisor(base)
        if exponent.denominator == 1:
            return self._integer_power(base, exponent.numerator)
        if exponent.denominator % 2 and not base >= 0:
            if not base < 0:
                raise UnsureError
            size = self.rational_power(-base, exponent)
            return -size if exponent.numerator % 2 else size
        inside(base, 0, None)
        if base.is_zero():
            return base
        if exponent.denominator == 2:
            return self._integer_power(settled(base.sqrt()), exponent.numerator)
        if not base > 0:
            raise UnsureError
        return self._general_power(base, self.rational(exponent))

    def _integer_power(self, base: Ball, count: int) -> Ball:
        if -_SMALL_POWER <= count <= _SMALL_POWER:
            return base**count
        if base == 1 or base.is_zero():
            return base
        self.effort.charge(8 + self.function_price + count.bit_length() // 30)
        size = abs(base)
        if not size > 0:
            raise UnsureError
        self._bounded(size, arb(count))
        return settled(base ** fmpz(count))

    def _bounded(self, base: Ball, exponent: Ball) -> None:
        """Refuse a power before it is worked out, if it is too large to hold."""
        if settled(exponent * settled(base.log())) > LARGEST_LOGARITHM:
            raise TooLargeError

    def _general_power(self, base: Ball, exponent: Ball) -> Ball:
        self.effort.charge(3 * self.function_price)
        if base.is_zero():
            if exponent > 0:
                return base
            raise UndefinedError if exponent <= 0 else UnsureError
        if base > 0:
            self._bounded(base, exponent)
            return settled(base**exponent)
        if base < 0 and not exponent.contains_integer():
            raise UndefinedError
        raise UnsureError

    # -- functions --------------------------------------------------------------------------

    def _function(self, node: Fn) -> Ball:
        name, args = node.name, node.args
        if name == "root" and len(args) == 2:
            return self._root(*args)
        if name == "call" and len(args) == 2 and args[0] == GAMMA:
            name, args = "gamma", args[1:]
        elif name in FUNCTIONS:
            check_arity(name, args)
        else:
            raise InexactError
        balls = [self._value(arg) for arg in args]
        try:
            return self.apply(name, balls)
        except UnsureError:
            pass
        try:
            return self.rational(self.exactly(node))
        except InexactError:
            balls = [self.surely(arg, ball) for arg, ball in zip(args, balls, strict=True)]
            return self.apply(name, balls)

    def _root(self, index: Node, radicand: Node) -> Ball:
        ratio = self._ratio(index)
        if ratio is None:
            return self._power(Pow(radicand, Pow(index, _MINUS_ONE)))
        if ratio == 0:
            raise UndefinedError
        value = self._value(radicand)
        self.effort.charge(self.function_price)
        if self.track:
            self.note(self.rational(1 / ratio))
        return self._touching(lambda ball: self.rational_power(ball, 1 / ratio), radicand, value)

    def apply(self, name: str, balls: list[Ball]) -> Ball:
        """A function of real balls."""
        compute = gamma if name == "gamma" else FUNCTIONS.get(name)
        if compute is None:
            raise InexactError
        self.effort.charge(self.price if name in _CHEAP else self.function_price)
        if self.track and name in _SATURATING:
            # The e^-2000 by which tanh 1000 misses 1 must not go unseen.
            self.measure((-2 * abs(balls[0])).exp())
        return compute(balls)


_MINUS_ONE = Num(Fraction(-1))
_E = Const("e")
_SMALL_POWER = 64
_CHEAP = frozenset(("sqrt", "abs", "sgn", "floor", "ceil", "max", "min", "mod", "gcd", "lcm"))
_SATURATING = frozenset({"tanh", "coth", "sech", "csch", "sinh", "cosh"})
