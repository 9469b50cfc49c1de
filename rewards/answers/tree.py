"""The typed tree an answer is read into.

```
Node
├── expressions   Num Digits Const Sym Add Mul Pow Fn PlusMinus BigOp Matrix
├── quantities    Degree Percent Based Unit Ratio Clock
├── collections   Group (brackets as written) SetOf Seq System SetOperation Builder
├── statements    Relation Family Given
└── words         Text Choice Named (the empty set, the reals, yes …) Raw (readable as tokens only)
```

Every node is frozen and hashable; depth is bounded by the reader, so recursion over a tree is safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Num:
    """An exact rational; `decimals` is how many decimals it was written with, if any."""

    value: Fraction
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Digits:
    """A decimal literal too long for arithmetic, as its sign-free normal string."""

    text: str


@dataclass(frozen=True, slots=True)
class Const:
    """One of `pi`, `e`, `i`, `inf`."""

    name: str


@dataclass(frozen=True, slots=True)
class Sym:
    """A variable, with its subscript, accent or primes in its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Add:
    """A sum of two or more terms."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mul:
    """A product of two or more factors."""

    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Pow:
    """A power; a quotient is a product with a power of -1."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Fn:
    """A function applied: `sin`, `log` (base, argument), `abs`, `call` (name, arguments) …."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class PlusMinus:
    """`±value` (sign 1) or `∓value` (sign -1)."""

    value: Node
    sign: int


@dataclass(frozen=True, slots=True)
class BigOp:
    """A sum or product (`op`) over `var` from `low` to `high`; `int` and `lim` stay unevaluated."""

    op: str
    var: str
    low: Node
    high: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix or vector, by rows."""

    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Degree:
    """`value` degrees of angle."""

    value: Node


@dataclass(frozen=True, slots=True)
class Percent:
    """`value` percent."""

    value: Node


@dataclass(frozen=True, slots=True)
class Based:
    """A numeral written with its base, which is part of the answer."""

    digits: str
    base: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A value with a unit or a counted noun behind it (`cm^2`, `ways`), or a currency."""

    value: Node
    unit: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """`a : b (: c …)`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day in seconds; `half_known` says whether am/pm or 24 hours fix the half."""

    seconds: int
    half_known: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more items in brackets, kept as written: a tuple, or an interval if it can be one."""

    opening: str
    closing: str
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SetOf:
    """A set by its elements."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Seq:
    """Items that stand side by side without brackets; `joiner` is `,`, `and` or `or`."""

    items: tuple[Node, ...]
    joiner: str = ","


@dataclass(frozen=True, slots=True)
class System:
    """Equations that hold together."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SetOperation:
    """`cup`, `cap` or `setminus` of two or more sets."""

    op: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Builder:
    """`{element | conditions}`."""

    element: Node
    conditions: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A chain `side op side op side …`."""

    sides: tuple[Node, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Something said for all values of its parameters (`k ∈ ℤ`), which may be renamed."""

    body: Node
    params: tuple[str, ...]


COUNTING = "counting"
"""Among the parameters of a family: they do not run through all integers."""
CONTINUOUS = "continuous"
"""Among the parameters of a family: they run through the reals."""
UNSAID = "unsaid"
"""Among the parameters of a family: through what they run was not said."""


@dataclass(frozen=True, slots=True)
class Given:
    """Something said under a condition (`5 if x > 1`); `condition` is its words and signs.

    One that only says where a variable lies (`for all x > 0`) does not restrict: an answer may add
    or leave it out, but not contradict the reference's.
    """

    body: Node
    condition: str
    restricts: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """Words, in normal form (lower case, single spaces, no punctuation)."""

    words: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Letters of a multiple-choice question, sorted; `detail` is what stood behind `B.`."""

    letters: str
    detail: Node | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A fixed word that has one meaning in any language: `empty`, `reals`, `yes` ...."""

    name: str


@dataclass(frozen=True, slots=True)
class Raw:
    """What could be split into tokens but not understood, in normal form."""

    tokens: str


Node: TypeAlias = (
    Num
    | Digits
    | Const
    | Sym
    | Add
    | Mul
    | Pow
    | Fn
    | PlusMinus
    | BigOp
    | Matrix
    | Degree
    | Percent
    | Based
    | Unit
    | Ratio
    | Clock
    | Group
    | SetOf
    | Seq
    | System
    | SetOperation
    | Builder
    | Relation
    | Family
    | Given
    | Text
    | Choice
    | Named
    | Raw
)

ZERO = Num(Fraction(0))
ONE = Num(Fraction(1))
MINUS_ONE = Num(Fraction(-1))
INFINITY = Const("inf")
GAMMA = Sym("Gamma")  # the function, in `Fn("call", (GAMMA, argument))`


def negative(node: Node) -> Node:
    """-node.

    >>> negative(Num(Fraction(3))).value
    Fraction(-3, 1)
    """
    if isinstance(node, Num):
        return Num(-node.value, node.decimals)
    if isinstance(node, Mul):
        if node.factors[0] == MINUS_ONE and len(node.factors) > 2:
            return Mul(node.factors[1:])
        return Mul((MINUS_ONE, *node.factors))
    return Mul((MINUS_ONE, node))


def quotient(top: Node, bottom: Node) -> Node:
    """Top / bottom; two integer literals become one rational."""
    if (
        isinstance(top, Num)
        and isinstance(bottom, Num)
        and bottom.value
        and top.value.denominator == 1 == bottom.value.denominator
    ):
        return Num(Fraction(top.value.numerator, bottom.value.numerator))
    return Mul((top, Pow(bottom, MINUS_ONE)))


def combinations(top: Node, bottom: Node, kind: str) -> Node:
    """`C`: how many subsets of `bottom` of `top`; `P` and `A`: in how many orders."""
    if kind == "C":
        return Fn("binom", (top, bottom))
    rest = Add((top, negative(bottom)))
    return quotient(Fn("factorial", (top,)), Fn("factorial", (rest,)))


def add(*terms: Node) -> Node:
    """The sum of the terms, flat."""
    flat: list[Node] = []
    for term in terms:
        if isinstance(term, Add):
            flat.extend(term.terms)
        else:
            flat.append(term)
    return flat[0] if len(flat) == 1 else Add(tuple(flat))


def times(*factors: Node) -> Node:
    """The product of the factors, flat."""
    flat: list[Node] = []
    for factor in factors:
        if isinstance(factor, Mul):
            flat.extend(factor.factors)
        else:
            flat.append(factor)
    return flat[0] if len(flat) == 1 else Mul(tuple(flat))


_LEAVES: tuple[Node, ...] = ()

# How each kind gives its parts, and how it is made again from new ones.
_PARTS: dict[type, Callable[[Any], tuple[Node, ...]]] = {
    Add: lambda node: node.terms,
    Mul: lambda node: node.factors,
    Pow: lambda node: (node.base, node.exponent),
    Fn: lambda node: node.args,
    PlusMinus: lambda node: (node.value,),
    Degree: lambda node: (node.value,),
    Percent: lambda node: (node.value,),
    Unit: lambda node: (node.value,),
    Group: lambda node: node.items,
    SetOf: lambda node: node.items,
    Seq: lambda node: node.items,
    System: lambda node: node.items,
    Ratio: lambda node: node.items,
    Relation: lambda node: node.sides,
    SetOperation: lambda node: node.parts,
    Matrix: lambda node: tuple(cell for row in node.rows for cell in row),
    BigOp: lambda node: (node.low, node.high, node.body),
    Builder: lambda node: (node.element, *node.conditions),
    Family: lambda node: (node.body,),
    Given: lambda node: (node.body,),
}
_MAKE: dict[type, Callable[[Any, tuple[Node, ...]], Node]] = {
    Add: lambda _, parts: Add(parts),
    Mul: lambda _, parts: Mul(parts),
    Pow: lambda _, parts: Pow(parts[0], parts[1]),
    Fn: lambda node, parts: Fn(node.name, parts),
    PlusMinus: lambda node, parts: PlusMinus(parts[0], node.sign),
    Degree: lambda _, parts: Degree(parts[0]),
    Percent: lambda _, parts: Percent(parts[0]),
    Unit: lambda node, parts: Unit(parts[0], node.unit),
    Group: lambda node, parts: Group(node.opening, node.closing, parts),
    SetOf: lambda _, parts: SetOf(parts),
    Seq: lambda node, parts: Seq(parts, node.joiner),
    System: lambda _, parts: System(parts),
    Ratio: lambda _, parts: Ratio(parts),
    Relation: lambda node, parts: Relation(parts, node.ops),
    SetOperation: lambda node, parts: SetOperation(node.op, parts),
    Matrix: lambda node, parts: Matrix(_rows(parts, len(node.rows[0]))),
    BigOp: lambda node, parts: BigOp(node.op, node.var, *parts),
    Builder: lambda _, parts: Builder(parts[0], parts[1:]),
    Family: lambda node, parts: Family(parts[0], node.params),
    Given: lambda node, parts: Given(parts[0], node.condition, node.restricts),
}


def _rows(cells: tuple[Node, ...], width: int) -> tuple[tuple[Node, ...], ...]:
    return tuple(cells[at : at + width] for at in range(0, len(cells), width))


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below `node`."""
    parts = _PARTS.get(type(node))
    return _LEAVES if parts is None else parts(node)


def rebuild(node: Node, parts: tuple[Node, ...]) -> Node:
    """`node` with its `children` replaced, in the same order."""
    make = _MAKE.get(type(node))
    return node if make is None else make(node, parts)


_CONSTANTS = frozenset({Num, Const, Based, Digits})


def symbols(node: Node) -> frozenset[str]:
    """Names of the free variables below `node`."""
    if type(node) in _CONSTANTS:
        return frozenset()
    found: set[str] = set()
    stack: list[Node] = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Sym):
            found.add(here.name)
        elif isinstance(here, BigOp):
            found |= symbols(here.body) - {here.var}
            stack += (here.low, here.high)
        elif isinstance(here, Fn) and here.name == "call":
            stack += here.args[1:]
        else:
            stack += children(here)
    return frozenset(found)


def contains(node: Node, kinds: tuple[type, ...]) -> bool:
    """Whether a node of one of these kinds stands at or below `node`."""
    stack: list[Node] = [node]
    while stack:
        here = stack.pop()
        if type(here) in kinds:
            return True
        parts = _PARTS.get(type(here))
        if parts is not None:
            stack += parts(here)
    return False


def substitute(node: Node, values: dict[str, Node]) -> Node:
    """`node` with variables replaced."""
    if isinstance(node, Sym):
        return values.get(node.name, node)
    below = children(node)
    if not below:
        return node
    if isinstance(node, BigOp) and node.var in values:
        values = {name: value for name, value in values.items() if name != node.var}
    new = tuple(substitute(child, values) for child in below)
    return node if new == below else rebuild(node, new)
