"""Match two trees, typed by the reference. Three-valued: True, False, `None` for undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.answers.construct import INFINITY
from rewards.answers.evaluate.matrices import as_matrix, as_tuple
from rewards.answers.match.equations import EquationMatching
from rewards.answers.match.sets import UNRELATED, as_family
from rewards.answers.match.signs import expand, members, points
from rewards.answers.tree import (
    Add,
    Builder,
    Choice,
    Clock,
    Family,
    Given,
    Group,
    Matrix,
    Mul,
    Named,
    Node,
    Num,
    Ratio,
    Raw,
    Relation,
    Seq,
    SetOf,
    SetOperation,
    Sym,
    System,
    Text,
)
from rewards.answers.walk import contains

if TYPE_CHECKING:
    from typing import TypeGuard


def _says_twice(node: Node) -> TypeGuard[Ratio]:
    """`x < 3 : (-∞, 3)`, a statement and the same in other words."""
    return isinstance(node, Ratio) and isinstance(node.items[0], Relation)


class Matcher(EquationMatching):
    """One comparison: its options, and why it came out as it did."""

    def alike(self, ref: Node, ans: Node) -> bool | None:  # noqa: C901, PLR0912
        """Whether `ans` says what `ref` says."""
        # The usual case first, then what is the same however it is meant.
        if type(ref) is Num and type(ans) is Num:
            return ref.value == ans.value or self.values(ref, ans)
        if ref == ans:
            return True
        # What is said of all k, or under a condition, before what is said.
        ref, ans = as_family(ref), as_family(ans)
        if isinstance(ref, Family) or isinstance(ans, Family):
            return self.families(ref, ans)
        if isinstance(ref, Given) or isinstance(ans, Given):
            return self.conditional(ref, ans)
        # `x < 3 : (-∞, 3)` on both sides: both ways of saying it must be the same.
        if _says_twice(ref) and _says_twice(ans):
            return self.in_order(ref.items, ans.items)
        expected, given = self.settled(ref), self.settled(ans)
        if expected is None or given is None:
            return self.no("one of them says two different things")
        ref, ans = _plain(expected), _plain(given)
        # Kinds that only themselves can equal: letters, unread signs, words, times, ratios.
        if isinstance(ref, (Seq, SetOf)) or isinstance(ans, (Seq, SetOf)):
            ref, ans = points(ref), points(ans)
        if isinstance(ref, Choice) or isinstance(ans, Choice):
            return self.choices(ref, ans)
        if isinstance(ref, Raw) or isinstance(ans, Raw):
            return self.raw(ref, ans)
        if isinstance(ref, Text) or isinstance(ans, Text):
            return self.no("words are compared as words")
        if isinstance(ref, Clock) or isinstance(ans, Clock):
            return self.clocks(ref, ans)
        if isinstance(ref, Ratio) or isinstance(ans, Ratio):
            return self.ratios(ref, ans)
        # Intervals, unions and inequalities are sets of numbers before they are relations.
        sets = self.real_sets(ref, ans)
        if sets != UNRELATED:
            return sets
        if isinstance(ref, Named) or isinstance(ans, Named):
            return _meaning(ref) == _meaning(ans) or self.no("")
        # From here the reference's kind says how to compare: relation, tuple, list, matrix, value.
        if isinstance(ref, (Relation, System)):
            return self.relations(ref, ans)
        if isinstance(ans, Relation):
            return self.assigned_answer(ref, ans)
        if isinstance(ref, Group):
            return self.tuples(ref, ans)
        # ± counts as the values that it stands for.
        refs, answers = expand(ref), expand(ans)
        if (
            len(refs) != 1
            or len(answers) != 1
            or isinstance(ref, (Seq, SetOf))
            or isinstance(ans, (Seq, SetOf))
        ):
            return self.lists(ref, ans, refs, answers)
        if isinstance(ans, Group):
            matrix = as_matrix(ref)
            if matrix is not None:
                return self.matrices(matrix, ans)
            return self.no("a tuple is not a single value")
        if contains(ref, (Matrix,)) or contains(ans, (Matrix,)):
            return self.matrices(ref, ans)
        if isinstance(ans, (System, SetOperation, Builder)):
            return self.no("")
        return self.values(ref, ans)

    def conditional(self, ref: Node, ans: Node) -> bool | None:
        """An answer may leave the reference's condition to the question, but add none."""
        if isinstance(ans, Given):
            if not isinstance(ref, Given) and not ans.restricts:
                return self.alike(ref, ans.body)
            if not isinstance(ref, Given):
                return self.no(f"it holds only if {ans.condition}")
            if ref.condition != ans.condition and not (ref.restricts or ans.restricts):
                return self.no(f"one holds for {ref.condition}, the other for {ans.condition}")
            if ref.condition != ans.condition:
                self.why = "they hold on different conditions"
                return None
            ans = ans.body
        return self.alike(ref.body if isinstance(ref, Given) else ref, ans)

    def settled(self, node: Node) -> Node | None:
        """`x < 3 : (-∞, 3)` says one thing twice; if it says two things, it says nothing."""
        if isinstance(node, Ratio) and isinstance(node.items[0], Relation):
            agree = len(node.items) == 2 and self.alike(node.items[0], node.items[1])
            return node.items[1] if agree else None
        return node


def _plain(node: Node) -> Node:
    """Memberships of finite sets as lists, sums and multiples of tuples worked out."""
    if isinstance(node, (Add, Mul)) and contains(node, (Group,)):
        return as_tuple(node) or node
    return members(node)


def _meaning(node: Node) -> str:
    """What a fixed word says, and the letter or sign that says the same; else nothing in common."""
    if isinstance(node, Named):
        return node.name
    if node == INFINITY:
        return "infinitely many"
    if isinstance(node, Sym) and node.name in {"Y", "N"}:
        return "yes" if node.name == "Y" else "no"
    return f"the {type(node).__name__}"
