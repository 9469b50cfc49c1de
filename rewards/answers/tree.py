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
from typing import TypeAlias


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
