"""Compare single values with what may stand around them: %, degrees, units, rounding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

from rewards.answers.construct import ZERO, add, times
from rewards.answers.evaluate.sameness import same_expression
from rewards.answers.match.closeness import close
from rewards.answers.match.letter_units import contains_ohm, unit_readings, with_temperature
from rewards.answers.match.letters import in_other_letters
from rewards.answers.outcome import Sameness
from rewards.answers.tree import (
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
)
from rewards.answers.unit_table import Measure
from rewards.answers.units import differing, measure, read_phrase
from rewards.answers.walk import children, contains, rebuild, symbols

if TYPE_CHECKING:
    from rewards.answers.outcome import CompareOptions

_TRIGONOMETRIC = frozenset({"sin", "cos", "tan", "cot", "sec", "csc"})


@dataclass(frozen=True, slots=True)
class Quantities:
    """Value comparison under the given options."""

    options: CompareOptions

    def same(self, ref: Node, ans: Node) -> Sameness:  # noqa: C901
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
            ans = _converted(ans, other, one)
        elif ref_unit is None and ans_unit is None and _vanishes(ref, ans):
            return Sameness(same=False, how="nothing times a letter keeps its letter")
        if one is not None and self.options.integers == "counts exact":  # 5 kg is measured
            return Quantities(replace(self.options, integers="tolerance")).bare(ref, ans)
        found = self.bare(ref, ans)
        if found.same or ref_unit is not None or ans_unit is not None:
            return found
        return self.in_letters(ref, ans) or found

    def in_letters(self, ref: Node, ans: Node) -> Sameness | None:
        """`7200 s` and `2 h`: other letters on both sides that are units of one dimension.

        `None` if they are not. Letters that both sides share, in whatever case, may be variables,
        and are no units: `4l` is not `4L`.
        """
        letters = [{name.lower() for name in symbols(side)} for side in (ref, ans)]
        if not all(letters) or letters[0] & letters[1]:
            return None
        for wanted, given in product(unit_readings(ref), unit_readings(ans)):
            one, other = measure(wanted.unit), measure(given.unit)
            if one is None or other is None or one.dimensions != other.dimensions:
                continue
            if (
                one.dimensions
                and self.number(wanted.value, _converted(given.value, other, one)).same
            ):
                return Sameness(same=True, how=f"{given.unit} is a unit of what {wanted.unit} is")
        return None

    def bare(self, ref: Node, ans: Node) -> Sameness:
        """Whether two values without units are the same."""
        if (found := self.percent(ref, ans)) is not None:
            return found
        if isinstance(ref, Based) or isinstance(ans, Based):
            return self.based(ref, ans)
        if isinstance(ref, Fn) and isinstance(ans, Fn) and ref.name == ans.name == "mod":
            moduli = ref.args[-1], ans.args[-1]
            if self.number(*moduli).same is False:
                return Sameness(same=False, how="the moduli differ")
        if contains(ref, (Degree,)) or contains(ans, (Degree,)):
            return self.angles(ref, ans)
        return self.number(ref, ans)

    def percent(self, ref: Node, ans: Node) -> Sameness | None:
        """A % sign on one side only; `None` if that is not what tells them apart."""
        if isinstance(ref, Percent) and not isinstance(ans, Percent):
            if self.number(ref.value, ans).same:
                return Sameness(same=True, how="the missing % sign is forgiven")
        elif isinstance(ans, Percent) and isinstance(ref, Num):
            found = self.number(ref, ans)
            if found.same:
                return found
            forgiven = self.options.added_percent
            # 0.5 may be 50%, unless the question is about per cent.
            meant = forgiven == "forgive" or (forgiven == "from 1" and abs(ref.value) >= 1)
            if meant and self.number(ref, ans.value).same:
                return Sameness(same=True, how="the added % sign is forgiven")
            return Sameness(same=False, how="a % sign was added")
        return None

    def based(self, ref: Node, ans: Node) -> Sameness:
        """Numerals: the base is part of the answer, but the question has named it.

        Ten is every number's base, and need not be said; said, it is none that was dropped.
        """
        if isinstance(ref, Based) and isinstance(ans, Based):
            same = (ref.digits.upper(), ref.base) == (ans.digits.upper(), ans.base)
            return Sameness(same=same, how="digits and base were compared")
        if (plain := (_plain_if_ten(ref), _plain_if_ten(ans))) != (ref, ans):
            return self.bare(*plain)
        if isinstance(ref, Based) and _digits(ans) == ref.digits.upper():
            return Sameness(same=True, how="the dropped base is forgiven")
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
        if found.same is not True and (why := close(ref, ans, self.options)):
            return Sameness(same=True, how=why)
        return found


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


def _plain_if_ten(node: Node) -> Node:
    if isinstance(node, Based) and node.base == 10 and node.digits.isdecimal():
        return Num(Fraction(int(node.digits)))
    return node


def _digits(node: Node) -> str:
    """The digits of a numeral without its base (2516, 1A3), or "" if it is none."""
    parts: list[str] = []
    for part in node.factors if isinstance(node, Mul) else (node,):
        if isinstance(part, Num) and part.value.denominator == 1 and part.value >= 0:
            if part.decimals:
                return ""
            parts.append(str(part.value))
        elif isinstance(part, Sym) and len(part.name) == 1 and part.name.isupper():
            parts.append(part.name)
        else:
            return ""
    return "".join(parts)


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


def _scaled(value: Node, unit: Measure) -> Node:
    scaled = value if unit.factor == 1 else times(value, Num(unit.factor))
    return add(scaled, Num(unit.offset)) if unit.offset else scaled


def _converted(value: Node, unit: Measure, wanted: Measure) -> Node:
    """A value in another unit of its dimension: the reference keeps the digits that it shows."""
    value = times(value, Num(unit.factor / wanted.factor))
    offset = (unit.offset - wanted.offset) / wanted.factor
    return add(value, Num(offset)) if offset else value


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
