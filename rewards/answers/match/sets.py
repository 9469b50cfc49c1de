"""Match sets of numbers: intervals, inequalities, unions, set-builder notation."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from rewards.answers.match.assignments import is_name, same_equation
from rewards.answers.match.lists import ListMatching
from rewards.answers.match.polynomial_sets import solved
from rewards.answers.match.real_sets import (
    NotRealSetError,
    half_of_reals,
    real_set,
    same_set,
    variable_of,
)
from rewards.answers.show import show
from rewards.answers.tree import (
    Add,
    Builder,
    Family,
    Fn,
    Group,
    Matrix,
    Named,
    Node,
    Relation,
    Seq,
    SetOf,
    SetOperation,
    Sym,
    System,
)
from rewards.answers.walk import contains, substitute, symbols

_ORDERS = frozenset({"<", ">", "<=", ">=", "!="})
_SETLIKE = (Fn, SetOperation, Builder, Group, SetOf, Named, Relation, Seq, System, Add)
# Relations that may be read from right to left, and as what. Arrows and ∈ have a direction.
_TURNS = {
    "<": ">", ">": "<", "<=": ">=", ">=": "<=", "subset": "supset", "supset": "subset",
    "subseteq": "supseteq", "supseteq": "subseteq",
} | {op: op for op in ("=", "!=", "~", "==", "iff", "cong", "sim", "perp", "parallel")}  # fmt: skip
_COMPARED = _ORDERS | {"=", "~", "==", "in"}
_EMPTY = Named("empty")
UNRELATED: Final = "unrelated"
Verdict: TypeAlias = "bool | Literal['unrelated'] | None"


class SetMatching(ListMatching):
    """Sets and chains of comparisons."""

    def real_sets(self, ref: Node, ans: Node) -> Verdict:
        """Intervals, inequalities and unions; `UNRELATED` if this is not about them."""
        if not (isinstance(ref, _SETLIKE) and isinstance(ans, _SETLIKE)):
            return UNRELATED
        if not (_is_set(ref) or _is_set(ans)):
            return UNRELATED
        if (ref == _EMPTY) != (ans == _EMPTY) and isinstance(ref if ans == _EMPTY else ans, Group):
            return self.no("a pair is not the empty set")
        a, b = variable_of(ref), variable_of(ans)
        if a is not None and b is not None and a != b and "it" not in {a, b}:  # `≥ 5` is about it
            return self.no(f"one is about {a}, the other about {b}")
        try:
            right = real_set(_bare(ans))
            left = solved(ref)
            if left is None:
                left = real_set(_bare(ref))
        except NotRealSetError:
            return self.symbolic_sets(ref, ans)
        self.why = "both were turned into intervals"
        return same_set(left, right)

    def symbolic_sets(self, ref: Node, ans: Node) -> Verdict:  # noqa: C901
        """Sets whose ends are not numbers: compare them part by part."""
        ref, ans = _bare(ref), _bare(ans)
        if isinstance(ref, Relation) and isinstance(ans, Relation):
            return self.chains(ref, ans)
        if isinstance(ref, SetOperation) and isinstance(ans, SetOperation):
            if ref.op != ans.op or len(ref.parts) != len(ans.parts):
                return None
            if ref.op == "setminus":
                return self.in_order(ref.parts, ans.parts)
            return self.multiset(list(ref.parts), list(ans.parts))
        if isinstance(ref, Builder) and isinstance(ans, Builder):
            return self.builders(ref, ans)
        if isinstance(ref, Group) and isinstance(ans, Group):
            return self.tuples(ref, ans)
        as_group = _as_interval(ref), _as_interval(ans)
        if as_group[0] is not None and as_group[1] is not None:
            return self.tuples(as_group[0], as_group[1])
        if isinstance(ref, (Group, SetOf)) and isinstance(ans, (Group, SetOf, Seq)):
            return UNRELATED
        if isinstance(ref, (Seq, System)) and isinstance(ans, (Seq, System)):
            return self.multiset(list(ref.items), list(ans.items))
        if isinstance(ref, Relation) and isinstance(ans, Seq) and len(ref.ops) > 1:
            names = [_name_of(item) for item in (*ref.sides, *ans.items)]
            if all(names) and len(set(ref.ops)) == 1:  # b < a < c, listed in order
                return names[: len(ref.sides)] == names[len(ref.sides) :]
        self.why = "the ends of the sets are not all numbers"
        return None

    def builders(self, ref: Builder, ans: Builder) -> bool | None:
        """`{element | conditions}` with the variable renamed."""
        names = sorted(symbols(ref.element)), sorted(symbols(ans.element))
        if len(names[0]) == 1 == len(names[1]):
            renamed = substitute(ans, {names[1][0]: Sym(names[0][0])})
            if isinstance(renamed, Builder):
                ans = renamed
        if len(ref.conditions) != len(ans.conditions):
            return None
        element = self.alike(ref.element, ans.element)
        if not element:
            return None
        return self.multiset(list(ref.conditions), list(ans.conditions)) or None

    def chains(self, ref: Relation, ans: Relation) -> bool | None:
        """Chains of comparisons, read from either end."""
        readings = [ans] if not set(ans.ops) <= _TURNS.keys() else [ans, _reversed(ans)]
        for reading in readings:
            if ref.ops == reading.ops and len(ref.sides) == len(reading.sides):
                found = [self.alike(a, b) for a, b in zip(ref.sides, reading.sides, strict=True)]
                if all(found):
                    return True
        if not set(ref.ops) | set(ans.ops) <= _COMPARED:
            if None in [self.alike(a, b) for a, b in zip(ref.sides, ans.sides, strict=False)]:
                return None
            return self.no("the sides differ, or stand in another direction")
        sidewise = contains(ref, (Matrix,)) or "==" in ref.ops
        if len(ref.ops) == 1 == len(ans.ops) and not sidewise:
            result = same_equation(ref, ans)
            self.why = result.how
            return result.same
        if len(ref.ops) == len(ans.ops):
            self.why = "the chains differ"
            plain = sidewise or all(
                not symbols(side) or is_name(side) for side in (*ref.sides, *ans.sides)
            )
            return False if plain else None
        return None


_INTEGERS = Named("integers")


def as_family(node: Node) -> Node:
    r"""`\{2k + 1 \mid k \in \mathbb Z\}` as a family over the integers; anything else as it is."""
    if not (isinstance(node, Builder) and 0 < len(node.conditions) < 3):
        return node
    *given, last = node.conditions
    element = node.element
    if given and isinstance(given[0], Relation) and given[0].ops == ("=",):
        if given[0].sides[0] != element:
            return node
        element = given[0].sides[1]
    elif given:
        return node
    if isinstance(last, Relation) and last.ops == ("in",):
        name, domain = last.sides
        if isinstance(name, Sym) and domain == _INTEGERS and element != name:
            return Family(element, (name.name,))
    return node


def _is_set(node: Node) -> bool:
    """Whether a node is certainly a set of reals rather than a tuple or a list of values."""
    if isinstance(node, (SetOperation, Builder)):
        return True
    if isinstance(node, Named):
        return node.name in {"empty", "reals"}
    if half_of_reals(node) is not None:
        return True
    if isinstance(node, Relation):
        return node.ops[0] == "in" or bool(set(node.ops) & _ORDERS)
    if isinstance(node, (Seq, System)):
        if not all(isinstance(item, Relation) for item in node.items):
            return isinstance(node.items[0], Relation) and _is_set(node.items[0])
        alike = variable_of(node) is not None  # `a ≤ -2 or a = 1` is about one quantity
        return any(_is_set(item) for item in (node.items if alike else node.items[:1]))
    if isinstance(node, Add):
        return any(isinstance(term, (SetOf, Builder, SetOperation, Named)) for term in node.terms)
    if isinstance(node, Group) and len(node.items) == 2:
        return (node.opening, node.closing) in {("(", "]"), ("[", ")")} or any(
            "∞" in show(item) for item in node.items
        )
    return False


def _bare(node: Node) -> Node:
    """`S = {…}` or `x ∈ S` is the set on its right."""
    if isinstance(node, Relation) and node.ops == ("=",) and is_name(node.sides[0]):
        return node.sides[1] if isinstance(node.sides[1], _SETLIKE) else node
    if isinstance(node, Relation) and node.ops == ("in",):
        return node.sides[1]
    return node


def _as_interval(node: Node) -> Group | None:
    """`a < x < b` or `(a, b)` with symbolic ends."""
    if isinstance(node, Group) and len(node.items) == 2:
        return node
    if isinstance(node, Relation) and len(node.ops) == 2:
        relation = node if node.ops[0] in {"<", "<="} else _reversed(node)
        if set(relation.ops) <= {"<", "<="} and isinstance(relation.sides[1], Sym):
            opening = "[" if relation.ops[0] == "<=" else "("
            closing = "]" if relation.ops[1] == "<=" else ")"
            return Group(opening, closing, (relation.sides[0], relation.sides[2]))
    return None


def _reversed(node: Relation) -> Relation:
    ops = tuple(_TURNS.get(op, op) for op in reversed(node.ops))
    return Relation(tuple(reversed(node.sides)), ops)


def _name_of(node: Node) -> str:
    return show(node) if is_name(node) else ""
