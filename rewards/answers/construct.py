"""Nodes as the reader makes them: sums and products flat, quotients of integers one rational."""

from __future__ import annotations

from fractions import Fraction

from rewards.answers.tree import Add, Const, Fn, Mul, Node, Num, Pow, Sym

ZERO = Num(Fraction(0))
ONE = Num(Fraction(1))
MINUS_ONE = Num(Fraction(-1))
INFINITY = Const("inf")
GAMMA = Sym("Gamma")  # the function, in `Fn("call", (GAMMA, argument))`


def negative(node: Node) -> Node:
    """-node.

    >>> negative(Num(Fraction(3))).value
    Fraction(-3, 1)
    """
    if isinstance(node, Num):
        return Num(-node.value, node.decimals)
    if isinstance(node, Mul):
        if node.factors[0] == MINUS_ONE and len(node.factors) > 2:
            return Mul(node.factors[1:])
        return Mul((MINUS_ONE, *node.factors))
    return Mul((MINUS_ONE, node))


def quotient(top: Node, bottom: Node) -> Node:
    """Top / bottom; two integer literals become one rational."""
    if (
        isinstance(top, Num)
        and isinstance(bottom, Num)
        and bottom.value
        and top.value.denominator == 1 == bottom.value.denominator
    ):
        return Num(Fraction(top.value.numerator, bottom.value.numerator))
    return Mul((top, Pow(bottom, MINUS_ONE)))


def combinations(top: Node, bottom: Node, kind: str) -> Node:
    """`C`: how many subsets of `bottom` of `top`; `P` and `A`: in how many orders."""
    if kind == "C":
        return Fn("binom", (top, bottom))
    rest = Add((top, negative(bottom)))
    return quotient(Fn("factorial", (top,)), Fn("factorial", (rest,)))


def add(*terms: Node) -> Node:
    """The sum of the terms, flat."""
    flat: list[Node] = []
    for term in terms:
        if isinstance(term, Add):
            flat.extend(term.terms)
        else:
            flat.append(term)
    return flat[0] if len(flat) == 1 else Add(tuple(flat))


def times(*factors: Node) -> Node:
    """The product of the factors, flat."""
    flat: list[Node] = []
    for factor in factors:
        if isinstance(factor, Mul):
            flat.extend(factor.factors)
        else:
            flat.append(factor)
    return flat[0] if len(flat) == 1 else Mul(tuple(flat))
