"""Two expressions enclosed at the same points: what their balls prove."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from typing import Any, Literal, NamedTuple, TypeAlias

from rewards.answers.effort import InexactError, UndefinedError
from rewards.answers.evaluate.enclosures import Enclosure
from rewards.answers.evaluate.numeric import DIGITS
from rewards.answers.evaluate.points import (
    DISCRETE,
    KINKED_POINTS,
    POINTS,
    integral_symbols,
    kink_sizes,
    kinked_points,
    sample_points,
)
from rewards.answers.evaluate.precision import TooLargeError, UnsureError
from rewards.answers.outcome import Sameness
from rewards.answers.tree import Fn, Node, Num, Pow
from rewards.answers.walk import children

AGREEMENT = 28  # digits of agreement asked for at a first look
MAX_DIGITS = 1_200
ENOUGH = 4  # points of agreement, where nothing but luck could be against it
_LADDER = (DIGITS, 2 * DIGITS, 4 * DIGITS, 8 * DIGITS)  # digits of the balls, until they prove it
_AGREEMENT_BITS = 93
_MAX_ORDER = 6
_MAX_UNSURE = 3

_Status: TypeAlias = Literal["close", "far", "neither", "one", "huge", "unsure", "stop"]


class PointComparison(NamedTuple):
    """Two expressions, compared by enclosing both, in the reals or in the complex numbers."""

    left: Node
    right: Node
    encloses: type[Enclosure]

    def look(self, point: dict[str, Fraction]) -> _Status:
        """What two enclosures at a point prove.

        `close`: the balls overlap, and both are small. `far`: they do not. `one`, `neither`: so
        many sides are proven to have a value. `huge`: one alone is beyond all numbers that can be
        held. `unsure`: even small balls touch a place where there is no value. `stop`: it cannot
        be evaluated.
        """
        seen: _Status = "unsure"
        for digits in _LADDER:
            seen = self.look_once(point, digits)
            if seen != "unsure":
                break
        return seen

    def look_once(  # noqa: C901 - a line for each way that it may end
        self, point: dict[str, Fraction], digits: int
    ) -> _Status:
        """Like `look`, with balls of so many digits."""
        values: list[Any] = []
        undefined = unsure = huge = 0
        for node in (self.left, self.right):
            try:
                values.append(self.encloses(digits, point).enclose(node))
            except UndefinedError:  # noqa: PERF203
                undefined += 1
            except UnsureError:
                unsure += 1
            except TooLargeError:
                huge += _is_tower(node)
                if not _is_tower(node):
                    return "stop"
            except InexactError:
                return "stop"
        if undefined:
            return "unsure" if unsure else "one" if undefined == 1 else "neither"
        if unsure:
            return "unsure"
        if huge:
            return "huge" if huge == 1 else "stop"
        a, b = values
        if not a.overlaps(b):
            return "far"
        return "close" if _is_narrow(a) and _is_narrow(b) else "unsure"

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
        agreed = lonely = unsure = 0
        last: dict[str, Fraction] | None = None
        points, count, enough = self.points(names, integral)
        for point in points:
            seen = self.look(point)
            if seen == "far":
                return Sameness(same=False, how=_at(point, "their values differ"))
            if seen == "huge":
                return Sameness(same=False, how="only one of them is beyond e^(4·10^17)")
            if seen == "stop":
                return None
            if seen == "close":
                agreed += 1
                last = point
            lonely += seen == "one"
            unsure += seen == "unsure"
            if agreed == enough or not names or unsure == _MAX_UNSURE:
                break
        if unsure:
            how = "whether both have a value could not be proven"
            return Sameness(same=None, how=_at(point, how))
        if names and lonely >= count - 2:
            return Sameness(same=False, how="they are nowhere defined together")
        if last is None or (names and agreed < 2):
            return None
        if len(names) == 1 and self.is_real and self.is_half(names[0]):
            return Sameness(same=False, how=f"only one of them is defined for negative {names[0]}")
        return self.confirm(last)

    @property
    def is_real(self) -> bool:
        """Whether the comparison is one in the reals."""
        return self.encloses is Enclosure

    def is_half(self, name: str) -> bool:
        """Whether one side is a logarithm of the positive and the other of all: 2 ln x, ln x²."""
        if not (_has_logarithm(self.left) and _has_logarithm(self.right)):
            return False
        return all(
            self.look({name: -at}) == "one" and self.look({name: at}) in {"close", "far"}
            for at in _SIZES
        )

    def confirm(self, point: dict[str, Fraction]) -> Sameness:
        """Look once more, at a precision that no tiny term or cancellation can hide from."""
        undecided = Sameness(same=None, how="their values need more digits than are affordable")
        try:
            high, span = self.magnitudes(point)
            # sin x misses x by x^3/6, sin tan x misses tan sin x by x^7/30: a difference of small
            # terms may be as small as a power of them that grows with the functions applied.
            functions = _functions(self.left) + _functions(self.right)
            order = 3 + 2 * min(max(functions - 2, 0), _MAX_ORDER)
            digits = 100 + order * span
            affordable = min(digits, MAX_DIGITS)
            a, b = (
                self.encloses(affordable, point).enclose(side) for side in (self.left, self.right)
            )
        except ArithmeticError:
            return undecided
        if not a.overlaps(b):
            return Sameness(same=False, how=_at(point, "they differ by a little"))
        shown = digits - 30
        if digits <= MAX_DIGITS and all(_radius_exponent(ball) <= high - shown for ball in (a, b)):
            return Sameness(same=True, how=_at(point, f"they agree to {shown} digits"))
        return undecided

    def magnitudes(self, point: dict[str, Fraction]) -> tuple[int, int]:
        """The decimal exponent of the greatest number met, and how far the smallest lies below."""
        for digits in _LADDER:
            sides = [self.encloses(digits, point, track=True) for _ in range(2)]
            try:
                for side, node in zip(sides, (self.left, self.right), strict=True):
                    side.enclose(node)
            except UnsureError:
                continue
            high = max(side.high for side in sides)
            span = high - min(side.low for side in sides)
            return _decimals(high), _decimals(span) + 1
        raise InexactError


_SIZES = (Fraction(7, 5), Fraction(3, 11), Fraction(41, 3))


def _decimals(bits: int) -> int:
    return bits * 3 // 10


def _is_narrow(ball: Any) -> bool:
    """Whether the radius of a ball is below the agreement asked for at a first look."""
    return bool(ball.rel_accuracy_bits() >= _AGREEMENT_BITS) or _radius_exponent(ball) < -AGREEMENT


def _radius_exponent(ball: Any) -> int:
    """The least e for which the radius is surely below 10^e; far below for an exact ball."""
    parts = (ball.real, ball.imag)
    exponents = [-_EXACT]
    for part in parts:
        mantissa, exponent = part.rad().man_exp()
        if mantissa:
            bits = int(exponent) + int(mantissa).bit_length()
            exponents.append(-(-bits * 30103 // 100_000) + 1)
    return max(exponents)


_EXACT = 10**30


def _is_tower(node: Node) -> bool:
    """Whether an expression too large to hold is surely as large as that: 9^{9^{9^9}}."""
    if isinstance(node, Num):
        return node.value > 1
    if isinstance(node, Fn):
        return node.name == "factorial" and _is_tower(node.args[0])
    return isinstance(node, Pow) and _is_tower(node.base) and _is_tower(node.exponent)


def _functions(node: Node) -> int:
    """How many functions and powers that are no rational operations stand in an expression.

    Those of whole numbers are left out: they have no small terms.
    """
    count, stack = 0, [node]
    while stack:
        here = stack.pop()
        count += (isinstance(here, Fn) and here.name not in DISCRETE) or (
            isinstance(here, Pow) and not isinstance(here.exponent, Num)
        )
        stack += children(here)
    return count


def _has_logarithm(node: Node) -> bool:
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Fn) and here.name in {"ln", "log", "logb"}:
            return True
        stack += children(here)
    return False


def _at(point: dict[str, Fraction], what: str) -> str:
    if not point:
        return what
    place = ", ".join(f"{name} = {float(value):.3g}" for name, value in list(point.items())[:3])
    return f"{what} at {place}"
