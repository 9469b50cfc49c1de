"""Decide rational expressions exactly, by evaluating them in two prime fields.

Sums, products, quotients and integer powers of numbers and variables, with i a square root of
-1, and π and e as variables of their own. Different residues prove a difference. Equal residues
at a random point of both fields leave a chance of one in 2^150 or so, whatever the size of the
numbers: 2^2005 + 1 is as cheap as 3.
"""

from __future__ import annotations

from fractions import Fraction

from rewards.answers.effort import InexactError, UndefinedError, effort, literal_price
from rewards.answers.evaluate.values import exact
from rewards.answers.tree import Add, BigOp, Const, Fn, Mul, Node, Num, Percent, Pow, Sym

MAX_EXPONENT_BITS = 4_000
# Primes of the form 4k + 1, each with a square root of -1.
FIELDS = (
    (2305843009213693921, 583529827753931384),
    (170141183460469231731687303715884105689, 14358368582948311658889158988663601352),
)
_SPREAD = 0x9E3779B97F4A7C15F39CC0605CEDC8341082276BF3A27251
_DISCRETE = frozenset(
    {"factorial", "binom", "gcd", "lcm", "mod", "floor", "ceil", "abs"}
)  # exact or nothing


def same_residues(left: Node, right: Node) -> bool | None:
    """Whether two rational expressions are the same; `None` if they are not rational."""
    try:
        for prime, unit in FIELDS:
            if residue(left, prime, unit) != residue(right, prime, unit):
                return False
    except (InexactError, UndefinedError, RecursionError):
        return None
    return True


def residue(node: Node, prime: int, unit: int) -> int:
    """The residue of an expression at a fixed random point of a prime field.

    Raises:
        InexactError: if the expression is not rational.
        UndefinedError: if a divisor vanishes.
    """
    effort().charge(1)
    if isinstance(node, Num):
        effort().charge(literal_price(node.value))
        return _fraction(node.value, prime)
    if isinstance(node, Sym):
        return _variable(node.name, prime)
    if isinstance(node, Add):
        return sum([residue(term, prime, unit) for term in node.terms]) % prime
    if isinstance(node, Mul):
        product = 1
        for factor in node.factors:
            product = product * residue(factor, prime, unit) % prime
        return product
    if isinstance(node, Pow):
        return _power(node, prime, unit)
    if isinstance(node, Const) and node.name != "inf":
        return unit if node.name == "i" else _variable(f"\\{node.name}", prime)
    if isinstance(node, Percent):
        return residue(node.value, prime, unit) * pow(100, -1, prime) % prime
    if (isinstance(node, Fn) and node.name in _DISCRETE) or isinstance(node, BigOp):
        return _fraction(exact(node), prime)
    raise InexactError


def _fraction(value: Fraction, prime: int) -> int:
    if value.denominator == 1:
        return value.numerator % prime
    return value.numerator * _inverse(value.denominator, prime) % prime


def _inverse(value: int, prime: int) -> int:
    if not value % prime:
        raise UndefinedError
    return pow(value, -1, prime)


def _variable(name: str, prime: int) -> int:
    seed = int.from_bytes(name.encode(), "big") + 7
    return (seed * _SPREAD ^ (seed >> 3) * 0xD1342543DE82EF95) ** 3 % prime


def _power(node: Pow, prime: int, unit: int) -> int:
    exponent = exact(node.exponent)
    if exponent.denominator != 1 or exponent.numerator.bit_length() > MAX_EXPONENT_BITS:
        raise InexactError
    base = residue(node.base, prime, unit)
    if exponent < 0:
        base = _inverse(base, prime)
    elif not exponent and not base:
        raise UndefinedError
    effort().charge(exponent.numerator.bit_length() // 4)
    return pow(base, abs(exponent.numerator), prime)
