"""Compare single values with what may stand around them: %, degrees, units, rounding."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING

from rewards.answers.closeness import close
from rewards.answers.sameness import Sameness, same_expression
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
    children,
    contains,
    rebuild,
    substitute,
    symbols,
    times,
)
from rewards.answers.units import contradicts, measure, unlike

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
                ans = times(ans, Num(other[1] / one[1])) if one[1] != other[1] else ans
            elif unlike(ref_unit, ans_unit):
                return Sameness(same=False, how=f"{ans_unit} is not {ref_unit}")
        counts = self.options.integers == "counts exact"
        if counts and ref_unit is not None and measure(ref_unit) is not None:  # 5 kg is measured
            return Quantities(replace(self.options, integers="tolerance")).bare(ref, ans)
        return self.bare(ref, ans)

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
        """Numerals: the base is part of the answer, but the question has named it."""
        if isinstance(ref, Based) and isinstance(ans, Based):
            same = (ref.digits.upper(), ref.base) == (ans.digits.upper(), ans.base)
            return Sameness(same=same, how="digits and base were compared")
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
        if found.same is not True and (why := close(ref, ans, self.options)):
            return Sameness(same=True, how=why)
        return found


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
