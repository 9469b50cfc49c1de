r"""What computer algebra and code write by name: `Rational(1, 3)`, `Matrix([[1, 2]])`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from rewards.answers.construct import INFINITY, combinations, negative, quotient, times
from rewards.answers.read.tokens import UnreadableError
from rewards.answers.tree import (
    Add,
    BigOp,
    Const,
    Fn,
    Group,
    Matrix,
    Mul,
    Named,
    Node,
    Num,
    Relation,
    Seq,
    SetOf,
    SetOperation,
    Sym,
)

# Names of modules, said in front of a name with a full stop between: `math.sqrt(2)`.
MODULES = frozenset({"math", "np", "numpy", "sp", "sympy"})
# What an interval leaves out: `Interval.open(0, 1)`.
OPEN_INTERVALS = {"open": "Interval.open", "Lopen": "Interval.Lopen", "Ropen": "Interval.Ropen"}

Arguments = tuple[Node, ...]
_BARE_SETS = {
    "EmptySet": "empty", "Naturals": "naturals", "Integers": "integers", "Reals": "reals",
    "Rationals": "rationals", "Complexes": "complexes",
}  # fmt: skip


def code_call(name: str, args: Arguments) -> Node:
    """What a name of computer algebra, applied to `args`, denotes.

    Raises:
        UnreadableError: if it does not take such arguments.
    """
    node = _CALLS[name](args)
    if node is None:
        raise UnreadableError(f"`{name}` takes other arguments")
    return node


def code_matrix(node: Node, *, row: bool) -> Node:
    """`Matrix([[1, 2], [3, 4]])` by rows; a flat list is a column, or one row.

    Raises:
        UnreadableError: if the rows differ in length.
    """
    items = node.items if isinstance(node, Group) and node.opening == "[" else (node,)
    if all(isinstance(item, Group) and item.opening == "[" for item in items):
        rows = tuple(item.items for item in items if isinstance(item, Group))
    else:
        rows = (items,) if row and isinstance(node, Group) else tuple((item,) for item in items)
    if len({len(cells) for cells in rows}) != 1:
        raise UnreadableError("the rows of a matrix differ in length")
    return Matrix(rows)


def _two(make: Callable[[Node, Node], Node]) -> Callable[[Arguments], Node | None]:
    return lambda args: make(*args) if len(args) == 2 else None


def _one(name: str) -> Callable[[Arguments], Node | None]:
    return lambda args: Fn(name, args) if len(args) == 1 else None


def _operation(op: str) -> Callable[[Arguments], Node | None]:
    def make(args: Arguments) -> Node | None:
        parts: list[Node] = []
        for arg in args:
            nested = isinstance(arg, SetOperation) and arg.op == op
            parts += arg.parts if nested and isinstance(arg, SetOperation) else (arg,)
        return SetOperation(op, tuple(parts)) if len(parts) > 1 else None

    return make


def _interval(opening: str, closing: str) -> Callable[[Arguments], Node | None]:
    def make(args: Arguments) -> Node | None:
        if len(args) != 2:
            return None
        left = "(" if args[0] == negative(INFINITY) else opening
        return Group(left, ")" if args[1] == INFINITY else closing, args)

    return make


def _over(op: str) -> Callable[[Arguments], Node | None]:
    """`Sum(k**2, (k, 1, n))`, `Integral(x, (x, a, b))`, `Integral(1/z, z)`."""

    def make(args: Arguments) -> Node | None:
        if len(args) != 2:
            return None
        body, over = args
        empty: Node = Sym("")
        items = over.items if isinstance(over, Group) else (over,)
        var = items[0]
        if not isinstance(var, Sym) or len(items) not in ({1, 3} if op == "int" else {3}):
            return None
        low, high = items[1:] if len(items) == 3 else (empty, empty)
        if op != "int":
            return BigOp(op, var.name, low, high, body)
        factors = body.factors if isinstance(body, Mul) else (body,)
        plain = tuple(factor for factor in factors if factor != Num(Fraction(1)))
        return BigOp("int", "", low, high, times(*plain, Sym("d"), var))

    return make


_CALLS: dict[str, Callable[[Arguments], Node | None]] = {
    "Rational": _two(quotient),
    "Fraction": _two(quotient),
    "Integer": lambda args: args[0] if len(args) == 1 else None,
    "binomial": _two(lambda top, bottom: Fn("binom", (top, bottom))),
    "comb": _two(lambda top, bottom: Fn("binom", (top, bottom))),
    "perm": _two(lambda top, bottom: combinations(top, bottom, "P")),
    "nCr": _two(lambda top, bottom: Fn("binom", (top, bottom))),
    "factorial": _one("factorial"),
    "factorial2": _one("factorial2"),
    "ceiling": _one("ceil"),
    "cis": lambda args: _cis(args[0]) if len(args) == 1 else None,
    "FiniteSet": SetOf,
    "Eq": _two(lambda left, right: Relation((left, right), ("=",))),
    "Ne": _two(lambda left, right: Relation((left, right), ("!=",))),
    "Tuple": lambda args: Group("(", ")", args) if len(args) > 1 else None,
    "Or": lambda args: Seq(args, "or") if len(args) > 1 else None,
    "Union": _operation("cup"),
    "Intersection": _operation("cap"),
    "Interval": _interval("[", "]"),
    "Interval.open": _interval("(", ")"),
    "Interval.Lopen": _interval("(", "]"),
    "Interval.Ropen": _interval("[", ")"),
    "Sum": _over("sum"),
    "Product": _over("prod"),
    "Integral": _over("int"),
}
CODE_NAMES = frozenset(_CALLS) | {"Matrix", "ImmutableMatrix", "ImmutableDenseMatrix"}
MATRICES = CODE_NAMES - frozenset(_CALLS)
BARE_SETS: dict[str, Named] = {name: Named(value) for name, value in _BARE_SETS.items()}


def _cis(angle: Node) -> Node:
    """The number cos θ + i sin θ."""
    return Add((Fn("cos", (angle,)), times(Const("i"), Fn("sin", (angle,)))))
