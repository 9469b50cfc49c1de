"""Evaluate a tree in the reals, at any precision, over `decimal`.

Every intermediate magnitude is tracked, so that the caller knows how much was lost to
cancellation. Work is counted, and a value beyond 10^(10^17) is an overflow, not a hang.
"""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rewards.answers.effort import InexactError, effort, function_price
from rewards.answers.evaluate.functions import FUNCTIONS
from rewards.answers.evaluate.precision import TooLargeError, make_context, pi
from rewards.answers.evaluate.values import (
    MAX_TERMS,
    UndefinedError,
    based_value,
    check_arity,
    exact_or_none,
)
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Evaluator:
    """Evaluates trees at one point, to `digits` significant digits.

    Attributes:
        high: greatest decimal exponent met.
        low: least decimal exponent met.
    """

    def __init__(self, digits: int, values: Mapping[str, Fraction] | None = None) -> None:
        self.digits = digits
        self.context = make_context(digits)
        self.values = dict(values or {})
        self.high = 0
        self.low = 0
        self.highest = 0
        self.effort = effort()
        self.price = 1 + digits // 150
        self.function_price = function_price(digits)

    def evaluate(self, node: Node) -> Decimal:
        """The real value of `node`.

        Raises:
            UndefinedError: if it has none here.
            InexactError: if it cannot be evaluated.
            TooLargeError: if it is too large to hold.
        """
        try:
            return self._value(node)
        except decimal.Overflow:
            raise TooLargeError from None
        except (decimal.InvalidOperation, decimal.DivisionByZero, ZeroDivisionError):
            raise UndefinedError from None

    def difference(self, left: Decimal, right: Decimal) -> Decimal:
        """The size of the difference of two values."""
        return self.context.subtract(left, right).copy_abs()

    def note(self, value: Decimal) -> Decimal:
        """Keep track of a magnitude met on the way."""
        if value:
            exponent = value.adjusted()
            if exponent > self.high:
                self.high = exponent
            elif exponent < self.low:
                self.low = exponent
        return value

    def rational(self, value: Fraction) -> Decimal:
        """A fraction, rounded."""
        if value.denominator == 1:
            return self.context.create_decimal(value.numerator)
        return self.context.divide(Decimal(value.numerator), Decimal(value.denominator))

    def _value(self, node: Node) -> Decimal:  # noqa: C901, PLR0912
        self.effort.charge(self.price)
        context = self.context
        if isinstance(node, Num):
            return self.note(self.rational(node.value))
        if isinstance(node, Sym):
            if node.name not in self.values:
                raise InexactError
            return self.rational(self.values[node.name])
        if isinstance(node, Const):
            if node.name == "pi":
                return pi(self.digits)
            if node.name == "e":
                return context.exp(Decimal(1))
            raise InexactError
        if isinstance(node, Add):
            total = Decimal(0)
            for term in node.terms:
                total = context.add(total, self._value(term))
                self.note(total)
            return total
        if isinstance(node, Mul):
            product = Decimal(1)
            for factor in node.factors:
                if isinstance(factor, Pow) and factor.exponent == _MINUS_ONE:
                    product = context.divide(product, self.divisor(factor.base))
                else:
                    product = context.multiply(product, self._value(factor))
            return self.note(product)
        if isinstance(node, Pow):
            return self.note(self._power(node.base, node.exponent))
        if isinstance(node, Fn):
            return self.note(self._function(node.name, node.args))
        if isinstance(node, Degree):
            angle = context.multiply(self._value(node.value), pi(self.digits))
            return context.divide(angle, Decimal(180))
        if isinstance(node, Percent):
            return context.divide(self._value(node.value), Decimal(100))
        if isinstance(node, Based):
            return self.rational(based_value(node))
        if isinstance(node, BigOp):
            return self._big(node)
        raise InexactError

    def divisor(self, node: Node) -> Decimal:
        """The value of a divisor; one that may be zero but for rounding has none.

        Raises:
            UndefinedError: 1/sin π is not 10^40.
        """
        value = self._value(node)
        if value.adjusted() < 12 - self.digits and value and exact_or_none(node) is None:
            raise UndefinedError
        return value

    def _terms(self, node: BigOp, low: Decimal, high: Decimal) -> Iterator[Node]:
        """The body of a sum or product, with the index set to one value after the other."""
        if node.op not in {"sum", "prod"} or not (self._is_integer(low) and self._is_integer(high)):
            raise InexactError
        if int(high) - int(low) > MAX_TERMS:
            raise InexactError
        saved = self.values
        for index in range(int(low), int(high) + 1):
            self.effort.charge(2 * self.price)
            self.values = {**saved, node.var: Fraction(index)}
            yield node.body
        self.values = saved

    def _big(self, node: BigOp) -> Decimal:
        total = Decimal(0 if node.op == "sum" else 1)
        combine = self.context.add if node.op == "sum" else self.context.multiply
        for part in self._terms(node, self._value(node.low), self._value(node.high)):
            total = self.note(combine(total, self._value(part)))
        return total

    def _is_integer(self, value: Decimal) -> bool:
        return value.adjusted() < 15 and value == value.to_integral_value()

    def _relative(self, node: Node) -> Decimal:
        """A value of which only the relative error matters, as inside a logarithm."""
        before, self.high = self.high, 0
        value = self._value(node)
        self.highest = max(self.highest, self.high)
        self.high = max(before, self.high - value.adjusted() if value else self.high)
        return value

    # -- powers -----------------------------------------------------------------------------

    def _power(self, base_node: Node, exponent_node: Node) -> Decimal:
        context = self.context
        if base_node == _E:
            self.effort.charge(self.function_price)
            return context.exp(self._value(exponent_node))
        negative = isinstance(exponent_node, Num) and exponent_node.value < 0
        base = self.divisor(base_node) if negative else self._value(base_node)
        if isinstance(exponent_node, Num):
            return self._rational_power(base, exponent_node.value)
        exponent = self._value(exponent_node)
        if base < 0 and not self._is_integer(exponent):
            ratio = _as_fraction(exponent_node)
            if ratio is None:
                raise UndefinedError
            return self._rational_power(base, ratio)
        if not base:
            if exponent <= 0:
                raise UndefinedError
            return base
        return self._context_power(base, exponent)

    def _context_power(self, base: Decimal, exponent: Decimal) -> Decimal:
        if base == 1:
            return base
        context = self.context
        if exponent.adjusted() > 20:  # the size first: it must not be worked out
            raise TooLargeError
        whole = self._is_integer(exponent)
        # The relative error of a power is that of its exponent times ln(result).
        if exponent.adjusted() > 9 and not whole:
            raise InexactError
        self.effort.charge(8 * self.price if whole else 3 * self.function_price)
        return context.power(base, exponent)

    def _rational_power(self, base: Decimal, exponent: Fraction) -> Decimal:
        context = self.context
        if exponent.denominator == 1:
            if not base and exponent < 0:
                raise UndefinedError
            if not base and exponent == 0:
                return Decimal(1)
            return self._context_power(base, Decimal(exponent.numerator))
        if base < 0:
            if exponent.denominator % 2 == 0:
                raise UndefinedError
            size = self._rational_power(base.copy_negate(), exponent)
            return size.copy_negate() if exponent.numerator % 2 else size
        if not base:
            if exponent < 0:
                raise UndefinedError
            return base
        if exponent.denominator == 2:
            root = context.sqrt(base)
            return self._context_power(root, Decimal(exponent.numerator))
        return self._context_power(base, self.rational(exponent))

    # -- functions --------------------------------------------------------------------------

    def _function(self, name: str, args: tuple[Node, ...]) -> Decimal:
        if name == "root" and len(args) == 2:
            index = _as_fraction(args[0])
            if index is None:
                return self._power(args[1], Pow(args[0], _MINUS_ONE))
            if index == 0:
                raise UndefinedError
            return self._rational_power(self._value(args[1]), 1 / index)
        if name in FUNCTIONS:
            check_arity(name, args)
        value = self._relative if name in _LOGARITHMS else self._value
        return self.real_function(name, [value(arg) for arg in args])

    def real_function(self, name: str, args: Sequence[Decimal]) -> Decimal:
        """A function of real values.

        Raises:
            InexactError: it is none that we know, or takes too much work.
        """
        compute = FUNCTIONS.get(name)
        if compute is None:
            raise InexactError
        self.effort.charge(3 * self.price if name in _CHEAP else self.function_price)
        return compute(self, args)


_MINUS_ONE = Num(Fraction(-1))
_CHEAP = frozenset(
    ("sqrt", "abs", "sgn", "floor", "ceil", "max", "min", "mod", "gcd", "lcm", "factorial", "binom")
)
_LOGARITHMS = frozenset({"ln", "log", "logb"})
_E = Const("e")


def _as_fraction(node: Node) -> Fraction | None:
    return exact_or_none(node)
