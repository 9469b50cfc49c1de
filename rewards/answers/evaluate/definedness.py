"""Whether all that is constant in an expression is proven to have a value.

`0·ln sin π` and `lim (x + ln(√2² - 2))` hold a constant that has none, or none that can be proven;
what holds one equals nothing but its own text, whatever the rest of it does.
"""

from __future__ import annotations

from fractions import Fraction

from rewards.answers.effort import InexactError, UndefinedError
from rewards.answers.evaluate.points import integral_symbols, sample_points
from rewards.answers.tree import BigOp, Const, Digits, Named, Node, Num, Raw, Sym, Text
from rewards.answers.walk import children, symbols

_DIGITS = (40, 80, 160, 320)
_LEAVES = (Num, Const, Sym, Digits, Named, Raw, Text)


def has_doubtful_part(node: Node, *, points: bool = False) -> bool:
    """Whether some constant part of an expression is not proven to have a value.

    What nobody here can evaluate (a determinant, a number beyond all bounds) is not doubted.
    With `points`, parts with variables are doubted too that have no proven value at any of the
    points where they are looked at, as 0/(sin² x + cos² x - 1) has none anywhere.
    """
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, _LEAVES):
            continue
        if (points or not symbols(here)) and not _is_unevaluated(here):
            known = _has_value_somewhere(here)
            if known is False:
                return True
            if known:
                continue
        stack += children(here)
    return False


def _has_value_somewhere(node: Node) -> bool | None:
    names = sorted(symbols(node))
    if not names:
        return _has_value(node, {})
    known: bool | None = False
    for point in sample_points(names, integral_symbols(node)):
        known = _has_value(node, point)
        if known is not False:
            break
    return known


def _is_unevaluated(node: Node) -> bool:
    return isinstance(node, BigOp) and node.op not in {"sum", "prod"}


def _has_value(node: Node, point: dict[str, Fraction]) -> bool | None:
    """Whether an expression has a value at a point; `None` if it cannot be evaluated."""
    from rewards.answers.evaluate.complexes import ComplexEnclosure  # FLINT takes 40 ms
    from rewards.answers.evaluate.enclosures import Enclosure
    from rewards.answers.evaluate.precision import UnsureError

    known: bool | None = None
    for encloses in (Enclosure, ComplexEnclosure):
        for digits in _DIGITS:
            try:
                encloses(digits, point).enclose(node)
            except UnsureError:
                known = False
                continue
            except UndefinedError:
                known = False
            except (ArithmeticError, InexactError):
                known = None
            else:
                return True
            break
    return known
