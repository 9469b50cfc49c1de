"""Compare single values with what may stand around them: %, degrees, units, rounding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING

from rewards.answers.evaluate.numeric import Evaluator
from rewards.answers.evaluate.sameness import same_expression
from rewards.answers.match.letter_units import contains_ohm, unit_readings, with_temperature
from rewards.answers.outcome import Sameness
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
    add,
    children,
    contains,
    rebuild,
    substitute,
    symbols,
    times,
)
from rewards.answers.unit_table import Measure
from rewards.answers.units import differing, read_phrase

if TYPE_CHECKING:
    from rewards.answers.outcome import CompareOptions

_TRIGONOMETRIC = frozenset({"sin", "cos", "tan", "cot", "sec", "csc"})


@dataclass(frozen=True, slots=True)
class Quantities:
    """Value comparison under the given options."""

    options: CompareOptions

    def same(self, ref: Node, ans: Node) -> Sameness:
        """Whether two values are the same, units considered."""
        ref, ans = with_temperature(ref), with_temperature(ans)
        if isinstance(ref, Unit) != isinstance(ans, Unit):
            ref, ans = _both_units(ref, ans)
        elif contains_ohm(ref) and contains_ohm(ans):
            ref = next(unit_readings(ref), ref)
            ans = next(unit_readings(ans), ans)
        ref_unit = ref.unit if isinstance(ref, Unit) else None
        ans_unit = ans.unit if isinstance(ans, Unit) else None
        one = read_phrase(ref_unit).unit if ref_unit is not None else None
        other = read_phrase(ans_unit).unit if ans_unit is not None else None
        angles = [
            _is_angle(unit) or contains(side, (Degree,))
            for unit, side in ((one, ref), (other, ans))
        ]
        if (_is_angle(one) or _is_angle(other)) and all(angles):
            return self.number(_in_radians(ref, one), _in_radians(ans, other))
        ref = ref.value if isinstance(ref, Unit) else ref
        ans = ans.value if isinstance(ans, Unit) else ans
        if self.options.units == "require" and ref_unit is not None and ans_unit is None:
            return Sameness(same=False, how=f"the unit {ref_unit} is missing")
        if self.options.units == "ignore" and one is not None and other is not None:
            return self.bare(ref, ans)
        if why := differing(ref_unit or "", ans_unit or ""):
            return Sameness(same=False, how=why)
        if one is not None and other is not None and one != other:
            ref, ans = _scaled(ref, one), _scaled(ans, other)
        elif ref_unit is None and ans_unit is None and _vanishes(ref, ans):
            return Sameness(same=False, how="nothing times a letter keeps its letter")
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
        """Two plain values."""
        constants = arbitrary_constants(ref), arbitrary_constants(ans)
        indices = [[name[2:] for name in names] for names in constants]
        if constants[0] != constants[1] and indices[0] == indices[1]:  # C_1 for c_1
            pairs = zip(constants[1], constants[0], strict=True)
            ans = substitute(ans, {old: Sym(new) for old, new in pairs})
        foreign = symbols(ans) - symbols(ref)
        if foreign and not (_has_analysis(ref) or _has_analysis(ans)):
            return Sameness(same=False, how=f"the answer depends on {', '.join(sorted(foreign))}")
        found = same_expression(ref, ans)
        if found.same is False and len(arbitrary_constants(ref)) > 1:
            found = _renamed(ref, ans) or found
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
            # Not as floats: 10^400 and 2·10^400 would both be infinite.
            allowed = _WIDE.multiply(
                Decimal(self.options.tolerance), max(a.copy_abs(), b.copy_abs())
            )
            if _WIDE.subtract(a, b).copy_abs() <= allowed:
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


_ARBITRARY = re.compile(r"[cCkK]_\d")
MAX_CONSTANTS = 3


def arbitrary_constants(node: Node) -> list[str]:
    """The names `c_1`, `c_2`, `C_1` … of a general solution, which may be exchanged."""
    return sorted(name for name in symbols(node) if _ARBITRARY.fullmatch(name))


def _renamed(ref: Node, ans: Node) -> Sameness | None:
    """Equal after the arbitrary constants have changed places?"""
    names = arbitrary_constants(ref)
    if names != arbitrary_constants(ans) or len(names) > MAX_CONSTANTS:
        return None
    for order in permutations(names):
        moved = substitute(ans, {old: Sym(new) for old, new in zip(names, order, strict=True)})
        if same_expression(ref, moved).same:
            return Sameness(same=True, how="the constants may change places")
    return None


def _both_units(ref: Node, ans: Node) -> tuple[Node, Node]:
    """Where one side has a unit, letters behind the other side's number are units too."""
    unit, other = (ref, ans) if isinstance(ref, Unit) else (ans, ref)
    if not isinstance(unit, Unit) or read_phrase(unit.unit).unit is None:
        return ref, ans
    for reading in unit_readings(other):
        if differing(unit.unit, reading.unit) is None:
            return (unit, reading) if unit is ref else (reading, unit)
    return ref, ans


def _is_angle(unit: Measure | None) -> bool:
    return unit is not None and unit.dimensions == (("angle", 1),)


def _in_radians(node: Node, unit: Measure | None) -> Node:
    """An angle in radians as a plain number; degrees keep their sign, which is a factor."""
    if isinstance(node, Unit):
        return _scaled(node.value, unit) if unit is not None else node
    return node


def _vanishes(ref: Node, ans: Node) -> bool:
    """Whether a literal 0 would wipe out letters (`0 m/s`) that the other side does not have."""
    zero = any(
        isinstance(side, Mul) and any(f == ZERO or f == Num(ZERO.value, 1) for f in side.factors)
        for side in (ref, ans)
    )
    return zero and symbols(ref) != symbols(ans)


_WIDE = Evaluator(200).context


def _scaled(value: Node, unit: Measure) -> Node:
    scaled = times(value, Num(unit.factor))
    return add(scaled, Num(unit.offset)) if unit.offset else scaled


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
