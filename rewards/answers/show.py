"""Print a tree in one normal spelling, for people and for cheap structural comparison."""

# ruff: noqa: RUF001 - the signs people know

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rewards.answers.construct import MINUS_ONE
from rewards.answers.tree import (
    Add,
    Based,
    BigOp,
    Builder,
    Choice,
    Clock,
    Const,
    Degree,
    Digits,
    Family,
    Fn,
    Given,
    Group,
    Matrix,
    Mul,
    Named,
    Node,
    Num,
    Percent,
    PlusMinus,
    Pow,
    Ratio,
    Raw,
    Relation,
    Seq,
    SetOf,
    SetOperation,
    Sym,
    System,
    Text,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMED_SIGNS = {"empty": "∅", "reals": "ℝ", "integers": "ℤ", "naturals": "ℕ", "rationals": "ℚ"}
_SIGNS = {"cup": " ∪ ", "cap": " ∩ ", "setminus": " \\ "}
_RELATIONS = {"<=": "≤", ">=": "≥", "!=": "≠", "~": "≈", "in": "∈", "==": "≡"}
LONG = 8_000  # bits beyond which a number is not written in decimals
_CONSTANTS = {"pi": "π", "inf": "∞"}

_KINDS: dict[type, str] = {
    Num: "number",
    Digits: "number",
    Based: "numeral",
    Percent: "percentage",
    Degree: "angle",
    Unit: "quantity",
    Ratio: "ratio",
    Clock: "time",
    Matrix: "matrix",
    Group: "tuple or interval",
    SetOf: "set",
    Seq: "list",
    System: "system",
    SetOperation: "set expression",
    Builder: "set",
    Relation: "relation",
    Family: "family",
    Given: "statement on a condition",
    Text: "text",
    Choice: "choice",
    Named: "word",
    Raw: "unparsed formula",
}


def kind_of(node: Node) -> str:
    """One or two words for what a node is."""
    if isinstance(node, Relation):
        ops = set(node.ops)
        if ops == {"="}:
            return "equation"
        return "inequality" if ops <= {"<", ">", "<=", ">=", "!="} else "relation"
    return _KINDS.get(type(node), "expression")


def show(node: Node) -> str:
    """The node in its normal spelling; sums and products are sorted.

    >>> from rewards.answers.tree import Sym, Add
    >>> show(Add((Sym("y"), Sym("x"))))
    '(x + y)'
    """
    return _SHOW[type(node)](node)


def _number(node: Num) -> str:
    top, bottom = node.value.numerator, node.value.denominator
    if top.bit_length() < LONG > bottom.bit_length():
        return str(node.value)
    return f"{top:#x}/{bottom:#x}"  # the interpreter refuses to write long decimals


def _joined(nodes: tuple[Node, ...], between: str = ", ") -> str:
    return between.join([show(node) for node in nodes])


def _sorted(nodes: tuple[Node, ...], between: str) -> str:
    return between.join(sorted([show(node) for node in nodes]))


def _product(node: Mul) -> str:
    if len(node.factors) == 2 and node.factors[0] == MINUS_ONE:
        return "-" + show(node.factors[1])
    return _sorted(node.factors, "·")


def _function(node: Fn) -> str:
    if node.name == "call":
        return f"{show(node.args[0])}({_joined(node.args[1:])})"
    return f"{node.name}({_joined(node.args)})"


def _clock(node: Clock) -> str:
    hours, rest = divmod(node.seconds, 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def _relation(node: Relation) -> str:
    text = show(node.sides[0])
    for op, side in zip(node.ops, node.sides[1:], strict=True):
        text += f" {_RELATIONS.get(op, op)} {show(side)}"
    return text


_SHOW: dict[type, Callable[[Any], str]] = {
    Num: _number,
    Digits: lambda node: str(node.text),
    Const: lambda node: _CONSTANTS.get(node.name, node.name),
    Sym: lambda node: str(node.name),
    Add: lambda node: f"({_sorted(node.terms, ' + ')})",
    Mul: _product,
    Pow: lambda node: f"{_bracketed(node.base)}^{_bracketed(node.exponent)}",
    Fn: _function,
    PlusMinus: lambda node: ("±" if node.sign > 0 else "∓") + show(node.value),
    BigOp: lambda node: (
        f"{node.op}[{node.var}={show(node.low)}..{show(node.high)}]({show(node.body)})"
    ),
    Matrix: lambda node: f"[{'; '.join(_joined(row) for row in node.rows)}]",
    Degree: lambda node: f"{show(node.value)}°",
    Percent: lambda node: f"{show(node.value)}%",
    Based: lambda node: f"{node.digits} (base {node.base})",
    Unit: lambda node: f"{show(node.value)} {node.unit}",
    Ratio: lambda node: _joined(node.items, ":"),
    Clock: _clock,
    Group: lambda node: node.opening + _joined(node.items) + node.closing,
    SetOf: lambda node: f"{{{_sorted(node.items, ', ')}}}",
    Seq: lambda node: _joined(node.items),
    System: lambda node: _sorted(node.items, "; "),
    SetOperation: lambda node: _joined(node.parts, _SIGNS[node.op]),
    Builder: lambda node: f"{{{show(node.element)} | {_joined(node.conditions)}}}",
    Relation: _relation,
    Family: lambda node: f"{show(node.body)} for all integers {', '.join(node.params)}",
    Given: lambda node: f"{show(node.body)} if {node.condition}",
    Text: lambda node: f"“{node.words}”",
    Choice: lambda node: str(node.letters),
    Named: lambda node: _NAMED_SIGNS.get(node.name, node.name),
    Raw: lambda node: str(node.tokens),
}


def _bracketed(node: Node) -> str:
    if isinstance(node, (Mul, Pow)) or (isinstance(node, Num) and not _is_plain(node)):
        return f"({show(node)})"
    return show(node)


def _is_plain(node: Num) -> bool:
    return node.value >= 0 and node.value.denominator == 1
