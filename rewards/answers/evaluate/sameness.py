"""Whether two expressions are the same: structure, exact rationals, then many points.

Values are balls with proven radii (`enclosures`). Equal is said only where both balls are small
and overlap, at several points, once at a radius below what any cancellation or tiny term in either
expression could hide; that a ball comes out at all proves that the side has a value there.
Different is said only of balls that do not overlap. Anything else is undecided: a side that is
undefined, infinite or undecided where it was looked at equals nothing but its own text.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from rewards.answers.effort import InexactError, UndefinedError
from rewards.answers.evaluate.definedness import has_doubtful_part
from rewards.answers.evaluate.modular import same_residues
from rewards.answers.evaluate.numeric import Evaluator
from rewards.answers.evaluate.points import (
    DISCRETE,
    KINKED_POINTS,
    POINTS,
    integral_symbols,
    kink_sizes,
    kinked_points,
    sample_points,
)
from rewards.answers.evaluate.values import exact
from rewards.answers.show import show
from rewards.answers.tree import (
    GAMMA,
    BigOp,
    Const,
    Digits,
    Fn,
    Mul,
    Node,
    Num,
    Pow,
    Sym,
    children,
    rebuild,
    substitute,
    symbols,
)

if TYPE_CHECKING:
    from rewards.answers.evaluate.enclosures import Enclosure

DIGITS = 40
AGREEMENT = 28  # digits of agreement asked for at a first look
MAX_DIGITS = 1_200
_LADDER = (DIGITS, 2 * DIGITS, 4 * DIGITS, 8 * DIGITS)  # digits of the balls, until they prove it
_AGREEMENT_BITS = 93
_MAX_ORDER = 6
_MAX_UNSURE = 3
MAX_VARIABLES = 60
ENOUGH = 4
UNEVALUATED = "⟨∫"


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
    if show(left) == show(right) and not has_doubtful_part(left):
        return Sameness(same=True, how="they differ only in order")
    if _has_infinity(left) or _has_infinity(right):
        return _compare_infinite(left, right)
    found = _compare_numerically(left, right)
    if found.same and _opaque_names(left) != _opaque_names(right):
        # What nobody has worked out may have no value: lim 1/x - lim 1/x is not 0.
        return Sameness(same=None, how="a part that stays unevaluated stands on one side only")
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
    """Calls, integrals and the like become variables named by their normal form.

    But not Γ of a constant, which has a value, or none.
    """
    if node == Fn("call", (GAMMA, *children(node)[1:])) and not symbols(node):
        return node
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


def _opaque_names(node: Node) -> frozenset[str]:
    return frozenset(name for name in symbols(node) if name.startswith("⟨"))


def _with_index(node: BigOp) -> BigOp:
    if not node.var:
        return node
    return BigOp(node.op, "#", node.low, node.high, substitute(node.body, {node.var: Sym("#")}))


# -- at points --------------------------------------------------------------------------------


def _compare_numerically(left: Node, right: Node) -> Sameness:
    names = sorted(symbols(left) | symbols(right))
    if len(names) > MAX_VARIABLES:
        return Sameness(same=None, how="they have too many variables")
    from rewards.answers.evaluate.complexes import ComplexEnclosure  # noqa: PLC0415 - FLINT takes 40 ms
    from rewards.answers.evaluate.enclosures import Enclosure  # noqa: PLC0415

    imaginary = contains_imaginary(left) or contains_imaginary(right)
    if not imaginary:
        found = _Pair(left, right, Enclosure).compare(names)
        if found is not None:
            return found
    found = _Pair(left, right, ComplexEnclosure).compare(names)
    if found is not None and (imaginary or not names or found.same):
        return found
    if not names and _Pair(left, right, ComplexEnclosure).look({}) == "one":
        return Sameness(same=False, how="one of them has no value")
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


_Status: TypeAlias = Literal["close", "far", "neither", "one", "huge", "unsure", "stop"]


class _Pair(NamedTuple):
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
        from rewards.answers.evaluate.precision import TooLargeError, UnsureError  # noqa: PLC0415 - as below

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
            return "huge" if huge == 1 and not point else "stop"
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
        return self.encloses.__name__ == "Enclosure"

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
        from rewards.answers.evaluate.precision import UnsureError  # noqa: PLC0415 - as below

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
