"""Write an expression as one fraction: the numerator and what it is divided by."""

from __future__ import annotations

from typing import NamedTuple

from rewards.answers.construct import ONE, ZERO, add, negative, quotient, times
from rewards.answers.evaluate.sameness import same_expression
from rewards.answers.show import show
from rewards.answers.tree import Add, Mul, Node, Num, Pow, Sym
from rewards.answers.walk import substitute, symbols

MAX_POWER = 4
MAX_TERMS = 40


class Cleared(NamedTuple):
    """`numerator` divided by the product of the `divisors` (base and power, by their spelling)."""

    numerator: Node
    divisors: dict[str, tuple[Node, int]]

    def is_reduced(self) -> bool:
        """Whether it is proven that no divisor divides the numerator.

        A divisor that is linear in a variable is set to zero by that variable; where the
        numerator then does not vanish everywhere, they have no factor in common.
        """
        return all(self._shares_nothing(base) for base, _ in self.divisors.values())

    def _shares_nothing(self, divisor: Node) -> bool:
        for name in sorted(symbols(divisor)):
            start = substitute(divisor, {name: ZERO})
            slope = add(substitute(divisor, {name: ONE}), negative(start))
            line = add(start, times(slope, Sym(name)))
            if same_expression(slope, ZERO).same is not False:
                continue
            if same_expression(divisor, line).same is True and name not in symbols(slope):
                root = quotient(negative(start), slope)
                return same_expression(substitute(self.numerator, {name: root}), ZERO).same is False
        return False


def cleared(node: Node) -> Cleared:
    """`node` as one fraction; powers beyond `MAX_POWER` and functions are not looked into."""
    if isinstance(node, Add) and len(node.terms) <= MAX_TERMS:
        return _sum([cleared(term) for term in node.terms])
    if isinstance(node, Mul):
        divisors: dict[str, tuple[Node, int]] = {}
        tops: list[Node] = []
        for part in map(cleared, node.factors):
            tops.append(part.numerator)
            for key, (base, power) in part.divisors.items():
                divisors[key] = base, power + divisors.get(key, (base, 0))[1]
        return Cleared(times(*tops), divisors)
    if isinstance(node, Pow) and isinstance(node.exponent, Num) and symbols(node.base):
        exponent = node.exponent.value
        if exponent.denominator == 1 and -MAX_POWER <= exponent < 0:
            bases = node.base.factors if isinstance(node.base, Mul) else (node.base,)
            if not any(cleared(base).divisors for base in bases):
                found: dict[str, tuple[Node, int]] = {}
                constant: list[Node] = []
                for written in bases:
                    if not symbols(written):
                        constant.append(Pow(written, node.exponent))
                        continue
                    base, times_over = _root(written)
                    key = show(base)
                    count = found.get(key, (base, 0))[1] - int(exponent) * times_over
                    found[key] = base, count
                return Cleared(times(*constant) if constant else ONE, found)
    return Cleared(node, {})


def _root(node: Node) -> tuple[Node, int]:
    """The base and the exponent of a whole power; anything else to the first."""
    if isinstance(node, Pow) and isinstance(node.exponent, Num):
        exponent = node.exponent.value
        if exponent.denominator == 1 and 0 < exponent <= MAX_POWER:
            return node.base, int(exponent)
    return node, 1


def _sum(parts: list[Cleared]) -> Cleared:
    common: dict[str, tuple[Node, int]] = {}
    for part in parts:
        for key, (base, power) in part.divisors.items():
            common[key] = base, max(power, common.get(key, (base, 0))[1])
    terms: list[Node] = []
    for part in parts:
        missing = [
            base
            for key, (base, power) in common.items()
            for _ in range(power - part.divisors.get(key, (base, 0))[1])
        ]
        terms.append(times(part.numerator, *missing))
    return Cleared(add(*terms), common)
