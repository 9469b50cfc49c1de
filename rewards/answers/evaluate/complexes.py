"""The value of a tree at one point in the complex numbers, on principal branches."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from flint import acb, arb, fmpq, fmpz

from rewards.answers.construct import GAMMA
from rewards.answers.effort import InexactError, UndefinedError
from rewards.answers.evaluate.enclosures import Enclosure
from rewards.answers.evaluate.functions import (
    FUNCTIONS,
    LARGEST_LOGARITHM,
    divisor,
    exponential,
    inside,
    logarithm,
)
from rewards.answers.evaluate.precision import TooLargeError, UnsureError
from rewards.answers.evaluate.special_values import turns
from rewards.answers.evaluate.values import check_arity, exact
from rewards.answers.tree import Const, Fn, Mul, Node, Pow

if TYPE_CHECKING:
    Ball = Any  # python-flint has no types of its own
else:
    Ball = acb

_MANY = 10**6
_CIRCULAR = frozenset({"sin", "cos", "tan", "sinh", "cosh", "tanh"})


class ComplexEnclosure(Enclosure):
    """Like `Enclosure`, with balls in the complex plane."""

    def measure(self, value: Ball) -> None:
        """Take the exponents of both parts into account."""
        super().measure(value.real)
        super().measure(value.imag)

    def ball(self, value: object) -> Ball:
        """A value as a ball in the complex plane."""
        return acb(value)

    def _value(self, node: Node) -> Ball:
        self.effort.charge(self.price)  # once more than for a real one
        return acb(0, 1) if node == _I else acb(super()._value(node))

    def divisor(self, node: Node) -> Ball:
        """A divisor that is surely not zero."""
        value = self._value(node)
        return self.nonzero(value, node)

    def nonzero(self, value: Ball, node: Node | None = None) -> Ball:
        """A ball without zero, made smaller where the exact value is known."""
        if not value.contains(0):
            return value
        if value.is_zero():
            raise UndefinedError
        if node is None:
            raise UnsureError
        return divisor(arb(self.rational(self._exactly_or_unsure(node))))

    def _exactly_or_unsure(self, node: Node) -> Fraction:
        try:
            return self.exactly(node)
        except InexactError:
            raise UnsureError from None

    def _exponential(self, value: Ball) -> Ball:
        self.effort.charge(self.function_price)
        if _is_real(value):
            return acb(exponential(value.real))
        if value.real > LARGEST_LOGARITHM:
            raise TooLargeError
        return value.exp()

    def _logarithm(self, value: Ball) -> Ball:
        """The principal logarithm; the cut along the negative reals belongs to the upper side."""
        self.effort.charge(2 * self.function_price)
        if _is_real(value):
            real = value.real
            if real < 0:
                return acb(logarithm(-real), arb.pi())
            if real.is_zero():
                raise UndefinedError
            if not real > 0:
                raise UnsureError
            return acb(logarithm(real))
        return _off_the_cut(value).log()

    def _power(self, node: Pow) -> Ball:
        if node.base == _E:
            angle = self._imaginary_turns(node.exponent)
            if angle is not None:
                at = fmpq(angle.numerator, angle.denominator)
                return acb(arb.cos_pi_fmpq(at), arb.sin_pi_fmpq(at))
            return self._exponential(self._value(node.exponent))
        base = self._value(node.base)
        ratio = self._ratio(node.exponent)
        if ratio is not None:
            try:
                return self._rational_power(base, ratio)
            except UnsureError:
                exact_base = acb(self.rational(self._exactly_or_unsure(node.base)))
                return self._rational_power(exact_base, ratio)
        return self._raised(base, self._value(node.exponent))

    def _imaginary_turns(self, node: Node) -> Fraction | None:
        """The r of an exponent that is exactly rπi."""
        if not isinstance(node, Mul) or node.factors.count(_I) != 1:
            return None
        rest = tuple(factor for factor in node.factors if factor != _I)
        try:
            return turns(Mul(rest), exact)
        except (InexactError, ZeroDivisionError):
            return None

    def _rational_power(self, base: Ball, exponent: Fraction) -> Ball:
        if exponent <= 0:
            self.nonzero(base)
        if exponent.denominator == 1 and abs(exponent) < _MANY:
            return base ** fmpz(exponent.numerator)
        if exponent == _HALF:
            return self._square_root(base)
        return self._raised(base, acb(self.rational(exponent)))

    def _raised(self, base: Ball, exponent: Ball) -> Ball:
        if base.is_zero():
            if not exponent.real > 0:
                raise UndefinedError if exponent.real <= 0 else UnsureError
            return base
        if _is_real(base) and base.real > 0 and _is_real(exponent):
            return acb(self._general_power(base.real, exponent.real))
        return self._exponential(exponent * self._logarithm(base))

    def _square_root(self, value: Ball) -> Ball:
        if _is_real(value):
            real = value.real
            if real >= 0:
                return acb(real.sqrt())
            if real < 0:
                return acb(0, (-real).sqrt())
            raise UnsureError
        return _off_the_cut(value).sqrt()

    def _function(self, node: Fn) -> Ball:
        name, args = node.name, node.args
        if name in FUNCTIONS:
            check_arity(name, args)
        elif name == "call" and len(args) == 2 and args[0] == GAMMA:
            name, args = "gamma", args[1:]
        elif name not in {"Re", "Im", "root"}:
            raise InexactError
        balls = [self._value(arg) for arg in args]
        try:
            return self._applied(name, balls)
        except UnsureError:
            pass
        try:
            return acb(self.rational(self.exactly(node)))
        except InexactError:
            balls = [acb(self.surely(arg, ball)) for arg, ball in zip(args, balls, strict=True)]
            return self._applied(name, balls)

    def _applied(self, name: str, args: Sequence[Ball]) -> Ball:
        if name == "sqrt":
            return self._square_root(args[0])
        if name == "root" and len(args) == 2:
            return self._root_of(*args)
        if name in {"ln", "log"}:
            return self._logarithm(args[0])
        if name == "logb":
            return self._logarithm(args[1]) / self.nonzero(self._logarithm(args[0]))
        if name == "abs":
            return acb(abs(args[0]))
        if name in {"Re", "Im"} and len(args) == 1:
            return acb(args[0].real if name == "Re" else args[0].imag)
        if all(map(_is_real, args)):
            return acb(self.apply(name, [arg.real for arg in args]))
        if name in _CIRCULAR and len(args) == 1:
            return self._circular(name, args[0])
        raise InexactError

    def _root_of(self, index: Ball, radicand: Ball) -> Ball:
        if _is_real(index) and _is_real(radicand) and radicand.real < 0:
            count = index.real
            if count.is_exact() and count.is_integer() and not (count / 2).is_integer():
                # the real root, as in the reals
                return -self._raised(-radicand, 1 / self.nonzero(index))
        return self._raised(radicand, self.note(1 / self.nonzero(index)))

    def _circular(self, name: str, value: Ball) -> Ball:
        self.effort.charge(2 * self.function_price)
        away = value.real if name.endswith("h") else value.imag
        around = value.imag if name.endswith("h") else value.real
        inside(around, -_MANY, _MANY)
        if abs(away) > LARGEST_LOGARITHM:
            raise TooLargeError
        if name in {"tan", "tanh"}:
            self.nonzero(value.cos() if name == "tan" else value.cosh())
        found: Ball = getattr(value, name)()
        return found


def _is_real(value: Ball) -> bool:
    return bool(value.imag.is_zero())


def _off_the_cut(value: Ball) -> Ball:
    """A ball that does not touch the negative reals or zero."""
    if not value.real > 0 and value.imag.contains(0):
        raise UnsureError
    return value


_I, _E = Const("i"), Const("e")
_HALF = Fraction(1, 2)
