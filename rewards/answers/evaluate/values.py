"""Exact values: the rational a tree denotes, within limits that come before the arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from rewards.answers.effort import InexactError, UndefinedError, effort, literal_price
from rewards.answers.evaluate.special_values import SPECIAL, power_form, special_value
from rewards.answers.tree import Add, Based, BigOp, Const, Fn, Mul, Node, Num, Percent, Pow
from rewards.answers.walk import contains, substitute

MAX_BITS = 60_000
MAX_COST = 1_000_000
MAX_TERMS = 2_000
_LONG = 1_000
MAX_FACTORIAL = 3_000


def exact(node: Node) -> Fraction:  # noqa: C901
    """The rational value of a tree.

    Raises:
        InexactError: if it is irrational, depends on a variable, or is too large.
        UndefinedError: if it has no value.

    >>> exact(Pow(Num(Fraction(2)), Num(Fraction(-3))))
    Fraction(1, 8)
    """
    if isinstance(node, Num):
        return node.value
    if isinstance(node, Add):
        total, cost = Fraction(0), 0
        for term in node.terms:
            total += exact(term)
            cost = _charge(total, cost)
        return total
    if isinstance(node, Mul):
        product, cost = Fraction(1), 0
        for factor in node.factors:
            product *= exact(factor)
            cost = _charge(product, cost)
        return product
    if isinstance(node, Pow):
        return _power_of(node)
    if isinstance(node, Percent):
        return exact(node.value) / 100
    if isinstance(node, Based):
        return based_value(node)
    if isinstance(node, Fn):
        return _function(node.name, node.args)
    if isinstance(node, BigOp) and node.op in {"sum", "prod"}:
        return _big(node)
    raise InexactError


def _power_of(node: Pow) -> Fraction:
    """A power, also one whose base is irrational: √2², e^0, e^{ln 3}."""
    exponent = node.exponent
    if node.base != _E:
        try:
            base = exact(node.base)
        except InexactError:
            if not isinstance(node.base, (Fn, Pow)):
                raise
            form, inner = power_form(node.base, exact)
            if form is None:
                raise
            return power(form, inner * exact(exponent))
        return power(base, exact(exponent))
    if isinstance(exponent, Fn) and exponent.name == "ln" and len(exponent.args) == 1:
        value = exact(exponent.args[0])
        if value > 0:
            return value
        raise InexactError if value else UndefinedError
    if exact(exponent) == 0:
        return Fraction(1)
    raise InexactError


_E = Const("e")


def based_value(node: Based) -> Fraction:
    """The value of a numeral; it has none if a digit is not one of its base."""
    try:
        return Fraction(int(node.digits, node.base))
    except ValueError:
        raise UndefinedError from None


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """Base ** exponent, if it is rational and of reasonable size."""
    if exponent.denominator != 1:
        return _rational_root(base, exponent)
    count = exponent.numerator
    if base == 0:
        if count <= 0:  # 0^0 has no value: a limit of that form may be anything
            raise UndefinedError
        return Fraction(0)
    if abs(base) == 1:
        return base if count % 2 else Fraction(1)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(count) > MAX_BITS:
        raise InexactError
    return base**count


def _rational_root(base: Fraction, exponent: Fraction) -> Fraction:
    index = exponent.denominator
    if base < 0 or index > 64 or base.numerator.bit_length() > 4096:
        raise InexactError
    top, bottom = _integer_root(base.numerator, index), _integer_root(base.denominator, index)
    if top is None or bottom is None:
        raise InexactError
    return power(Fraction(top, bottom), Fraction(exponent.numerator))


def _integer_root(value: int, index: int) -> int | None:
    """The exact `index`-th root of a non-negative integer, or `None`."""
    if index == 2:
        root = math.isqrt(value)
        return root if root * root == value else None
    if value < 2:
        return value
    if index >= value.bit_length():
        return None
    root = 1 << -(-value.bit_length() // index)  # Newton's steps, from above
    while True:
        power = root ** (index - 1)
        closer = ((index - 1) * root + value // power) // index
        if closer >= root:
            return root if power * root == value else None
        root = closer


def _rational_logarithm(base: Fraction, value: Fraction) -> Fraction:
    """The logarithm of a rational power of `base`: 3/2 for log_4 8."""
    if base <= 0 or base == 1 or value <= 0:
        raise UndefinedError
    size = _log(base)
    if abs(size) < _NEAR_ONE:  # 1 + 10^-400 is 1 to a float
        raise InexactError
    guess = Fraction(_log(value) / size).limit_denominator(64)
    if power(base, Fraction(guess.numerator)) != power(value, Fraction(guess.denominator)):
        raise InexactError
    return guess


_NEAR_ONE = 1e-9


def _log(value: Fraction) -> float:
    return math.log(value.numerator) - math.log(value.denominator)


def _charge(value: Fraction, cost: int) -> int:
    """What the work so far has cost, in bits handled; too much is refused."""
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    cost += bits if value.denominator == 1 else 8 * bits  # a common denominator is dear
    if bits > 2 * MAX_BITS or cost > MAX_COST:
        raise InexactError
    if bits > _LONG:
        # The greatest common divisor of long numbers takes the square of their length.
        effort().charge(bits // 3_000 if value.denominator == 1 else bits * bits // 800_000)
    return cost


_TWO_ARGUMENTS = frozenset({"logb", "root", "binom", "mod"})
_ANY_ARGUMENTS = frozenset({"max", "min", "gcd", "lcm"})


def check_arity(name: str, args: Sequence[object]) -> None:
    """Refuse a function with too few or too many arguments.

    Raises:
        InexactError: `sin(1, 2)` has no value.
    """
    wanted = 2 if name in _TWO_ARGUMENTS else 1
    if (not args) if name in _ANY_ARGUMENTS else len(args) != wanted:
        raise InexactError


def _function(name: str, args: tuple[Node, ...]) -> Fraction:  # noqa: C901, PLR0912
    check_arity(name, args)
    if name == "sqrt":
        return _rational_root(exact(args[0]), Fraction(1, 2))
    # An odd root of a negative number is real, as people mean it; no other has a value here.
    if name == "root":
        index, radicand = exact(args[0]), exact(args[1])
        if index == 0:
            raise UndefinedError
        if radicand < 0 and index.numerator % 2 and index.denominator == 1:
            return -_rational_root(-radicand, 1 / index) if index != 1 else radicand
        return power(radicand, 1 / index)
    if name == "logb":
        return _logarithm(*args)
    if name in SPECIAL:
        effort().charge(1)
        return special_value(name, args[0], exact)
    if name in {"abs", "floor", "ceil"}:
        value = exact(args[0])
        if name == "abs":
            return abs(value)
        return Fraction(math.floor(value) if name == "floor" else math.ceil(value))
    # Factorials and binomials are charged by their size before they are worked out.
    if name == "factorial":
        count = exact(args[0])
        if count.denominator != 1 or count < 0:
            raise UndefinedError
        if count > MAX_FACTORIAL:
            raise InexactError
        effort().charge(int(count * count) // 35_000)
        return Fraction(math.factorial(int(count)))
    if name == "binom":
        top, bottom = exact(args[0]), exact(args[1])
        if top.denominator != 1 or bottom.denominator != 1 or top < 0 or bottom < 0:
            raise InexactError
        if top > MAX_FACTORIAL:
            raise InexactError
        effort().charge(int(min(bottom, abs(top - bottom)) * top) // 17_500)
        return Fraction(math.comb(int(top), int(bottom)))
    if name in {"min", "max"} and args:
        values = [exact(arg) for arg in args]
        effort().charge(sum(map(literal_price, values)))
        return min(values) if name == "min" else max(values)
    # Rationals have common divisors, too: gcd(1/2, 1/3) = 1/6.
    if name in {"gcd", "lcm", "mod"} and args:
        return _of_multiples(name, [exact(arg) for arg in args])
    raise InexactError


def _of_multiples(name: str, values: Sequence[Fraction]) -> Fraction:
    """Remainders, and greatest and least common divisors and multiples, of rationals too."""
    if name == "mod":
        if len(values) != 2 or values[1] == 0:
            raise UndefinedError
        _charge(abs(values[0]) + abs(values[1]), 0)
        return values[0] % values[1]
    found, cost = abs(values[0]), 0
    for value in values[1:]:
        # Charged as a fraction would be, whose common divisor is taken too.
        cost = _charge(found + abs(value), cost)
        common = math.lcm(found.denominator, value.denominator)
        pair = (int(found * common), int(value * common))
        found = Fraction((math.gcd if name == "gcd" else math.lcm)(*pair), common)
    return found


def _logarithm(base_node: Node, node: Node) -> Fraction:
    base, below = power_form(base_node, exact)
    value, above = power_form(node, exact)
    if value == 0 or base in {0, 1} or below == 0:
        raise UndefinedError
    if value == 1 or above == 0:
        return Fraction(0)
    if base is None or value is None:
        if base is value:  # powers of e
            return above / below
        raise InexactError
    if base < 0 or value < 0:
        raise UndefinedError if below == above == 1 else InexactError
    return _rational_logarithm(base, value) * above / below


def _big(node: BigOp) -> Fraction:
    if contains(node.body, (BigOp,)):
        raise InexactError
    low, high = exact(node.low), exact(node.high)
    if low.denominator != 1 or high.denominator != 1 or high - low > MAX_TERMS:
        raise InexactError
    if high < low:  # nobody writes an empty sum for 0, and what stands in it may have no value
        raise InexactError
    total, cost, account = Fraction(0 if node.op == "sum" else 1), 0, effort()
    for index in range(int(low), int(high) + 1):
        account.charge(10)
        value = exact(substitute(node.body, {node.var: Num(Fraction(index))}))
        total = total + value if node.op == "sum" else total * value
        cost = _charge(total, cost)
    return total


def exact_or_none(node: Node) -> Fraction | None:
    """`exact`, with `None` for whatever has no exact rational value.

    >>> from rewards.answers.tree import Const
    >>> exact_or_none(Const("pi")) is None
    True
    """
    try:
        return exact(node)
    except ArithmeticError:
        return None


def is_undefined(node: Node) -> bool:
    """Whether a constant certainly has no value, like 0/0."""
    try:
        exact(node)
    except UndefinedError:
        return True
    except ArithmeticError:
        return False
    return False
