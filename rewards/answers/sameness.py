"""Whether two expressions are the same: structure, exact rationals, then many points.

Equal is said only after agreement at several points, once far beyond what any cancellation or
tiny term in either expression could hide; different only where both sides are well defined and
their difference survives at a higher precision. Anything else is undecided.
"""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from rewards.answers.numeric import Evaluator, TooLargeError
from rewards.answers.show import show
from rewards.answers.tree import (
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
    contains,
    rebuild,
    symbols,
)
from rewards.answers.values import InexactError, UndefinedError, exact

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGITS = 40
AGREEMENT = 28  # digits of agreement asked for at a first look
MAX_DIGITS = 12_000
POINTS = 14
ENOUGH = 4


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
    if isinstance(left, Digits) or isinstance(right, Digits):
        return _compare_digits(left, right)
    left, right = _opaque(left), _opaque(right)
    if show(left) == show(right):
        return Sameness(same=True, how="they differ only in order")
    if _has_infinity(left) or _has_infinity(right):
        return _compare_infinite(left, right)
    return _compare_numerically(left, right)


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
    if isinstance(node, Fn) and node.name in {"call", "prime", "at", "norm", "det", "mark*"}:
        return Sym(f"⟨{show(node)}⟩")
    if isinstance(node, BigOp) and (node.op in {"int", "lim"} or _has_infinity(node.high)):
        return Sym(f"⟨{show(_with_index(node))}⟩")
    below = children(node)
    if not below:
        return node
    new = tuple(_opaque(child) for child in below)
    return node if new == below else rebuild(node, new)


def _with_index(node: BigOp) -> BigOp:
    from rewards.answers.tree import substitute  # noqa: PLC0415

    if not node.var:
        return node
    return BigOp(node.op, "#", node.low, node.high, substitute(node.body, {node.var: Sym("#")}))


# -- at points --------------------------------------------------------------------------------


def _points(names: list[str], integral: frozenset[str]) -> Iterator[dict[str, Fraction]]:
    """Points of mixed size and sign, the same for the same names."""
    generator = random.Random("·".join(names))  # noqa: S311 - points, not secrets
    for index in range(POINTS):
        point: dict[str, Fraction] = {}
        for name in names:
            if name in integral:
                point[name] = Fraction(generator.randint(1, 5 + index))
                continue
            top = generator.randint(10**5, 10**6)
            if index in {2, 6, 9}:
                value = Fraction(top, 10**6)  # below 1, for inverse functions
            elif index in {4, 10}:
                value = Fraction(top, 10**5)
            else:
                value = Fraction(top * 3, 10**6)
            if index in {1, 5, 8, 11, 13} and generator.random() < 0.6:
                value = -value
            point[name] = value
        yield point


def _integral_symbols(node: Node) -> frozenset[str]:
    """Variables that must be integers: in factorials, binomials, bounds, powers of negatives."""
    found: set[str] = set()
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Fn) and here.name in {
            "factorial",
            "factorial2",
            "binom",
            "mod",
            "gcd",
            "lcm",
        }:
            found |= symbols(here)
        elif isinstance(here, BigOp):
            found |= symbols(here.low) | symbols(here.high)
        elif isinstance(here, Pow):
            base = _exact(here.base)
            if base is not None and base < 0:
                found |= symbols(here.exponent)
        stack += children(here)
    return frozenset(found)


def _compare_numerically(left: Node, right: Node) -> Sameness:
    names = sorted(symbols(left) | symbols(right))
    if len(names) > 60:
        return Sameness(same=None, how="they have too many variables")
    imaginary = contains_imaginary(left) or contains_imaginary(right)
    if not imaginary:
        found = _compare_at_points(left, right, names, complex_values=False)
        if found is not None:
            return found
    found = _compare_at_points(left, right, names, complex_values=True)
    if found is not None and (imaginary or not names or found.same):
        return found
    return Sameness(same=None, how="no point was found at which both can be evaluated")


def contains_imaginary(node: Node) -> bool:
    """Whether the imaginary unit stands in the expression."""
    if node == Const("i"):
        return True
    return contains(node, (Const,)) and any(contains_imaginary(child) for child in children(node))


def _compare_at_points(  # noqa: C901
    left: Node, right: Node, names: list[str], *, complex_values: bool
) -> Sameness | None:
    integral = _integral_symbols(left) | _integral_symbols(right)
    agreed = one_sided = 0
    last: dict[str, Fraction] | None = None
    for point in _points(names, integral):
        verdict = _look(left, right, point, DIGITS, complex_values=complex_values)
        if verdict == "different":
            verdict = _look(
                left, right, point, 2 * DIGITS, complex_values=complex_values, agreement=AGREEMENT
            )
            if verdict == "different":
                return Sameness(same=False, how=_at(point, "their values differ"))
        if verdict == "huge":
            return Sameness(same=False, how="one of them is beyond 10^(10^17), the other is not")
        if verdict == "stop":
            return None
        one_sided += verdict == "one undefined"
        if verdict == "close":
            agreed += 1
            last = point
            if agreed >= ENOUGH or not names:
                break
        elif not names:
            break
    if last is None:
        if one_sided >= POINTS - 2 and names:
            return Sameness(same=False, how="they are nowhere defined together")
        if one_sided and not names and not complex_values:
            return None
        return None
    if agreed < (ENOUGH if names else 1) and agreed < 2:
        return None
    return _confirm(left, right, last, complex_values=complex_values)


def _at(point: dict[str, Fraction], what: str) -> str:
    if not point:
        return what
    place = ", ".join(f"{name} = {float(value):.3g}" for name, value in list(point.items())[:3])
    return f"{what} at {place}"


def _confirm(
    left: Node, right: Node, point: dict[str, Fraction], *, complex_values: bool
) -> Sameness:
    """Compare once more at a precision that no tiny term or cancellation can hide from."""
    first = _evaluators(DIGITS, point, complex_values=complex_values)
    spread = 0
    for node, evaluator in zip((left, right), first, strict=True):
        try:
            evaluator.evaluate(node)
        except ArithmeticError:
            return Sameness(same=None, how="one of them cannot be evaluated precisely")
        spread = max(spread, evaluator.high - evaluator.low)
    digits = 100 + 2 * spread
    if digits > MAX_DIGITS:
        return Sameness(same=None, how="their values need more digits than are affordable")
    for precision in (digits, 2 * digits):
        verdict = _look(
            left, right, point, precision, complex_values=complex_values, agreement=digits - 30
        )
        if verdict != "different":
            break
    if verdict == "close":
        return Sameness(same=True, how=_at(point, f"they agree to {digits - 30} digits, also"))
    if verdict == "different":
        return Sameness(same=False, how=f"they differ when worked out to {digits} digits")
    return Sameness(same=None, how="they could not be worked out to enough digits")


def _evaluators(
    digits: int, point: dict[str, Fraction], *, complex_values: bool
) -> list[Evaluator]:
    if complex_values:
        from rewards.answers.complexes import ComplexEvaluator  # noqa: PLC0415

        return [ComplexEvaluator(digits, point), ComplexEvaluator(digits, point)]
    return [Evaluator(digits, point), Evaluator(digits, point)]


def _look(  # noqa: PLR0913
    left: Node,
    right: Node,
    point: dict[str, Fraction],
    digits: int,
    *,
    complex_values: bool,
    agreement: int = AGREEMENT,
) -> str:
    """Evaluate both at a point: close, different, undefined, one undefined, huge or stop."""
    evaluators = _evaluators(digits, point, complex_values=complex_values)
    results: list[Decimal | str] = []
    for node, evaluator in zip((left, right), evaluators, strict=True):
        try:
            results.append(evaluator.evaluate(node))
        except UndefinedError:  # noqa: PERF203
            results.append("undefined")
        except TooLargeError:
            results.append("huge")
        except InexactError:
            return "stop"
    a, b = results
    if isinstance(a, str) or isinstance(b, str):
        if a == b == "huge":
            return "stop"
        if "huge" in (a, b):
            return "huge" if not point and "undefined" not in (a, b) else "stop"
        return "undefined" if a == b else "one undefined"
    high = max(evaluators[0].high, evaluators[1].high)
    gap = evaluators[0].distance(a, b, evaluators[1])
    if gap is None or gap <= high - agreement:
        return "close"
    return "different"
