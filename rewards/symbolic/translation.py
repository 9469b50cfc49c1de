r"""Answers as sympy expressions, built node by node: no text is ever evaluated.

What our own reader understands is translated from its tree. The rest (integrals, limits,
derivatives) is read by latex2sympy2_extended, behind guards: it reads `1 2` as 3, drops what it
does not know, and lowers the case of some letters.

Runs only in sympy's processes: this module imports sympy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sympy
from latex2sympy2_extended import latex2sympy

from rewards.answers import Answer, construct, tree, walk

_MAX_LATEX_CHARS = 1_000
_MAX_NUMERAL_CHARS = 1_000
_MAX_POWER_BITS = 40_000
_MAX_DEPTH = 40  # its parser takes exponential time on nested brackets

# Where its reading and a mathematician's part: dots, subscripts on numbers, words, relations, signs
# both ways, `log` without a base, two numbers side by side; marks that it drops: primes, residues,
# braces, bars.
_MISREAD = re.compile(
    r"\\[lcvd]?dots|\.\.|…"
    r"|\\(?:text|mathrm|mbox|operatorname|mathbb|mathbf|mathcal|vec|hat|bar|pm|mp)\b"
    r"|\\(?:leq?|geq?|lt|gt|neq?|in|notin|approx|sim|equiv|cong|mid|Rightarrow)\b"
    r"|\\(?:pmod|bmod|mod|prime|phantom|hphantom|cancel|not|neg|overline|underline)\b"
    r"|\\[{}]|['′″]|!!!|\|\s{0,8}_"
    r"|[<>≤≥≠≈∈±]|\d\s{0,8}\}?_|\\log(?!\s{0,8}_)|(?<![\^_])\d\s{1,8}\d"
)
_INDEX = re.compile(r"_\s{0,8}\{[^{}=]{1,8}=[^{}=]{1,40}\}")  # the one place for an equals sign
_COMMAND = re.compile(r"\\[a-zA-Z]+")
_WORD = re.compile(r"[A-Za-z]{3,}")


# Sums and the like with their bounds, the one place for ∞.
_OPERATOR = re.compile(
    r"\\(?:int|lim|sum|prod)(?![a-zA-Z])(?:\\limits)?"
    r"(?:\s{0,8}[_^]\s{0,8}(?:\{[^{}]{0,80}(?:\{[^{}]{0,40}\}[^{}]{0,40})?\}|\\infty(?![a-zA-Z])|\S))*"
)
_SIDED = re.compile(r"\^\s{0,8}\{?\s{0,8}[+-]\s{0,8}\}")
_UNWORKED = (sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit)

_SIDES_OF_A_LIMIT = frozenset(map(sympy.Symbol, ("+", "-", "+-")))
# Only latex2sympy reads these.
_ANALYSIS = re.compile(r"\\(?:int|lim|i{2,3}nt)\b|\\d?frac\s?\{?(?:d|\\partial)")


class UntranslatableError(ValueError):
    """There is no sympy expression that surely means the same."""


class RefusedError(UntranslatableError):
    """What was understood must not go to sympy; nor is latex2sympy asked for another reading."""


class RoundedStepError(RefusedError):
    """Sympy would take a whole part or a sign of rounded digits."""


def from_answer(answer: Answer) -> Any:
    """The sympy expression of an answer.

    Raises:
        UntranslatableError: there is none that surely means the same.
    """
    if answer.tree is None:
        raise UntranslatableError(str(answer.unreadable))
    if _ANALYSIS.search(answer.text):
        return from_latex(answer.text)
    try:
        translated = from_tree(answer.tree)
    except RefusedError:
        raise
    except UntranslatableError:
        return from_latex(answer.text)
    if _operations(translated) < _operators(answer.tree):
        raise UntranslatableError("sympy drops a sum or a product, whatever its value")
    if not isinstance(translated, sympy.MatrixBase):
        names = {symbol.name for symbol in translated.free_symbols}
        if gone := walk.symbols(answer.tree) - names:  # 0·x is not 0
            raise UntranslatableError(f"the variable {min(gone)} cancels out")
    return translated


def from_tree(node: tree.Node) -> Any:
    """The sympy expression of a tree of our own reader.

    Raises:
        UntranslatableError: the tree holds something that is no expression.
    """
    translate = _TRANSLATORS.get(type(node))
    if translate is None:
        raise UntranslatableError(f"a {type(node).__name__.lower()} is no expression for sympy")
    return translate(node)


def from_latex(text: str) -> Any:
    r"""The sympy expression of LaTeX that our own reader does not understand.

    Raises:
        UntranslatableError: latex2sympy cannot read it, or may read it as something else.
    """
    if len(text) > _MAX_LATEX_CHARS:
        raise UntranslatableError(f"{len(text)} characters are too many for latex2sympy")
    if _depth(text) > _MAX_DEPTH:
        raise UntranslatableError("it is nested too deeply for latex2sympy")
    found = _MISREAD.search(text) or _WORD.search(_COMMAND.sub(" ", text))
    if found is None and "=" in _INDEX.sub("", text):
        raise UntranslatableError("an equation is no expression for sympy")
    if found:
        raise UntranslatableError(f"latex2sympy may misread {found.group()!r}")
    try:
        read = latex2sympy(text, is_real=None, convert_degrees=False, normalization_config=None)
    except Exception as error:  # it raises bare Exception for a syntax error
        raise UntranslatableError("latex2sympy cannot read it") from error
    if not isinstance(read, sympy.Expr | sympy.MatrixBase):
        raise UntranslatableError(f"latex2sympy reads it as a {type(read).__name__}")
    for symbol in read.atoms(sympy.Symbol) - _SIDES_OF_A_LIMIT:
        if symbol.name.strip("{}") not in text or symbol.name in {"i", "d"}:
            raise UntranslatableError(f"latex2sympy makes the variable {symbol.name!r} out of it")
    if read.atoms(sympy.core.function.AppliedUndef):
        raise UntranslatableError("it names a function that is not defined")
    # 0.1 arrives as a binary float; its decimal digits are what was written.
    read = _with_all_operators(read, text)
    return read.xreplace({f: sympy.Rational(str(f)) for f in read.atoms(sympy.Float)})


def _with_all_operators(read: Any, text: str) -> Any:
    """What was read, with its limits two-sided, if sympy has kept all that was written.

    Raises:
        UntranslatableError: sympy has worked out a part on its own.
    """
    bounds = _OPERATOR.findall(text)
    rest = _OPERATOR.sub(" ", text)
    if "infty" in rest or "∞" in rest:
        raise UntranslatableError("sympy takes ∞ for a number")
    if not any(map(_SIDED.search, bounds)):
        read = read.replace(sympy.Limit, _two_sided)
    if _operations(read) < len(bounds):
        raise UntranslatableError("sympy drops a limit, a sum or an integral, whatever its value")
    return read


def _operations(expression: Any) -> int:
    """How many limits, integrals, sums and products stand in an expression.

    Sympy makes 0 of `lim 1/x - lim 1/x` and of `0·Σ1/k` as soon as it is written down.
    """
    count = 0
    for part in sympy.preorder_traversal(expression):
        if isinstance(part, _UNWORKED):
            count += 1 if isinstance(part, sympy.Limit) else len(part.limits)
    return count


def _operators(node: tree.Node) -> int:
    count, stack = 0, [node]
    while stack:
        here = stack.pop()
        count += isinstance(here, tree.BigOp)
        stack += walk.children(here)
    return count


def _two_sided(body: Any, variable: Any, point: Any, *_side: Any) -> Any:
    """A limit from both sides, where sympy takes the one from the right: |x|/x has none at 0."""
    return sympy.Limit(body, variable, point, "+-" if point.is_finite else "-")


def _depth(text: str) -> int:
    depth = deepest = 0
    for char in text:
        if char in "({[":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")}]":
            depth -= 1
    return deepest


def _number(node: tree.Num) -> Any:
    value = node.value
    if value.numerator.bit_length() + value.denominator.bit_length() > 4 * _MAX_NUMERAL_CHARS:
        raise RefusedError("a number has too many digits for sympy")
    return sympy.Rational(value.numerator, value.denominator)


def _constant(node: tree.Const) -> Any:
    if node.name == "inf":  # 1/∞ is 0 to sympy, and ∞^0 is 1
        raise RefusedError("sympy takes ∞ for a number")
    return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I}[node.name]


def _bound(node: tree.Node) -> Any:
    return sympy.oo if node == construct.INFINITY else from_tree(node)


def _power(node: tree.Pow) -> Any:
    base, exponent = from_tree(node.base), from_tree(node.exponent)
    if base.is_Rational and exponent.is_Rational:
        bits = max(int(base.p).bit_length(), int(base.q).bit_length())
        if bits * abs(exponent) > _MAX_POWER_BITS:
            raise RefusedError("a power has too many digits for sympy")
    return sympy.Pow(base, exponent)


def _function(node: tree.Fn) -> Any:
    function = _FUNCTIONS.get(node.name)
    if function is None:
        raise UntranslatableError(f"the function {node.name} has no twin in sympy")
    return function(*(from_tree(argument) for argument in node.args))


def _big(node: tree.BigOp) -> Any:
    make = {"sum": sympy.Sum, "prod": sympy.Product}.get(node.op)
    if make is None or not node.var:
        raise UntranslatableError(f"the operator {node.op} is not understood")
    index = sympy.Symbol(node.var)
    return make(from_tree(node.body), (index, _bound(node.low), _bound(node.high)))


def _step(make: Callable[..., Any]) -> Callable[..., Any]:
    """A function with jumps: sympy works it out from rounded digits, and so only if they are exact.

    Its floor of tanh(1000) is 1.
    """

    def apply(*arguments: Any) -> Any:
        if any(argument.is_number and not argument.is_Rational for argument in arguments):
            raise RoundedStepError("sympy rounds before it takes whole parts and signs")
        return make(*arguments)

    return apply


def _matrix(node: tree.Matrix) -> Any:
    return sympy.Matrix([[from_tree(cell) for cell in row] for row in node.rows])


def _determinant(matrix: Any) -> Any:
    if not isinstance(matrix, sympy.MatrixBase) or matrix.rows != matrix.cols:
        raise UntranslatableError("a determinant of what is no square matrix")
    return matrix.det()


_TRANSLATORS: dict[type, Callable[[Any], Any]] = {
    tree.Num: _number,
    tree.Const: _constant,
    tree.Sym: lambda node: sympy.Symbol(node.name),
    tree.Add: lambda node: sympy.Add(*map(from_tree, node.terms)),
    tree.Mul: lambda node: sympy.Mul(*map(from_tree, node.factors)),
    tree.Pow: _power,
    tree.Fn: _function,
    tree.BigOp: _big,
    tree.Matrix: _matrix,
    tree.Degree: lambda node: from_tree(node.value) * sympy.pi / 180,
    tree.Percent: lambda node: from_tree(node.value) / 100,
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sqrt": sympy.sqrt,
    "root": lambda degree, radicand: (
        sympy.real_root(radicand, degree) if degree.is_odd else sympy.root(radicand, degree)
    ),
    "ln": sympy.log,
    "log": sympy.log,
    "logb": lambda base, value: sympy.log(value) / sympy.log(base),
    "abs": sympy.Abs,
    "sgn": _step(sympy.sign),
    "floor": _step(sympy.floor),
    "ceil": _step(sympy.ceiling),
    "factorial": sympy.factorial,
    "factorial2": sympy.factorial2,
    "binom": sympy.binomial,
    "max": sympy.Max,
    "min": sympy.Min,
    "mod": _step(sympy.Mod),
    "gcd": sympy.gcd,
    "lcm": sympy.lcm,
    "det": _determinant,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "cot": sympy.cot,
    "sec": sympy.sec,
    "csc": sympy.csc,
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "arccot": sympy.acot,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "coth": sympy.coth,
    "sech": sympy.sech,
    "csch": sympy.csch,
    "arsinh": sympy.asinh,
    "arcosh": sympy.acosh,
    "artanh": sympy.atanh,
}
