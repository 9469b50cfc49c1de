r"""A formula as a labelled tree in one normal form, for counting how far two of them are apart.

Sums are collected, put over a common denominator, and what all terms share stands before them:
`2mg + 4mv^2/l` is 2·l^(-1)·m·(g·l + 2·v^2), as computer algebra simplifies it. Arguments of sums
and products are sorted, numbers first, so that their order does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from rewards.answers.effort import InexactError
from rewards.answers.evaluate.values import exact_or_none
from rewards.answers.tree import (
    Add,
    Const,
    Degree,
    Digits,
    Fn,
    Mul,
    Node,
    Num,
    Percent,
    Pow,
    Sym,
    Unit,
)

MAX_NODES = 120
_MAX_POWER = 1_000
_MAX_BITS = 10_000  # of a number; below what the interpreter writes in digits
_HALF = Fraction(1, 2)


class FormulaTree(NamedTuple):
    """A node: what it is, and what it is applied to."""

    label: str
    children: tuple[FormulaTree, ...] = ()

    @property
    def size(self) -> int:
        """How many nodes there are at and below it."""
        return 1 + sum(child.size for child in self.children)


class NoFormulaError(ValueError):
    """The node is no formula: a set, an equation, words; or it is too large."""


@dataclass(frozen=True, slots=True)
class _Monomial:
    """A rational number times powers of trees."""

    factor: Fraction
    powers: Mapping[FormulaTree, Fraction]


_MINUS_ONE = _Monomial(Fraction(-1), {})


def formula_tree(node: Node) -> FormulaTree:
    """The tree of a formula in normal form.

    >>> from rewards.answers import read_answer
    >>> formula_tree(read_answer("2x+4xy").tree) == formula_tree(read_answer("2x(2y+1)").tree)
    True

    Raises:
        NoFormulaError: it is none, or has more than `MAX_NODES` nodes.
    """
    tree = _as_tree(_monomial(node))
    if tree.size > MAX_NODES:
        raise NoFormulaError
    return tree


def _monomial(node: Node) -> _Monomial:  # noqa: C901 - a line for each kind of node
    if isinstance(node, Num):
        return _Monomial(_bounded(node.value), {})
    if isinstance(node, Sym):
        return _power_of(FormulaTree(node.name))
    if isinstance(node, Const):
        return _power_of(FormulaTree(node.name))
    if isinstance(node, Mul):
        return _product([_monomial(factor) for factor in node.factors])
    if isinstance(node, Add):
        return _sum([_monomial(term) for term in node.terms])
    if isinstance(node, Pow):
        return _power(node.base, node.exponent)
    if isinstance(node, Fn) and node.name == "sqrt" and len(node.args) == 1:
        return _raised(_monomial(node.args[0]), _HALF)
    if isinstance(node, Fn):
        arguments = tuple(_as_tree(_monomial(argument)) for argument in node.args)
        return _power_of(FormulaTree(f"{node.name}()", arguments))
    if isinstance(node, Percent):
        return _product([_monomial(node.value), _Monomial(Fraction(1, 100), {})])
    if isinstance(node, (Degree, Unit)):
        unit = node.unit if isinstance(node, Unit) else "degree"
        return _product([_monomial(node.value), _power_of(FormulaTree(f"unit {unit}"))])
    if isinstance(node, Digits):
        return _power_of(FormulaTree(node.text))
    raise NoFormulaError


def _bounded(number: Fraction) -> Fraction:
    """The number, where it is no longer than one that somebody writes in a formula.

    Raises:
        NoFormulaError: it is.
    """
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > _MAX_BITS:
        raise NoFormulaError
    return number


def _power_of(tree: FormulaTree, exponent: Fraction = Fraction(1)) -> _Monomial:
    return _Monomial(Fraction(1), {tree: exponent})


def _product(factors: list[_Monomial]) -> _Monomial:
    factor, powers = Fraction(1), dict[FormulaTree, Fraction]()
    for one in factors:
        factor = _bounded(factor * one.factor)
        for tree, exponent in one.powers.items():
            powers[tree] = _bounded(powers.get(tree, Fraction(0)) + exponent)
    if not factor:
        return _Monomial(factor, {})
    return _Monomial(factor, {tree: exponent for tree, exponent in powers.items() if exponent})


def _power(base: Node, exponent: Node) -> _Monomial:
    try:
        value = exact_or_none(exponent)
    except InexactError:
        value = None
    if value is not None:
        return _raised(_monomial(base), _bounded(value))
    trees = _as_tree(_monomial(base)), _as_tree(_monomial(exponent))
    return _power_of(FormulaTree("^", trees))


def _raised(base: _Monomial, exponent: Fraction) -> _Monomial:
    """A monomial raised to a rational power; letters are taken for positive, as PHYBench does."""
    if exponent.denominator == 1 and abs(exponent) <= _MAX_POWER and base.factor:
        if abs(exponent) * base.factor.numerator.bit_length() > 4 * _MAX_POWER:
            raise NoFormulaError
        factor, powers = base.factor ** int(exponent), dict(base.powers)
    elif base.factor in {0, 1}:
        factor, powers = base.factor, dict(base.powers)
    else:
        number = FormulaTree(str(base.factor))
        return _Monomial(
            Fraction(1),
            {number: exponent}
            | {tree: _bounded(old * exponent) for tree, old in base.powers.items()},
        )
    return _Monomial(factor, {tree: _bounded(old * exponent) for tree, old in powers.items()})


def _sum(terms: list[_Monomial]) -> _Monomial:
    """A sum as what its terms share times what is left of them."""
    collected: dict[frozenset[tuple[FormulaTree, Fraction]], Fraction] = {}
    for term in terms:
        key = frozenset(term.powers.items())
        collected[key] = _bounded(collected.get(key, Fraction(0)) + term.factor)
    left = [_Monomial(factor, dict(key)) for key, factor in collected.items() if factor]
    if not left:
        return _Monomial(Fraction(0), {})
    if len(left) == 1:
        return left[0]
    trees = {tree for term in left for tree in term.powers}
    shared = {tree: min(term.powers.get(tree, Fraction(0)) for term in left) for tree in trees}
    shared = {tree: exponent for tree, exponent in shared.items() if exponent}
    below = 1
    for term in left:
        below = lcm(below, term.factor.denominator)
        _bounded(Fraction(below))
    content = Fraction(gcd(*(term.factor.numerator for term in left)), below)
    inverse = _Monomial(1 / content, {tree: -exponent for tree, exponent in shared.items()})
    reduced = [_product([term, inverse]) for term in left]
    if min(reduced, key=lambda term: _order(_as_tree(term))).factor < 0:  # a - b and b - a
        content, reduced = -content, [_product([term, _MINUS_ONE]) for term in reduced]
    rest = sorted(map(_as_tree, reduced), key=_order)
    return _product([_Monomial(content, shared), _power_of(FormulaTree("+", tuple(rest)))])


def _order(tree: FormulaTree) -> tuple[tuple[str, ...], FormulaTree]:
    """What a tree is sorted by: its letters first, which small changes leave alone."""
    return tuple(sorted(_letters(tree))), tree


def _letters(tree: FormulaTree) -> list[str]:
    if not tree.children:
        return [] if tree.label[-1].isdigit() and tree.label[0] in "-0123456789" else [tree.label]
    return [letter for child in tree.children for letter in _letters(child)]


def _as_tree(monomial: _Monomial) -> FormulaTree:
    number = FormulaTree(str(monomial.factor))
    parts = [
        tree if exponent == 1 else FormulaTree("^", (tree, FormulaTree(str(exponent))))
        for tree, exponent in monomial.powers.items()
    ]
    if not parts:
        return number
    parts.sort(key=_order)
    if monomial.factor != 1:
        parts.insert(0, number)
    return parts[0] if len(parts) == 1 else FormulaTree("*", tuple(parts))
