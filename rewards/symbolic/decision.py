r"""What sympy says about two answers. Runs only in sympy's processes, under their limits.

Not covered on purpose: relations, units, bases, intervals and words, where sympy and the readers
in front of it are known to call different answers equal. "Equal" needs a proof, "different" a
number that is far from zero for its precision; anything else stays undecided. Sympy's own
arithmetic of what has no value (0·x, x^0, 1/∞, a limit from one side for a limit) is kept out: a
side takes part only when its constants are proven to have values, and each limit, integral and sum
in it comes out finite.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import sympy

from rewards.answers import Answer, Equality, read_answer, read_reference, tree, walk
from rewards.answers.effort import fresh_effort
from rewards.answers.evaluate.definedness import has_doubtful_part
from rewards.symbolic.translation import UntranslatableError, from_answer, from_tree

_DIGITS = 40
_FAR = sympy.Rational(1, 10**15)
_MAX_UNORDERED = 4
# Points at which two expressions are compared; positive, so that roots and logarithms are real.
_POINTS = (
    (sympy.Rational(7, 5), sympy.Rational(5, 13), sympy.Rational(17, 7), sympy.Rational(23, 11)),
    (sympy.Rational(11, 4), sympy.Rational(29, 9), sympy.Rational(3, 7), sympy.Rational(31, 19)),
)

_ANALYSIS = (sympy.Integral, sympy.Limit, sympy.Sum, sympy.Product)

# Their numeric values come without a bound on the error.
_UNBOUNDED_ERROR = (sympy.Integral, sympy.Limit, sympy.Derivative, sympy.Sum, sympy.Product)

_SAMPLES = (
    (r"1-\cos x", r"\int_0^x \sin t\,dt"),
    ("1", r"\lim_{x\to 0}\frac{\sin x}{x}"),
    (r"\frac{n(n+1)}{2}", r"\sum_{k=1}^{n} k"),
    (r"\sqrt{5+2\sqrt6}", r"\sqrt2+\sqrt3"),
)

Decided = tuple[Equality, str]


def decide(reference: str, answer: str) -> list[str]:
    r"""Compare two answers by sympy: the value of an `Equality`, and the reason.

    >>> decide(r"\int_0^1 x^2 dx", r"\frac13")[0]
    'equal'
    """
    fresh_effort()
    try:
        outcome, reason = _compare(read_reference(reference), read_answer(answer))
    except UntranslatableError as error:
        outcome, reason = Equality.UNDECIDED, str(error)
    return [outcome.value, reason]


def prepare() -> None:
    """Use everything once, so that processes forked afterwards find it loaded."""
    for reference, answer in _SAMPLES:
        decide(reference, answer)


def _compare(reference: Answer, answer: Answer) -> Decided:
    left, right = reference.tree, answer.tree
    for side in (left, right):
        if side is not None and has_doubtful_part(side, points=True):
            return Equality.UNDECIDED, "a part of one side has no value, or none that can be proven"
    if left is not None and right is not None and _alike(left, right):
        return _compare_parts(left, right)
    return _compare_values(from_answer(reference), from_answer(answer))


def _alike(left: tree.Node, right: tree.Node) -> bool:
    """Whether both are collections of the same form, so that their items can be compared."""
    if isinstance(left, tree.Group) and isinstance(right, tree.Group):
        same = (left.opening, left.closing) == (right.opening, right.closing)
        return same and len(left.items) == len(right.items)
    if isinstance(left, tree.Seq | tree.SetOf) and type(left) is type(right):
        return len(left.items) == len(walk.children(right))
    return False


def _compare_parts(left: tree.Node, right: tree.Node) -> Decided:
    lefts, rights = walk.children(left), walk.children(right)
    if isinstance(left, tree.Group):
        return _joined([_compare_nodes(a, b) for a, b in zip(lefts, rights, strict=True)])
    if len(lefts) > _MAX_UNORDERED:
        raise UntranslatableError(f"{len(lefts)} items in any order are too many for sympy")
    known = {(a, b): _compare_nodes(a, b) for a in lefts for b in rights}
    best: Decided = (Equality.DIFFERENT, "no order of the items makes them equal")
    for order in permutations(rights):
        found = _joined([known[pair] for pair in zip(lefts, order, strict=True)])
        if found[0] is Equality.EQUAL:
            return found
        if found[0] is Equality.UNDECIDED:
            best = found
    return best


def _compare_nodes(left: tree.Node, right: tree.Node) -> Decided:
    return (
        (Equality.EQUAL, "the same")
        if left == right
        else _compare_values(from_tree(left), from_tree(right))
    )


def _joined(parts: Sequence[Decided]) -> Decided:
    """Equal when all parts are, different when one is."""
    for outcome in (Equality.DIFFERENT, Equality.UNDECIDED):
        for part in parts:
            if part[0] is outcome:
                return part
    return (Equality.EQUAL, "; ".join(dict.fromkeys(reason for _, reason in parts)))


def _compare_values(left: Any, right: Any) -> Decided:
    if isinstance(left, sympy.MatrixBase) or isinstance(right, sympy.MatrixBase):
        return _compare_matrices(left, right)
    for side in (left, right):
        if side.has(sympy.nan, sympy.zoo):
            return Equality.UNDECIDED, "a side is not defined"
    if left.free_symbols != right.free_symbols:
        # An answer that brings in a variable, or loses one, is another answer.
        return Equality.UNDECIDED, "the two sides hold different variables"
    left, right = _worked_out(left), _worked_out(right)
    difference = left - right
    if difference.has(sympy.nan, sympy.zoo, sympy.oo):
        same = left == right
        return (Equality.EQUAL, "the same") if same else (Equality.UNDECIDED, "a side is infinite")
    if difference == 0:
        return Equality.EQUAL, f"both are {_short(left)}"
    if shown := _far_apart(left, right):
        return Equality.DIFFERENT, shown
    if _is_zero(difference):
        return Equality.EQUAL, f"{_short(left)} minus {_short(right)} simplifies to 0"
    return Equality.UNDECIDED, f"{_short(difference)} could not be shown to be 0"


def _worked_out(expression: Any) -> Any:
    """An expression with its limits, integrals and sums done, each of which must be finite.

    Raises:
        UntranslatableError: one has no finite value, or an integral goes from a to a, of which
            sympy makes 0 without a look at what is integrated.
    """
    found: dict[Any, Any] = {}
    walk = sympy.preorder_traversal(expression)
    for part in walk:
        if not isinstance(part, _ANALYSIS):
            continue
        walk.skip()
        if isinstance(part, sympy.Integral) and any(
            len(limits) == 3 and limits[1] == limits[2] for limits in part.limits
        ):
            raise UntranslatableError("an integral from a to a is not worked out")
        try:
            found[part] = part.doit()
        except ValueError as error:  # a limit that differs from the left and from the right
            raise UntranslatableError("a limit does not exist") from error
        if found[part].has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.AccumBounds):
            raise UntranslatableError("a limit, an integral or a sum is not finite")
    return expression.xreplace(found).doit()


def _compare_matrices(left: Any, right: Any) -> Decided:
    if not (isinstance(left, sympy.MatrixBase) and isinstance(right, sympy.MatrixBase)):
        return Equality.UNDECIDED, "only one side is a matrix"
    if left.shape != right.shape:
        return Equality.DIFFERENT, f"the matrices are {left.shape} and {right.shape}"
    return _joined([_compare_values(a, b) for a, b in zip(left, right, strict=True)])


def _far_apart(left: Any, right: Any) -> str:
    """A point at which the two sides surely differ, in words, or nothing."""
    names = sorted(left.free_symbols | right.free_symbols, key=str)
    for point in _POINTS:
        values = {name: point[i % len(point)] + i // len(point) for i, name in enumerate(names)}
        first, second = (_number(side.subs(values)) for side in (left, right))
        if first is None or second is None:
            continue
        if abs(first - second) > _FAR * max(abs(first), abs(second)):
            where = ", ".join(f"{name} = {value}" for name, value in values.items())
            at = f" at {where}" if where else ""
            return f"{first.n(6)} and {second.n(6)}{at}"
        if not names:
            break
    return ""


def _number(expression: Any) -> Any | None:
    """A value known to more digits than the comparison needs, or `None`."""
    if expression.has(*_UNBOUNDED_ERROR):
        return None
    value = expression.evalf(_DIGITS)
    parts = value.as_real_imag() if value.is_number and value.is_finite else ()
    # sympy marks a value that it could not tell from 0 by a precision of one bit.
    if not parts or any(part.is_Float and part._prec <= 1 for part in parts):  # noqa: SLF001
        return None
    return value


def _is_zero(difference: Any) -> bool:
    """Whether it can be proved to be zero. Never by rounding."""
    if difference.has(sympy.Float):
        return False
    return bool(sympy.simplify(difference) == 0 or difference.equals(0) is True)


def _short(expression: Any) -> str:
    text = str(expression)
    return text if len(text) <= 80 else text[:79] + "…"
