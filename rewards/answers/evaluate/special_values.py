r"""Exact values that elementary functions have at special places: \sin\pi = 0, \ln e^2 = 2.

A zero that is known to be one makes `\ln\sin\pi` undefined; without it no number of digits could
tell. Only small expressions are looked at, so that nested ones cost no more than flat ones.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from rewards.answers.effort import InexactError, UndefinedError
from rewards.answers.tree import Add, Const, Degree, Fn, Mul, Node, Pow
from rewards.answers.walk import children

Exact: TypeAlias = "Callable[[Node], Fraction]"

MAX_NODES = 16

_HALF = Fraction(1, 2)
# Niven's theorem: the only rational sines of rational multiples of π, by the multiple modulo 2.
_SINES = {
    Fraction(0): Fraction(0),
    Fraction(1, 6): _HALF,
    _HALF: Fraction(1),
    Fraction(5, 6): _HALF,
    Fraction(1): Fraction(0),
    Fraction(7, 6): -_HALF,
    Fraction(3, 2): Fraction(-1),
    Fraction(11, 6): -_HALF,
}
_TANGENTS = {
    Fraction(0): Fraction(0),
    Fraction(1, 4): Fraction(1),
    Fraction(3, 4): Fraction(-1),
}
_ARCSINES = {
    Fraction(-1): -_HALF,
    -_HALF: Fraction(-1, 6),
    Fraction(0): Fraction(0),
    _HALF: Fraction(1, 6),
    Fraction(1): _HALF,
}
_ARCTANGENTS = {
    Fraction(-1): Fraction(-1, 4),
    Fraction(0): Fraction(0),
    Fraction(1): Fraction(1, 4),
}
CIRCULAR = frozenset({"sin", "cos", "tan", "cot", "sec", "csc"})
# f(0) of functions whose only rational value at a rational place it is (Lindemann).
_AT_ZERO = {
    "sinh": 0, "cosh": 1, "tanh": 0, "sech": 1, "arsinh": 0, "artanh": 0, "arcsin": 0, "arctan": 0,
}  # fmt: skip
_AT_ONE = {"arcosh": 0, "arccos": 0, "arcsec": 0}
SPECIAL = CIRCULAR | _AT_ZERO.keys() | _AT_ONE.keys() | {"ln", "log", "coth", "csch"}


def special_value(name: str, argument: Node, exact: Exact) -> Fraction:
    """The rational value of a function, where it has one that is known.

    Raises:
        InexactError: none is known.
        UndefinedError: the function has a pole there.
    """
    if not is_small(argument):
        raise InexactError
    if name in CIRCULAR:
        return _circular(name, turns(argument, exact))
    if name in {"ln", "log"}:
        return _logarithm(name, argument, exact)
    value = exact(argument)
    if value == 0 and name in {"coth", "csch"}:
        raise UndefinedError
    if value == 0 and name in _AT_ZERO:
        return Fraction(_AT_ZERO[name])
    if value == 1 and name in _AT_ONE:
        return Fraction(_AT_ONE[name])
    if abs(value) == 1 and name == "artanh":
        raise UndefinedError
    raise InexactError


def _circular(name: str, angle: Fraction) -> Fraction:
    """Sine and the like of `angle` times π."""
    if name in {"tan", "cot"}:
        at = angle % 1
        if (at == _HALF) if name == "tan" else (at == 0):
            raise UndefinedError
        if name == "cot":
            at = (_HALF - at) % 1
        if at not in _TANGENTS:
            raise InexactError
        return _TANGENTS[at]
    value = _SINES.get((angle + _HALF if name in {"cos", "sec"} else angle) % 2)
    if value is None:
        raise InexactError
    if name in {"sin", "cos"}:
        return value
    if not value:
        raise UndefinedError
    return 1 / value


def _logarithm(name: str, argument: Node, exact: Exact) -> Fraction:
    base, exponent = power_form(argument, exact)
    if base == 1:
        return Fraction(0)
    if base == 0:
        raise UndefinedError
    if base is None and name == "ln":  # e
        return exponent
    raise InexactError


def turns(node: Node, exact: Exact) -> Fraction:
    """The rational r for which an expression is exactly rπ.

    Raises:
        InexactError: there is none, as far as is known.
    """
    if node == Const("pi"):
        return Fraction(1)
    if isinstance(node, Degree):
        return exact(node.value) / 180
    try:
        value = exact(node)
    except InexactError:
        if isinstance(node, Add):
            return sum((turns(term, exact) for term in node.terms), Fraction(0))
        if isinstance(node, Mul):
            return _scaled_turns(node, exact)
        if isinstance(node, Fn) and len(node.args) == 1:
            return _inverse_turns(node, exact)
        raise
    if value:
        raise InexactError
    return value


def _scaled_turns(node: Mul, exact: Exact) -> Fraction:
    """Rational multiples of one angle."""
    scale, angle = Fraction(1), None
    for factor in node.factors:
        try:
            scale *= exact(factor)
        except InexactError:  # noqa: PERF203 - the other factor may be an angle
            if angle is not None:
                raise
            angle = turns(factor, exact)
    if angle is None:
        raise InexactError
    return scale * angle


def _inverse_turns(node: Fn, exact: Exact) -> Fraction:
    """What part of π the value of an inverse function is."""
    table = {"arcsin": _ARCSINES, "arccos": _ARCSINES, "arctan": _ARCTANGENTS}.get(node.name)
    found = None if table is None else table.get(exact(node.args[0]))
    if found is None:
        raise InexactError
    return _HALF - found if node.name == "arccos" else found


def power_form(node: Node, exact: Exact) -> tuple[Fraction | None, Fraction]:
    """A constant as a rational power of a rational, or of e (`None`): (base, exponent).

    Raises:
        InexactError: it is not seen to be one.
    """
    if node == Const("e"):
        return None, Fraction(1)
    if isinstance(node, Fn) and node.name == "sqrt" and len(node.args) == 1:
        base, exponent = power_form(node.args[0], exact)
        return _positive(base), exponent / 2
    if isinstance(node, Fn) and node.name == "root" and len(node.args) == 2:
        base, exponent = power_form(node.args[1], exact)
        index = exact(node.args[0])
        if index <= 0:
            raise InexactError
        return _positive(base), exponent / index
    if isinstance(node, Pow):
        if node.base == Const("e"):
            return None, exact(node.exponent)
        base, exponent = power_form(node.base, exact)
        again = exact(node.exponent)
        if base == 0 and again <= 0:
            raise UndefinedError
        return (base if again.denominator == 1 else _positive(base)), exponent * again
    return exact(node), Fraction(1)


def _positive(base: Fraction | None) -> Fraction | None:
    if base is not None and base < 0:
        raise InexactError
    return base


def is_small(node: Node, most: int = MAX_NODES) -> bool:
    """Whether an expression has at most `most` nodes."""
    stack, count = [node], 0
    while stack:
        count += 1
        if count > most:
            return False
        stack += children(stack.pop())
    return True
