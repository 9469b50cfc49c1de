"""Whether a number is as good as the reference's: it rounds to it, or lies within a tolerance.

Exact comparison has said no before anything here is asked. What counts, what is shared out among
integers, and why, stands in `CompareOptions`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from rewards.answers.construct import MINUS_ONE, ONE, times
from rewards.answers.evaluate.definedness import has_doubtful_part
from rewards.answers.evaluate.numeric import Evaluator
from rewards.answers.evaluate.values import exact_or_none
from rewards.answers.tree import Const, Degree, Mul, Node, Num, Percent, Pow
from rewards.answers.walk import children, substitute, symbols

if TYPE_CHECKING:
    from rewards.answers.outcome import CompareOptions

# Two digits (0.33, 1.5) are as often exact as rounded.
_LEAST_SHOWN = 100  # of the digits read as an integer: three significant ones
_DIGITS = 40
# Where formulas are looked at: far from each other, so that no term may hide behind another.
_SCALES = (Fraction(1, 997), Fraction(13, 17), Fraction(1009))
MAX_SYMBOLS = 8


class Shown(NamedTuple):
    """A decimal as it is written: its value, and the value of one in its last digit."""

    value: Fraction
    step: Fraction


def shown_digits(node: Node) -> Shown | None:
    r"""What a decimal of three or more significant digits shows; `None` for anything else.

    An integer shows nothing, for it is exact: so are versions, times and identifiers, which are
    not read as decimals. `6.02\times10^{23}` is a decimal.

    >>> shown_digits(Num(Fraction(314, 100), decimals=2)).step
    Fraction(1, 100)
    >>> shown_digits(Num(Fraction(33, 100), decimals=2)) is None
    True
    """
    if isinstance(node, Num):
        if not node.decimals or abs(node.value) * 10**node.decimals < _LEAST_SHOWN:
            return None
        return Shown(node.value, Fraction(1, 10**node.decimals))
    if isinstance(node, Mul) and len(node.factors) <= 3:
        decimals = [shown for factor in node.factors if (shown := shown_digits(factor))]
        rest = [factor for factor in node.factors if not shown_digits(factor)]
        if len(decimals) == 1 and all(f == MINUS_ONE or _is_power_of_ten(f) for f in rest):
            scale = exact_or_none(Mul((ONE, *rest)))
            if scale:
                return Shown(decimals[0].value * scale, decimals[0].step * abs(scale))
    return None


def close(ref: Node, ans: Node, options: CompareOptions) -> str:
    """Why `ans` is as good as the number `ref` under these options, or "" when it is not."""
    if options.tolerance is None and options.rounding == "exact":
        return ""
    ref, ans = _same_sign(ref, ans)
    if symbols(ref):
        if options.formulas == "tolerance" and _formulas_close(ref, ans, options.tolerance):
            return "they agree within the tolerance asked for"
        return ""
    value = _value(ans)
    if value is None:
        return ""
    shown = shown_digits(ref)
    if options.rounding == "reference digits" and shown and _rounds_to(value, shown):
        return "it rounds to the digits that the reference shows"
    if options.tolerance is not None and _tolerates(ref, ans, options):
        wanted = _value(ref)
        if wanted is not None and _within(wanted, value, options.tolerance):
            return "they agree within the tolerance asked for"
    return ""


def _same_sign(ref: Node, ans: Node) -> tuple[Node, Node]:
    """Both without a per cent or degree sign around the reference."""
    if isinstance(ref, Percent):
        bare = ans.value if isinstance(ans, Percent) else times(ans, Num(Fraction(100)))
        return ref.value, bare
    if isinstance(ref, Degree):
        if isinstance(ans, Degree):
            return ref.value, ans.value
        return ref.value, times(ans, Num(Fraction(180)), Pow(Const("pi"), MINUS_ONE))
    return ref, ans


def _is_power_of_ten(node: Node) -> bool:
    if node == ONE:
        return True
    if not isinstance(node, Pow) or node.base != Num(Fraction(10)):
        return False
    exponent = exact_or_none(node.exponent)
    return exponent is not None and exponent.denominator == 1 and abs(exponent) < 1_000


def _value(node: Node) -> Fraction | None:
    """The value of a number, to many more digits than anybody compares; `None` if it has none."""
    if has_doubtful_part(node):
        return None
    exact = exact_or_none(node)
    if exact is not None:
        return exact
    try:
        found = Evaluator(_DIGITS).evaluate(node)
    except ArithmeticError:
        return None
    if not found.is_finite() or abs(found.adjusted()) > 1_000:
        return None
    return Fraction(found)


def _rounds_to(value: Fraction, shown: Shown) -> bool:
    """Whether a value rounds to the digits shown, halves away from zero."""
    if shown.value < 0:
        value, shown = -value, Shown(-shown.value, shown.step)
    half = shown.step / 2
    return shown.value - half <= value < shown.value + half


def _within(wanted: Fraction, value: Fraction, tolerance: float) -> bool:
    """Whether two values of one sign differ by `tolerance` of the wanted one at most."""
    return wanted * value > 0 and abs(value - wanted) <= Fraction(repr(tolerance)) * abs(wanted)


def _tolerates(ref: Node, ans: Node, options: CompareOptions) -> bool:
    """Whether the tolerance is meant for this reference: integers that count are exact."""
    if options.integers == "tolerance" or not _is_integer(ref):
        return True
    return options.integers == "counts exact" and not _is_integer(ans)


def _is_integer(node: Node) -> bool:
    """Whether a number is an integer, not measured: nothing shows that it was rounded."""
    if _has_decimal(node):
        return False
    value = exact_or_none(node)
    return value is not None and value.denominator == 1 and not _is_scientific(node)


def _has_decimal(node: Node) -> bool:
    if isinstance(node, Num):
        return bool(node.decimals)
    return any(map(_has_decimal, children(node)))


def _is_scientific(node: Node) -> bool:
    return isinstance(node, Mul) and any(map(_is_power_of_ten, node.factors))


def _formulas_close(ref: Node, ans: Node, tolerance: float | None) -> bool:
    """Whether measured numbers in a formula are close: its value is, at every scale."""
    names = sorted(symbols(ref))
    if tolerance is None or symbols(ans) != set(names) or len(names) > MAX_SYMBOLS:
        return False
    if not (_has_decimal(ref) or _has_decimal(ans)):
        return False
    for turn in range(len(_SCALES)):
        point: dict[str, Node] = {
            name: Num(_SCALES[(turn + at) % len(_SCALES)] + Fraction(at, 7))
            for at, name in enumerate(names)
        }
        one, other = _value(substitute(ref, point)), _value(substitute(ans, point))
        if one is None or other is None or not _within(one, other, tolerance):
            return False
    return True
