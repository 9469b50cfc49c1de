"""Evaluate a tree in the complex numbers, on principal branches, over pairs of decimals."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from rewards.answers.effort import InexactError
from rewards.answers.evaluate.functions import FUNCTIONS, sin_cos
from rewards.answers.evaluate.numeric import Evaluator
from rewards.answers.evaluate.precision import pi
from rewards.answers.evaluate.values import UndefinedError, check_arity
from rewards.answers.tree import Add, BigOp, Const, Degree, Fn, Mul, Node, Num, Percent, Pow

if TYPE_CHECKING:
    from collections.abc import Sequence

Complex: TypeAlias = "tuple[Decimal, Decimal]"

_ZERO, _ONE = Decimal(0), Decimal(1)


class ComplexEvaluator(Evaluator):
    """Like `Evaluator`, with values that are pairs (real part, imaginary part)."""

    def difference(self, left: Complex, right: Complex) -> Decimal:  # type: ignore[override]
        """The larger difference of the parts."""
        return max(self.context.subtract(a, b).copy_abs() for a, b in zip(left, right, strict=True))

    def _pair(self, real: Decimal, imaginary: Decimal) -> Complex:
        self.note(real)
        self.note(imaginary)
        return real, imaginary

    def _value(self, node: Node) -> Complex:  # type: ignore[override]
        self.effort.charge(3 * self.price)
        context = self.context
        if node == _I:
            return _ZERO, _ONE
        if isinstance(node, Add):
            real = imaginary = _ZERO
            for term in node.terms:
                a, b = self._value(term)
                real, imaginary = self._pair(context.add(real, a), context.add(imaginary, b))
            return real, imaginary
        if isinstance(node, Mul):
            product = (_ONE, _ZERO)
            for factor in node.factors:
                product = self._times(product, self._value(factor))
            return product
        if isinstance(node, Pow):
            return self._complex_power(node)
        if isinstance(node, Fn):
            return self._complex_function(node.name, [self._value(arg) for arg in node.args])
        if isinstance(node, (Degree, Percent)):
            scale = Num(Fraction(1, 180 if isinstance(node, Degree) else 100))
            value = self._times(self._value(node.value), self._value(scale))
            return (
                value if isinstance(node, Percent) else self._times(value, (pi(self.digits), _ZERO))
            )
        if isinstance(node, BigOp):
            return self._series(node)
        return super()._value(node), _ZERO

    def _series(self, node: BigOp) -> Complex:
        c = self.context
        total = (_ZERO, _ZERO) if node.op == "sum" else (_ONE, _ZERO)
        for part in self._terms(node, self._value(node.low)[0], self._value(node.high)[0]):
            a, b = self._value(part)
            if node.op == "sum":
                total = self._pair(c.add(total[0], a), c.add(total[1], b))
            else:
                total = self._times(total, (a, b))
        return total

    def _times(self, left: Complex, right: Complex) -> Complex:
        c = self.context
        return self._pair(
            c.subtract(c.multiply(left[0], right[0]), c.multiply(left[1], right[1])),
            c.add(c.multiply(left[0], right[1]), c.multiply(left[1], right[0])),
        )

    def _inverse(self, value: Complex) -> Complex:
        c = self.context
        size = c.add(c.multiply(value[0], value[0]), c.multiply(value[1], value[1]))
        if not size or size.adjusted() < 2 * (12 - self.digits):  # zero but for rounding?
            raise UndefinedError
        return self._pair(c.divide(value[0], size), c.divide(value[1], size).copy_negate())

    def _exp(self, value: Complex) -> Complex:
        self.effort.charge(2 * self.function_price)
        size = self.context.exp(value[0])
        if not value[1]:
            return size, _ZERO
        sine, cosine = sin_cos(self, value[1])
        return self._pair(self.context.multiply(size, cosine), self.context.multiply(size, sine))

    def _ln(self, value: Complex) -> Complex:
        self.effort.charge(2 * self.function_price)
        c = self.context
        real, imaginary = value
        if not imaginary:
            if not real:
                raise UndefinedError
            return c.ln(real.copy_abs()), _ZERO if real > 0 else pi(self.digits)
        size = c.add(c.multiply(real, real), c.multiply(imaginary, imaginary))
        return c.divide(c.ln(size), Decimal(2)), self._angle(real, imaginary)

    def _angle(self, real: Decimal, imaginary: Decimal) -> Decimal:
        c = self.context
        if real.copy_abs() >= imaginary.copy_abs():
            angle = FUNCTIONS["arctan"](self, [c.divide(imaginary, real)])
            if real > 0:
                return angle
            half_turn = pi(self.digits)
            return c.add(angle, half_turn if imaginary >= 0 else half_turn.copy_negate())
        quarter = c.divide(pi(self.digits), Decimal(2))
        rest = FUNCTIONS["arctan"](self, [c.divide(real, imaginary)])
        return c.subtract(quarter if imaginary > 0 else quarter.copy_negate(), rest)

    def _complex_power(self, node: Pow) -> Complex:
        if node.base == _E:
            return self._exp(self._value(node.exponent))
        base, exponent = self._value(node.base), self._value(node.exponent)
        return self._raise(base, exponent)

    def _raise(self, base: Complex, exponent: Complex) -> Complex:
        if not exponent[1] and self._is_integer(exponent[0]) and exponent[0].copy_abs() < 10**6:
            count = int(exponent[0])
            result, square = (_ONE, _ZERO), base if count >= 0 else self._inverse(base)
            count = abs(count)
            while count:
                if count & 1:
                    result = self._times(result, square)
                count >>= 1
                if count:
                    square = self._times(square, square)
            return result
        if not base[0] and not base[1]:
            if exponent[0] <= 0:
                raise UndefinedError
            return base
        if not base[1] and base[0] > 0 and not exponent[1]:
            return self._context_power(base[0], exponent[0]), _ZERO
        return self._exp(self._times(exponent, self._ln(base)))

    def _sqrt(self, value: Complex) -> Complex:
        if not value[1]:
            root = self.context.sqrt(value[0].copy_abs())
            return (root, _ZERO) if value[0] >= 0 else (_ZERO, root)
        half = (Decimal("0.5"), _ZERO)
        return self._exp(self._times(half, self._ln(value)))

    def _complex_function(  # noqa: C901
        self, name: str, args: Sequence[Complex]
    ) -> Complex:
        c = self.context
        if name not in {"Re", "Im"}:
            check_arity(name, args)
        if name == "sqrt":
            return self._sqrt(args[0])
        if name == "root":
            if not args[0][1] and not args[1][1] and args[1][0] < 0:
                index = args[0][0]
                if self._is_integer(index) and int(index) % 2:  # the real root, as in the reals
                    root = self._raise((args[1][0].copy_negate(), _ZERO), self._inverse(args[0]))
                    return root[0].copy_negate(), root[1]
            return self._raise(args[1], self._inverse(args[0]))
        if name in {"ln", "log"}:
            return self._ln(args[0])
        if name == "logb":
            return self._times(self._ln(args[1]), self._inverse(self._ln(args[0])))
        if name == "abs":
            square = c.add(c.multiply(args[0][0], args[0][0]), c.multiply(args[0][1], args[0][1]))
            return c.sqrt(square), _ZERO
        if name in {"Re", "Im"}:
            return args[0][0 if name == "Re" else 1], _ZERO
        if all(not arg[1] for arg in args):
            return self.real_function(name, [arg[0] for arg in args]), _ZERO
        if name in {"sin", "cos", "tan", "sinh", "cosh", "tanh"}:
            return self._trigonometric(name, args[0])
        raise InexactError

    def _trigonometric(self, name: str, value: Complex) -> Complex:
        circular = not name.endswith("h")
        turned = self._times((_ZERO, _ONE), value) if circular else value
        up = self._exp(turned)
        down = self._inverse(up)
        c = self.context
        plus = self._pair(c.add(up[0], down[0]), c.add(up[1], down[1]))
        minus = self._pair(c.subtract(up[0], down[0]), c.subtract(up[1], down[1]))
        if circular:
            minus = self._times(minus, (_ZERO, Decimal(-1)))
        half = (Decimal("0.5"), _ZERO)
        if name.startswith("sin"):
            return self._times(minus, half)
        if name.startswith("cos"):
            return self._times(plus, half)
        return self._times(minus, self._inverse(plus))


_I, _E = Const("i"), Const("e")
