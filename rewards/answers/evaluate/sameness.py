"""Whether two expressions are the same: structure, exact rationals, then many points.

Equal is said only after agreement at several points, once far beyond what any cancellation or
tiny term in either expression could hide; different only where both sides are well defined and
their difference survives at a higher precision. Anything else is undecided.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Literal, NamedTuple

from rewards.answers.effort import InexactError
from rewards.answers.evaluate.complexes import ComplexEvaluator
from rewards.answers.evaluate.modular import same_residues
from rewards.answers.evaluate.numeric import Evaluator
from rewards.answers.evaluate.points import (
    KINKED_POINTS,
    POINTS,
    integral_symbols,
    kink_sizes,
    kinked_points,
    sample_points,
)
from rewards.answers.evaluate.precision import TooLargeError, make_context
from rewards.answers.evaluate.values import UndefinedError, exact
from rewards.answers.show import show
from rewards.answers.tree import (
    BigOp,
    Const,
    Digits,
    Fn,
    Mul,
    Node,
    Num,
    Sym,
    children,
    rebuild,
    substitute,
    symbols,
)

DIGITS = 40
AGREEMENT = 28  # digits of agreement asked for at a first look
MAX_DIGITS = 1_200
_MORE_DIGITS = 300  # for a second look
MAX_VARIABLES = 60
ENOUGH = 4
UNEVALUATED = "⟨∫"
_ROUGH = make_context(20)


class Sameness(NamedTuple):
    """True, False or None (undecided), and how that was found."""

    same: bool | None
    how: str


def same_expression(left: Node, right: Node) -> Sameness:
    """Whether two expressions have the same value wherever both are defined."""
    if left == right:
        return Sameness(same=True, how="they are written the same way")
    a, b = _exact(left), _exact(right)
    if a is not None and b is not None:
        return Sameness(same=a == b, how="their exact values " + ("agree" if a == b else "differ"))
    rational = same_residues(left, right)
    if rational is not None:
        how = "they are the same rational expression" if rational else "their values differ"
        return Sameness(same=rational, how=how)
    if isinstance(left, Digits) or isinstance(right, Digits):
        return _compare_digits(left, right)
    left, right = _opaque(left), _opaque(right)
    if show(left) == show(right):
        return Sameness(same=True, how="they differ only in order")
    if _has_infinity(left) or _has_infinity(right):
        return _compare_infinite(left, right)
    found = _compare_numerically(left, right)
    if found.same is False and (_has_analysis(left) or _has_analysis(right)):
        return Sameness(same=None, how="an integral, a limit or an infinite sum stays unevaluated")
    return found


def _exact(node: Node) -> Fraction | None:
    if isinstance(node, Num):
        return node.value
    try:
        return exact(node)
    except ArithmeticError:
        return None


def approximate(node: Node) -> Fraction | None:
    """A rational near the real value of a constant, or `None`."""
    try:
        value = Evaluator(DIGITS).evaluate(node)
    except ArithmeticError:
        return None
    return Fraction(value) if abs(value.adjusted()) < 400 else None


def _compare_digits(left: Node, right: Node) -> Sameness:
    texts = [_digit_text(side) for side in (left, right)]
    if None in texts:
        return Sameness(same=None, how="one of them has too many digits for arithmetic")
    return Sameness(same=texts[0] == texts[1], how="their digits were compared")


def _digit_text(node: Node) -> str | None:
    if isinstance(node, Digits):
        return node.text
    if isinstance(node, Mul) and len(node.factors) == 2 and node.factors[0] == _MINUS:
        inner = _digit_text(node.factors[1])
        return None if inner is None else "-" + inner
    return "a number of at most 4000 digits" if isinstance(node, Num) else None


_MINUS = Num(Fraction(-1))


def _has_infinity(node: Node) -> bool:
    stack = [node]
    while stack:
        here = stack.pop()
        if here == Const("inf"):
            return True
        if not isinstance(here, BigOp):
            stack += children(here)
    return False


def _compare_infinite(left: Node, right: Node) -> Sameness:
    a, b = _infinite_sign(left), _infinite_sign(right)
    if a and b:
        return Sameness(same=a == b, how="both are infinite")
    if bool(a) != bool(b) and not (_has_infinity(left) and _has_infinity(right)):
        return Sameness(same=False, how="only one of them is infinite")
    return Sameness(same=None, how="arithmetic with ∞ is not decided")


def _infinite_sign(node: Node) -> int:
    if node == Const("inf"):
        return 1
    if isinstance(node, Mul) and len(node.factors) == 2 and node.factors[1] == Const("inf"):
        value = _exact(node.factors[0])
        return 0 if not value else 1 if value > 0 else -1
    return 0


def _opaque(node: Node) -> Node:
    """Calls, integrals and the like become variables named by their normal form."""
    if isinstance(node, Fn) and node.name in {
        "call",
        "class",
        "prime",
        "at",
        "norm",
        "det",
        "mark*",
    }:
        return Sym(
            f"⟨{show(node)}⟩" if node.name in {"call", "class"} else f"{UNEVALUATED}{show(node)}⟩"
        )
    if isinstance(node, BigOp) and (node.op in {"int", "lim"} or _has_infinity(node.high)):
        return Sym(f"{UNEVALUATED}{show(_with_index(node))}⟩")
    below = children(node)
    if not below:
        return node
    new = tuple(_opaque(child) for child in below)
    return node if new == below else rebuild(node, new)


def _has_analysis(node: Node) -> bool:
    """Whether something stands in the expression that has a value nobody has worked out."""
    return any(name.startswith(UNEVALUATED) for name in symbols(node))


def _with_index(node: BigOp) -> BigOp:
    if not node.var:
        return node
    return BigOp(node.op, "#", node.low, node.high, substitute(node.body, {node.var: Sym("#")}))


# -- at points --------------------------------------------------------------------------------


def _compare_numerically(left: Node, right: Node) -> Sameness:
    names = sorted(symbols(left) | symbols(right))
    if len(names) > MAX_VARIABLES:
        return Sameness(same=None, how="they have too many variables")
    imaginary = contains_imaginary(left) or contains_imaginary(right)
    if not imaginary:
        found = _Pair(left, right, Evaluator).compare(names)
        if found is not None:
            return found
    found = _Pair(left, right, ComplexEvaluator).compare(names)
    if found is not None and (imaginary or not names or found.same):
        return found
    return Sameness(same=None, how="no point was found at which both can be evaluated")


def contains_imaginary(node: Node) -> bool:
    """Whether the imaginary unit stands in the expression."""
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Const) and here.name == "i":
            return True
        stack += children(here)
    return False


class _Look(NamedTuple):
    """Both sides evaluated at one point.

    `gap` is their difference, `high` the decimal exponent below which rounding was kept, and
    `span` how far the exponents met on the way lie apart.
    """

    status: Literal["both", "neither", "one", "huge", "stop"]
    gap: Decimal = Decimal(0)
    high: int = 0
    span: int = 0

    def is_close(self, agreement: int) -> bool:
        """Whether both sides agree to so many digits below the greatest magnitude met."""
        if self.status != "both":
            return False
        return not self.gap or self.gap.adjusted() <= self.high - agreement


class _Pair(NamedTuple):
    """Two expressions, compared by evaluation in the reals or in the complex numbers."""

    left: Node
    right: Node
    evaluator: type[Evaluator]

    def look(self, point: dict[str, Fraction], digits: int) -> _Look:
        """Evaluate both at a point."""
        sides = self.evaluator(digits, point), self.evaluator(digits, point)
        values: list[Decimal | None] = []
        huge = 0
        for side, node in zip(sides, (self.left, self.right), strict=True):
            try:
                values.append(side.evaluate(node))
            except UndefinedError:  # noqa: PERF203
                values.append(None)
            except TooLargeError:
                huge += 1
                values.append(None)
            except InexactError:
                return _Look("stop")
        a, b = values
        if huge:
            return _Look("huge" if huge == 1 and not point and (a, b) != (None, None) else "stop")
        if a is None or b is None:
            return _Look("neither" if a is b else "one")
        high = max(side.high for side in sides)
        highest = max(high, *(side.highest for side in sides))
        span = highest - min(side.low for side in sides)
        return _Look("both", sides[0].difference(a, b), high, span)

    def points(
        self, names: list[str], integral: frozenset[str]
    ) -> tuple[Iterable[dict[str, Fraction]], int, int]:
        """Where to look, at how many points at most, and how many agreements are enough."""
        points = sample_points(names, integral)
        # With kinks and whole numbers a few points agree by luck: look at all of them.
        sizes = kink_sizes(self.left, self.right)
        if sizes is None:
            return points, POINTS, POINTS if integral else ENOUGH
        count = POINTS + KINKED_POINTS
        return chain(points, kinked_points(names, integral, sizes)), count, count

    def compare(self, names: list[str]) -> Sameness | None:  # noqa: C901
        """The verdict of the sample points; `None` if there were too few."""
        integral = integral_symbols(self.left) | integral_symbols(self.right)
        agreed = lonely = 0
        last: tuple[dict[str, Fraction], _Look] | None = None
        points, count, enough = self.points(names, integral)
        for point in points:
            seen = self.look(point, DIGITS)
            if seen.status == "both" and not seen.is_close(AGREEMENT):
                seen = self.look(point, 2 * DIGITS)  # or was it only lost digits?
                if seen.status == "both" and not seen.is_close(AGREEMENT):
                    return Sameness(same=False, how=_at(point, "their values differ"))
            if seen.status == "huge":
                return Sameness(same=False, how="only one of them is beyond 10^(10^17)")
            if seen.status == "stop":
                return None
            if seen.status == "both":
                agreed += 1
                last = point, seen
            lonely += seen.status == "one"
            if agreed == enough or not names:
                break
        if names and lonely >= count - 2:
            return Sameness(same=False, how="they are nowhere defined together")
        if last is None or (names and agreed < 2):
            return None
        if len(names) == 1 and self.evaluator is Evaluator and self.is_half(names[0]):
            return Sameness(same=False, how=f"only one of them is defined for negative {names[0]}")
        return self.confirm(*last)

    def is_half(self, name: str) -> bool:
        """Whether one side is a logarithm of the positive and the other of all: 2 ln x, ln x²."""
        if not (_has_logarithm(self.left) and _has_logarithm(self.right)):
            return False
        return all(
            self.look({name: -at}, DIGITS).status == "one"
            and self.look({name: at}, DIGITS).status == "both"
            for at in _SIZES
        )

    def confirm(self, point: dict[str, Fraction], seen: _Look) -> Sameness:
        """Look once more, at a precision that no tiny term or cancellation can hide from."""
        # Thrice the span: sin x misses x by x^3/6, and no function we know by a higher power
        # without its own terms showing a wider span.
        digits = 100 + 3 * seen.span
        affordable = min(digits, MAX_DIGITS)
        first = self.look(point, affordable)
        if first.status != "both":
            return Sameness(same=None, how="they could not be worked out to enough digits")
        if digits <= MAX_DIGITS and first.is_close(digits - 30):
            return Sameness(same=True, how=_at(point, f"they agree to {digits - 30} digits"))
        second = self.look(point, affordable + min(affordable, _MORE_DIGITS))
        if digits <= MAX_DIGITS and second.is_close(digits - 30):
            return Sameness(same=True, how=_at(point, f"they agree to {digits - 30} digits"))
        # Rounding noise changes with the precision; a difference does not.
        if second.status == "both" and _agree(first.gap, second.gap):
            return Sameness(same=False, how=_at(point, "they differ by a little"))
        return Sameness(same=None, how="their values need more digits than are affordable")


_SIZES = (Fraction(7, 5), Fraction(3, 11), Fraction(41, 3))


def _has_logarithm(node: Node) -> bool:
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Fn) and here.name in {"ln", "log", "logb"}:
            return True
        stack += children(here)
    return False


def _agree(one: Decimal, other: Decimal) -> bool:
    """Whether two differences are the same but for rounding."""
    if not one or not other or one.adjusted() != other.adjusted():
        return False
    ratio = _ROUGH.divide(one, other)
    return abs(ratio - 1) < Decimal("0.0001")


def _at(point: dict[str, Fraction], what: str) -> str:
    if not point:
        return what
    place = ", ".join(f"{name} = {float(value):.3g}" for name, value in list(point.items())[:3])
    return f"{what} at {place}"
