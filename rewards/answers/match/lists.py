"""Match lists, sets, tuples, matrices, and families over the integers."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from rewards.answers.construct import negative
from rewards.answers.evaluate.matrices import as_matrix
from rewards.answers.match.assignments import assigned
from rewards.answers.match.signs import expand
from rewards.answers.match.words import WordMatching, as_choice
from rewards.answers.show import show
from rewards.answers.tree import (
    CONTINUOUS,
    COUNTING,
    UNSAID,
    Add,
    Family,
    Group,
    Matrix,
    Mul,
    Node,
    Num,
    Relation,
    Seq,
    SetOf,
    Sym,
    System,
)
from rewards.answers.walk import children, substitute, symbols


class ListMatching(WordMatching):
    """Collections of values."""

    def tuples(self, ref: Group, ans: Node) -> bool | None:
        """Tuples and intervals: same brackets, same items in the same order."""
        if any(isinstance(item, Relation) for item in ref.items):
            return self.alike(Seq(ref.items), ans)
        if isinstance(ans, Group) and any(isinstance(item, Relation) for item in ans.items):
            ans = Seq(ans.items)
        if isinstance(ans, Group):
            if (ref.opening, ref.closing) != (ans.opening, ans.closing):
                return self.no("the brackets differ")
            return self.in_order(ref.items, ans.items)
        matrix = as_matrix(ans)
        if matrix is not None:
            return self.matrices(matrix, ref)
        if isinstance(ans, (Seq, System)):
            if all(isinstance(item, Relation) for item in ans.items):
                return self.tuples_of_labels(list(ans.items), ref)
            if (ref.opening, ref.closing) == ("(", ")"):
                return self.in_order(ref.items, ans.items)
            return self.no("the brackets are missing")
        return self.no("a tuple or an interval was expected")

    def tuples_of_labels(self, labelled: list[Node], group: Group) -> bool | None:
        """`x = 3, y = 2` and `(3, 2)`: by position, labels in alphabetical order too."""
        found = [assigned(item) for item in labelled if isinstance(item, Relation)]
        pairs = [(show(item.name), item.value) for item in found if item is not None]
        if len(pairs) != len(group.items) or group.opening != "(":
            return self.no("the number of values differs")
        if len({name for name, _ in pairs}) != len(pairs):
            return self.no("several values of one quantity are no point")
        ordered = sorted(pairs, key=lambda pair: pair[0])
        return self.in_order(group.items, tuple(value for _, value in ordered))

    def lists(  # noqa: C901, PLR0912
        self, ref: Node, ans: Node, refs: list[Node], answers: list[Node]
    ) -> bool | None:
        """Lists and sets: the same items, in any order unless the options say otherwise."""
        if _joined_otherwise(ref, ans):
            return self.no("“and” is not “or”")
        # A tuple has an order that a list lacks: only a bare list may be answered by one.
        if isinstance(ans, Group):
            labelled = _labelled(refs)
            if labelled is not None and len({name for name, _ in labelled}) < len(labelled):
                return self.no("several values of one quantity are no point")
            if len(refs) > 1 and isinstance(ref, Seq) and (ans.opening, ans.closing) == ("(", ")"):
                return self.in_order(tuple(refs), ans.items)
            return self.no("a tuple is not a list or a set")
        # `ABD` is read as a product of letters; as choices it has no order.
        letters = as_choice(ref), as_choice(ans)
        if letters[0] is not None and letters[1] is not None and isinstance(ref, Mul):
            return self.choices(letters[0], letters[1])
        # From here on names: `x = 1, y = 2` says which value is whose.
        labels = [_labelled(items) for items in (refs, answers)]
        either = [isinstance(side, Seq) and side.joiner == "or" for side in (ref, ans)]
        if either[0] != either[1] and all(map(_tells_apart, filter(None, labels))) and all(labels):
            return self.no("“or” between different quantities says less than both")
        # Both name their values: the same names with the same values, whatever the order.
        if labels[0] is not None and labels[1] is not None:
            names = [[name for name, _ in pairs] for pairs in labels if pairs is not None]
            if sorted(names[0]) == sorted(names[1]) and len(set(names[0])) == len(names[0]):
                given = dict(labels[1])
                return self.in_order(
                    tuple(value for _, value in labels[0]),
                    tuple(given[name] for name, _ in labels[0]),
                )
            stems = [{name.partition("_")[0] for name in side} for side in names]
            if len(set(names[0])) == len(names[0]) > 1 and len(set(names[1])) > 1:
                return self.no("they name different quantities")
            plain = any(set(side) == stem for side, stem in zip(names, stems, strict=True))
            if (
                plain and len(stems[0]) == 1 and stems[0] == stems[1]
            ):  # x_1 = 1, x_2 = 2 are values of x
                refs = expand(Seq(tuple(value for _, value in labels[0])))
                answers = expand(Seq(tuple(value for _, value in labels[1])))
        # One names several quantities, the other lists values: then their order is all there is.
        named = labels[0] if labels[1] is None else labels[1] if labels[0] is None else None
        if named is not None and _tells_apart(named):
            if isinstance(ref, SetOf) or isinstance(ans, SetOf):
                return self.no("a set does not say which value is whose")
            values = tuple(value for _, value in named)
            if labels[0] is None:
                return self.in_order(tuple(refs), values)
            return self.in_order(values, tuple(answers))
        # One says `x = 1 or x = 2`, the other `1, 2`: the name tells nothing apart.
        if (labels[0] is None) != (labels[1] is None):
            if labels[0] is not None:
                refs = expand(Seq(tuple(value for _, value in labels[0])))
            if labels[1] is not None:
                answers = expand(Seq(tuple(value for _, value in labels[1])))
        # A name that all items share is part of what is said.
        shared = _shared_name(refs), _shared_name(answers)
        if None not in shared and shared[0] != shared[1]:
            return self.no(f"one is about {shared[0]}, the other about {shared[1]}")
        refs, answers = _propagated(refs), _propagated(answers)
        if (
            isinstance(ref, Seq)
            and self.options.list_order == "as given"
            and not isinstance(ans, SetOf)
        ):
            return self.in_order(tuple(refs), tuple(answers))
        return self.multiset(refs, answers)

    def matrices(self, ref: Node, ans: Node) -> bool | None:
        """Matrices entry by entry; a vector may also be written as a tuple."""
        left, right = as_matrix(ref), as_matrix(ans)
        if left is None and right is None:
            return self.values(ref, ans) or None
        if isinstance(ans, Group) and left is not None:
            return self.vectors(left, ans)
        if left is None or right is None:
            return self.no("one is a matrix, the other is not")
        shapes = [(len(m.rows), len(m.rows[0])) for m in (left, right)]
        if shapes[0] != shapes[1]:
            return self.no("the matrices differ in shape")
        return self.in_order(children(left), children(right))

    def vectors(self, matrix: Matrix, group: Group) -> bool | None:
        """A row or column against a tuple, or rows against a tuple of tuples."""
        if len(matrix.rows) == 1 or len(matrix.rows[0]) == 1:
            return self.in_order(children(matrix), group.items)
        if all(isinstance(item, Group) for item in group.items):
            rows = [item for item in group.items if isinstance(item, Group)]
            if {len(row.items) for row in rows} == {len(matrix.rows[0])}:
                flat = tuple(cell for row in rows for cell in row.items)
                return self.in_order(children(matrix), flat)
        return self.no("the shapes differ")

    def families(self, ref: Node, ans: Node) -> bool | None:  # noqa: C901
        """Families over the integers: parameters may be renamed, shifted and negated."""
        params = ref.params if isinstance(ref, Family) else ()
        given = ans.params if isinstance(ans, Family) else ()
        counting = COUNTING in params, COUNTING in given
        said = bool(params and given) and UNSAID not in params and UNSAID not in given
        if params and given and counting[0] != counting[1]:
            return self.no("one runs through all integers, the other does not")
        if said and (CONTINUOUS in params) != (CONTINUOUS in given):
            return self.no("one runs through the reals, the other through integers")
        params, given = (tuple(p for p in side if p not in _DOMAINS) for side in (params, given))
        body = ref.body if isinstance(ref, Family) else ref
        other = ans.body if isinstance(ans, Family) else ans
        if isinstance(body, Relation) and not isinstance(other, Relation):
            found = assigned(body)
            body = body if found is None else found.value
        elif isinstance(other, Relation) and not isinstance(body, Relation):
            found = assigned(other)
            other = other if found is None else found.value
        fixed = symbols(body) - set(params) if params else symbols(other) - set(given)
        mine = sorted(symbols(body) - fixed)
        theirs = sorted(symbols(other) - fixed)
        if given and not set(given) & set(theirs):
            theirs = []  # 3K is no multiple of a k that runs through the integers
        if len(mine) != len(theirs):
            if not mine and not theirs:
                return self.alike(body, other)
            return self.no("they have different parameters")
        if mine != theirs:
            unsaid = (other, theirs) if params else (body, mine)
            if not (params and given) and not _may_run(*unsaid):
                return self.no("only one says that its letters run through a set")
            names: dict[str, Node] = {old: Sym(new) for old, new in zip(theirs, mine, strict=True)}
            other = substitute(other, names)
        first = self.alike(body, other)
        if first or len(mine) != 1 or any(counting):
            return first
        name = mine[0]
        for sign, shift in product((1, -1), range(-3, 4)):
            parameter: Node = Sym(name) if sign > 0 else negative(Sym(name))
            moved = substitute(other, {name: Add((parameter, Num(Fraction(shift))))})
            if self.alike(body, moved):
                return True
        return first


_DOMAINS = frozenset({COUNTING, CONTINUOUS, UNSAID})
_RUNNING = frozenset({"j", "k", "l", "m", "n", "p", "q", "r", "s", "t", "u", "lambda", "mu"})


def _may_run(node: Node, letters: list[str]) -> bool:
    """Whether letters that are said to lie in no set may be parameters: that of `kπ` may.

    A lone letter is itself; in a tuple any letter may be one.
    """
    return isinstance(node, Group) or (not isinstance(node, Sym) and set(letters) <= _RUNNING)


def _joined_otherwise(ref: Node, ans: Node) -> bool:
    """Whether one says "and" and the other "or" of what are not just the values of one thing."""
    if not (isinstance(ref, Seq) and isinstance(ans, Seq)):
        return False
    if {ref.joiner, ans.joiner} != {"and", "or"}:
        return False
    names = set()
    for item in (*ref.items, *ans.items):
        found = assigned(item) if isinstance(item, Relation) else None
        if found is not None:
            names.add(show(found.name))
        elif symbols(item):
            return True
    return len(names) > 1


def _labelled(items: list[Node]) -> list[tuple[str, Node]] | None:
    """The items as (name, value) if every one is `name = value`."""
    pairs: list[tuple[str, Node]] = []
    for item in items:
        if not isinstance(item, Relation):
            return None
        found = assigned(item)
        if found is None:
            return None
        chained = [show(side) for side in item.sides if isinstance(side, Sym)]
        name = show(found.name) if len(chained) < 2 else "=".join(sorted(chained))
        pairs.append((name, found.value))
    return pairs


def _tells_apart(pairs: list[tuple[str, Node]]) -> bool:
    """Whether the names belong to different quantities, not to several values of one."""
    names = {name for name, _ in pairs}
    stems = {name.partition("_")[0] for name in names}
    return len(names) == len(pairs) > 1 and len(stems) > 1


def _shared_name(items: list[Node]) -> str | None:
    """The name that `x = 1, 2, 3` puts in front of all its values."""
    if _propagated(items) is items or not isinstance(items[0], Relation):
        return None
    found = assigned(items[0])
    return None if found is None else show(found.name)


def _propagated(items: list[Node]) -> list[Node]:
    """`x = 1, 2, 3`: the first label belongs to all, and goes."""
    if len(items) < 2 or not isinstance(items[0], Relation):
        return items
    found = assigned(items[0])
    if found is None or any(isinstance(item, Relation) for item in items[1:]):
        return items
    return [*expand(found.value), *items[1:]]
