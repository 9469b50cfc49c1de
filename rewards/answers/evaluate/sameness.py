"""Whether two expressions are the same: structure, exact rationals, then many points.

Values are balls with proven radii (`enclosures`). Equal is said only where both balls are small
and overlap, at several points, once at a radius below what any cancellation or tiny term in either
expression could hide; that a ball comes out at all proves that the side has a value there.
Different is said only of balls that do not overlap. Anything else is undecided: a side that is
undefined, infinite or undecided where it was looked at equals nothing but its own text.
"""

from __future__ import annotations

from fractions import Fraction

from rewards.answers.construct import GAMMA
from rewards.answers.evaluate.definedness import has_doubtful_part
from rewards.answers.evaluate.modular import same_residues
from rewards.answers.evaluate.numeric import DIGITS, Evaluator
from rewards.answers.evaluate.values import exact
from rewards.answers.outcome import Sameness
from rewards.answers.show import show
from rewards.answers.tree import BigOp, Const, Digits, Fn, Mul, Node, Num, Sym
from rewards.answers.walk import children, rebuild, substitute, symbols

MAX_VARIABLES = 60
UNEVALUATED = "⟨∫"


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
    from rewards.answers.evaluate.agreement import PointComparison  # FLINT takes 40 ms
    from rewards.answers.evaluate.complexes import ComplexEnclosure
    from rewards.answers.evaluate.enclosures import Enclosure

    imaginary = contains_imaginary(left) or contains_imaginary(right)
    if not imaginary:
        found = PointComparison(left, right, Enclosure).compare(names)
        if found is not None:
            return found
    found = PointComparison(left, right, ComplexEnclosure).compare(names)
    if found is not None and (imaginary or not names or found.same):
        return found
    if not names and PointComparison(left, right, ComplexEnclosure).look({}) == "one":
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
