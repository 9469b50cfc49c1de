"""Whether all that is constant in an expression is proven to have a value.

`0·ln sin π` and `lim (x + ln(√2² - 2))` hold a constant that has none, or none that can be proven;
what holds one equals nothing but its own text, whatever the rest of it does.
"""

from __future__ import annotations

from rewards.answers.effort import InexactError, UndefinedError
from rewards.answers.tree import (
    BigOp,
    Const,
    Digits,
    Named,
    Node,
    Num,
    Raw,
    Sym,
    Text,
    children,
    symbols,
)

_DIGITS = (40, 80, 160, 320)
_LEAVES = (Num, Const, Sym, Digits, Named, Raw, Text)


def has_doubtful_part(node: Node) -> bool:
    """Whether some constant part of an expression is not proven to have a value.

    What nobody here can evaluate (a determinant, a number beyond all bounds) is not doubted.
    """
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, _LEAVES):
            continue
        if not symbols(here) and not _is_unevaluated(here):
            known = _has_value(here)
            if known is False:
                return True
            if known:
                continue
        stack += children(here)
    return False


def _is_unevaluated(node: Node) -> bool:
    return isinstance(node, BigOp) and node.op not in {"sum", "prod"}


def _has_value(node: Node) -> bool | None:
    """Whether a constant has a value; `None` if it cannot be evaluated."""
    from rewards.answers.evaluate.complexes import ComplexEnclosure  # noqa: PLC0415 - FLINT takes 40 ms
    from rewards.answers.evaluate.enclosures import Enclosure  # noqa: PLC0415
    from rewards.answers.evaluate.precision import UnsureError  # noqa: PLC0415

    known: bool | None = None
    for encloses in (Enclosure, ComplexEnclosure):
        for digits in _DIGITS:
            try:
                encloses(digits).enclose(node)
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
