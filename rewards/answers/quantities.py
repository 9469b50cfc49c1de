"""Compare single values with what may stand around them: %, degrees, units, rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from rewards.answers.letters import in_other_letters
from rewards.answers.numeric import Evaluator
from rewards.answers.sameness import Sameness, same_expression
from rewards.answers.tree import (
    ZERO,
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
    Unit,
    children,
    contains,
    rebuild,
    symbols,
    times,
)
from rewards.answers.units import Measure, contradicts, measure, unlike

if TYPE_CHECKING:
    from rewards.answers.outcome import CompareOptions

_TRIGONOMETRIC = frozenset({"sin", "cos", "tan", "cot", "sec", "csc"})


@dataclass(frozen=True, slots=True)
class Quantities:
    """Value comparison under the given options."""

    options: CompareOptions

    def same(self, ref: Node, ans: Node) -> Sameness:
        """Whether two values are the same, units considered."""
        ans = _with_letter_unit(ans, symbols(ref))
        ref_unit = ref.unit if isinstance(ref, Unit) else None
        ans_unit = ans.unit if isinstance(ans, Unit) else None
        ref = ref.value if isinstance(ref, Unit) else ref
        ans = ans.value if isinstance(ans, Unit) else ans
        if self.options.units == "require" and ref_unit is not None and ans_unit is None:
            return Sameness(same=False, how=f"the unit {ref_unit} is missing")
        if ans_unit is not None and (why := contradicts(ref_unit or "", ans_unit)):
            return Sameness(same=False, how=why)
        if ref_unit is not None and ans_unit is not None and self.options.units != "ignore":
            one, other = measure(ref_unit), measure(ans_unit)
            if one is not None and other is not None:
                if one[0] != other[0]:
                    return Sameness(same=False, how=f"{ans_unit} is not {ref_unit}")
                ref, ans = _scaled(ref, one), _scaled(ans, other)
            elif unlike(ref_unit, ans_unit):
                return Sameness(same=False, how=f"{ans_unit} is not {ref_unit}")
        return self.bare(ref, ans)

    def bare(self, ref: Node, ans: Node) -> Sameness:
        """Whether two values without units are the same."""
        if isinstance(ref, Percent):
            if not isinstance(ans, Percent):  # a missing % sign is forgiven
                found = self.number(ref.value, ans)
                if found.same:
                    return Sameness(same=True, how="the missing % sign is forgiven")
        elif isinstance(ans, Percent) and isinstance(ref, Num):
            found = self.number(ref, ans)
            return found if found.same else Sameness(same=False, how="a % sign was added")
        if isinstance(ref, Based) or isinstance(ans, Based):
            return self.based(ref, ans)
        if isinstance(ref, Fn) and isinstance(ans, Fn) and ref.name == ans.name == "mod":
            moduli = ref.args[-1], ans.args[-1]
            if self.number(*moduli).same is False:
                return Sameness(same=False, how="the moduli differ")
        if contains(ref, (Degree,)) or contains(ans, (Degree,)):
            return self.angles(ref, ans)
        return self.number(ref, ans)

    def based(self, ref: Node, ans: Node) -> Sameness:
        """Numerals: the base is part of the answer."""
        if isinstance(ref, Based) and isinstance(ans, Based):
            same = (ref.digits.upper(), ref.base) == (ans.digits.upper(), ans.base)
            return Sameness(same=same, how="digits and base were compared")
        return Sameness(same=False, how="only one of them is written in another base than ten")

    def angles(self, ref: Node, ans: Node) -> Sameness:
        """Degrees are radians times 180/π; a missing degree sign is forgiven."""
        found = self.number(ref, ans)
        if found.same is not True and contains(ref, (Degree,)) != contains(ans, (Degree,)):
            if not (_forgivable(ref) and _forgivable(ans)):
                return Sameness(same=False, how="only one of them is in degrees")
            plain = self.number(_without_degrees(ref), _without_degrees(ans))
            if plain.same or found.same is None:
                return plain
        return found

    def number(self, ref: Node, ans: Node) -> Sameness:
        """Two plain values, in whatever letters they may be written."""
        found = self.as_written(ref, ans)
        return found if found.same is True else in_other_letters(ref, ans) or found

    def as_written(self, ref: Node, ans: Node) -> Sameness:
        """Two plain values in the letters that they are written in."""
        found = same_expression(ref, ans)
        foreign = symbols(ans) - symbols(ref)
        analysis = foreign and (_has_analysis(ref) or _has_analysis(ans))
        if foreign and not analysis and (found.same is not True or _holds_zero(ans)):
            return Sameness(same=False, how=f"the answer depends on {', '.join(sorted(foreign))}")
        if found.same is not True and (_has_log(ref) or _has_log(ans)):
            decimal = same_expression(_with_base_ten(ref), _with_base_ten(ans))
            if decimal.same:
                return Sameness(same=True, how="with log to the base 10, " + decimal.how)
        if found.same is not True and not symbols(ref) and self._close(ref, ans):
            return Sameness(same=True, how="they agree within the tolerance asked for")
        return found

    def _close(self, ref: Node, ans: Node) -> bool:
        if self.options.tolerance is None and self.options.rounding == "exact":
            return False
        try:
            a, b = Evaluator(40).evaluate(ref), Evaluator(40).evaluate(ans)
        except ArithmeticError:
            return False
        if self.options.tolerance is not None:
            one, other = float(a), float(b)
            if math.isclose(one, other, rel_tol=self.options.tolerance, abs_tol=0.0):
                return True
        decimals = ref.decimals if isinstance(ref, Num) else None
        if self.options.rounding == "exact" or decimals is None:
            return False
        step = Decimal(1).scaleb(-decimals)
        if b.adjusted() > 60:
            return False
        return b.quantize(step, rounding=ROUND_HALF_UP, context=_WIDE) == a.quantize(
            step, context=_WIDE
        )


_LETTER_UNITS = frozenset("msghLNJWVK")


def _with_letter_unit(node: Node, known: frozenset[str]) -> Node:
    """`5 m` is five metres where the reference knows no variable m."""
    if (
        isinstance(node, Mul)
        and len(node.factors) == 2
        and isinstance(node.factors[0], Num)
        and isinstance(node.factors[1], Sym)
        and node.factors[1].name in _LETTER_UNITS - known
    ):
        return Unit(node.factors[0], node.factors[1].name)
    return node


_WIDE = Evaluator(200).context


def _scaled(value: Node, unit: Measure) -> Node:
    return times(value, Num(unit[1]))


def _forgivable(node: Node) -> bool:
    """Whether degree signs may be missing: not beside π, nor where plain numbers stand beside."""
    if contains(node, (Const,)):
        return False
    if not (isinstance(node, Add) and contains(node, (Degree,))):
        return True
    return all(contains(term, (Degree,)) or symbols(term) for term in node.terms)


def _without_degrees(node: Node) -> Node:
    """Degrees as plain numbers, but not inside a trigonometric function."""
    if isinstance(node, Degree):
        return _without_degrees(node.value)
    if isinstance(node, Fn) and node.name in _TRIGONOMETRIC:
        return node
    below = children(node)
    if not below:
        return node
    return rebuild(node, tuple(_without_degrees(child) for child in below))


def _holds_zero(node: Node) -> bool:
    """Whether something is multiplied by 0 or raised to it: letters that say nothing."""
    zero = isinstance(node, Pow) and node.exponent == ZERO
    zero = zero or (isinstance(node, Mul) and ZERO in node.factors)
    return zero or any(_holds_zero(child) for child in children(node))


def _has_analysis(node: Node) -> bool:
    """Whether a variable may be bound by an integral or a limit, and so not be foreign."""
    return contains(node, (BigOp,))


def _has_log(node: Node) -> bool:
    if isinstance(node, Fn) and node.name == "log":
        return True
    if not isinstance(node, (Add, Mul, Pow, Fn)):
        return False
    return any(_has_log(child) for child in children(node))


def _with_base_ten(node: Node) -> Node:
    below = children(node)
    if not below:
        return node
    new = tuple(_with_base_ten(child) for child in below)
    if isinstance(node, Fn) and node.name == "log":
        return Fn("logb", (Num(Fraction(10)), *new))
    return rebuild(node, new)
