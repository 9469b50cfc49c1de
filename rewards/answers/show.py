"""Print a tree in one normal spelling, for people and for cheap structural comparison."""

# ruff: noqa: RUF001 - the signs people know

from __future__ import annotations

from rewards.answers.tree import (
    MINUS_ONE,
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

_NAMED_SIGNS = {"empty": "∅", "reals": "ℝ", "integers": "ℤ", "naturals": "ℕ", "rationals": "ℚ"}
_SIGNS = {"cup": " ∪ ", "cap": " ∩ ", "setminus": " \\ "}
_RELATIONS = {"<=": "≤", ">=": "≥", "!=": "≠", "~": "≈", "in": "∈", "==": "≡"}
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


def show(node: Node) -> str:  # noqa: C901
    """The node in its normal spelling; sums and products are sorted.

    >>> from rewards.answers.tree import Sym, Add
    >>> show(Add((Sym("y"), Sym("x"))))
    '(x + y)'
    """
    if isinstance(node, Num):
        return str(node.value) if node.value.denominator.bit_length() < 8000 else "a fraction"
    if isinstance(node, Sym):
        return node.name
    if isinstance(node, Const):
        return _CONSTANTS.get(node.name, node.name)
    if isinstance(node, Add):
        return "(" + " + ".join(sorted(show(term) for term in node.terms)) + ")"
    if isinstance(node, Mul):
        if len(node.factors) == 2 and node.factors[0] == MINUS_ONE:
            return "-" + show(node.factors[1])
        return "·".join(sorted(show(factor) for factor in node.factors))
    if isinstance(node, Pow):
        return f"{_bracketed(node.base)}^{_bracketed(node.exponent)}"
    if isinstance(node, Fn):
        if node.name == "call":
            return f"{show(node.args[0])}({', '.join(show(arg) for arg in node.args[1:])})"
        return f"{node.name}({', '.join(show(arg) for arg in node.args)})"
    if isinstance(node, PlusMinus):
        return ("±" if node.sign > 0 else "∓") + show(node.value)
    if isinstance(node, BigOp):
        return f"{node.op}[{node.var}={show(node.low)}..{show(node.high)}]({show(node.body)})"
    if isinstance(node, Matrix):
        rows = "; ".join(", ".join(show(cell) for cell in row) for row in node.rows)
        return f"[{rows}]"
    return _show_statement(node)


def _show_statement(node: Node) -> str:  # noqa: C901, PLR0912
    if isinstance(node, Degree):
        return f"{show(node.value)}°"
    if isinstance(node, Percent):
        return f"{show(node.value)}%"
    if isinstance(node, Unit):
        return f"{show(node.value)} {node.unit}"
    if isinstance(node, Based):
        return f"{node.digits} (base {node.base})"
    if isinstance(node, Ratio):
        return ":".join(show(item) for item in node.items)
    if isinstance(node, Clock):
        hours, rest = divmod(node.seconds, 3600)
        return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    if isinstance(node, Group):
        return node.opening + ", ".join(show(item) for item in node.items) + node.closing
    if isinstance(node, SetOf):
        return "{" + ", ".join(sorted(show(item) for item in node.items)) + "}"
    if isinstance(node, System):
        return "; ".join(sorted(show(item) for item in node.items))
    if isinstance(node, Seq):
        return ", ".join(show(item) for item in node.items)
    if isinstance(node, SetOperation):
        return _SIGNS[node.op].join(show(part) for part in node.parts)
    if isinstance(node, Builder):
        return f"{{{show(node.element)} | {', '.join(show(part) for part in node.conditions)}}}"
    if isinstance(node, Relation):
        text = show(node.sides[0])
        for op, side in zip(node.ops, node.sides[1:], strict=True):
            text += f" {_RELATIONS.get(op, op)} {show(side)}"
        return text
    if isinstance(node, Family):
        return f"{show(node.body)} for all integers {', '.join(node.params)}"
    if isinstance(node, Text):
        return f"“{node.words}”"
    if isinstance(node, Choice):
        return node.letters
    if isinstance(node, Named):
        return _NAMED_SIGNS.get(node.name, node.name)
    if isinstance(node, Digits):
        return node.text
    return node.tokens if isinstance(node, Raw) else ""


def _bracketed(node: Node) -> str:
    if isinstance(node, (Mul, Pow)) or (isinstance(node, Num) and not _is_plain(node)):
        return f"({show(node)})"
    return show(node)


def _is_plain(node: Num) -> bool:
    return node.value >= 0 and node.value.denominator == 1
