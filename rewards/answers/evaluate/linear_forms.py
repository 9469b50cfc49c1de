r"""Exact values of sums in which all that is irrational cancels: \sqrt8-2\sqrt2, \ln8-3\ln2."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TypeAlias

from rewards.answers.effort import InexactError
from rewards.answers.evaluate.special_values import MAX_NODES, Exact, is_small, power_form
from rewards.answers.tree import Add, Const, Fn, Mul, Node, Num, Pow

MAX_FACTORED = 10**6
_HALF = Fraction(1, 2)


def linear_value(node: Node, exact: Exact) -> Fraction:
    r"""The rational value of a sum in which all else cancels: \sqrt8-2\sqrt2, \ln8-3\ln2.

    Raises:
        InexactError: something is left.
    """
    if not is_small(node, 2 * MAX_NODES):
        raise InexactError
    rest = {key: value for key, value in _linear(node, exact).items() if value}
    if rest.keys() - {_ONE}:
        raise InexactError
    return rest.get(_ONE, Fraction(0))


_Key: TypeAlias = "tuple[str, int]"
_ONE: _Key = ("1", 1)


def _linear(node: Node, exact: Exact) -> dict[_Key, Fraction]:  # noqa: C901 - a line for each kind
    """Coefficients over 1, π, e, i, √n (n without squares) and ln p (p prime)."""
    if isinstance(node, Const) and node.name in {"pi", "e", "i"}:
        return {(node.name, 1): Fraction(1)}
    if isinstance(node, Add):
        total: dict[_Key, Fraction] = {}
        for term in node.terms:
            for key, value in _linear(term, exact).items():
                total[key] = total.get(key, Fraction(0)) + value
        return total
    if isinstance(node, Mul):
        return _linear_product(node, exact)
    if isinstance(node, Fn) and len(node.args) == 1:
        if node.name == "sqrt":
            return _root(exact(node.args[0]))
        if node.name in {"ln", "log"}:
            return _prime_logarithms(node, exact)
    if isinstance(node, Pow) and node.exponent == Num(_HALF):
        return _root(exact(node.base))
    if isinstance(node, Pow) and node.exponent == Num(Fraction(-1)):
        return _inverse_root(_linear(node.base, exact))
    return {_ONE: exact(node)}


_Form: TypeAlias = "dict[_Key, Fraction]"


def _linear_product(node: Mul, exact: Exact) -> _Form:
    product: _Form = {_ONE: Fraction(1)}
    for factor in node.factors:
        product = _multiplied(product, _linear(factor, exact))
    return product


def _multiplied(one: _Form, other: _Form) -> _Form:
    """A product in which at most square roots meet."""
    product: _Form = {}
    for left, a in one.items():
        for right, b in other.items():
            if _ONE in {left, right}:
                form = {left if right == _ONE else right: Fraction(1)}
            elif left[0] == right[0] == "sqrt":
                form = _root(Fraction(left[1] * right[1]))
            else:
                raise InexactError
            for key, value in form.items():
                product[key] = product.get(key, Fraction(0)) + a * b * value
    return product


def _inverse_root(form: _Form) -> _Form:
    """1/(c√n), which is √n/(cn)."""
    ((key, value),) = form.items() if len(form) == 1 else [(_ONE, Fraction(0))]
    if key[0] not in {"1", "sqrt"} or not value:
        raise InexactError
    return {key: 1 / (value * key[1])}


def _root(value: Fraction) -> dict[_Key, Fraction]:
    if value < 0:
        raise InexactError
    factors = _factored(value.numerator * value.denominator)
    square_free = math.prod(prime for prime, count in factors.items() if count % 2)
    outside = math.prod(prime ** (count // 2) for prime, count in factors.items())
    key = _ONE if square_free == 1 else ("sqrt", square_free)
    return {key: Fraction(outside, value.denominator)} if value else {_ONE: Fraction(0)}


def _prime_logarithms(node: Fn, exact: Exact) -> dict[_Key, Fraction]:
    base, exponent = power_form(node.args[0], exact)
    if base is None:
        return {_ONE if node.name == "ln" else ("log e", 1): exponent}
    if base <= 0:
        raise InexactError
    form: dict[_Key, Fraction] = {}
    for number, sign in ((base.numerator, 1), (base.denominator, -1)):
        for prime, count in _factored(number).items():
            form[node.name, prime] = sign * count * exponent
    return form


def _factored(number: int) -> dict[int, int]:
    """The prime factors of a number of moderate size, with their powers."""
    if number > MAX_FACTORED:
        raise InexactError
    factors: dict[int, int] = {}
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors[divisor] = factors.get(divisor, 0) + 1
            number //= divisor
        divisor += 1
    if number > 1:
        factors[number] = 1
    return factors
