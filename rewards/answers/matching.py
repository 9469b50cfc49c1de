"""Match two trees, typed by the reference. Three-valued: True, False, `None` for undecided."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from rewards.answers.equations import assigned, is_name, same_equation, solves
from rewards.answers.matrices import as_matrix
from rewards.answers.quantities import Quantities
from rewards.answers.realsets import NotRealSetError, real_set, same_set, variable_of
from rewards.answers.show import show
from rewards.answers.tree import (
    Add,
    Builder,
    Choice,
    Clock,
    Family,
    Fn,
    Group,
    Matrix,
    Mul,
    Named,
    Node,
    Num,
    PlusMinus,
    Ratio,
    Raw,
    Relation,
    Seq,
    SetOf,
    SetOperation,
    Sym,
    System,
    Text,
    children,
    contains,
    negative,
    quotient,
    rebuild,
    substitute,
    symbols,
)
from rewards.answers.values import exact_or_none

if TYPE_CHECKING:
    from rewards.answers.outcome import CompareOptions

_ORDERS = frozenset({"<", ">", "<=", ">=", "!="})
_SETLIKE = (SetOperation, Builder, Group, SetOf, Named, Relation, Seq, System, Add)
MAX_LEFTOVERS = 40
_DIGITS_ONLY = re.compile(r"[\d .,;:]*")
UNRELATED: Final = "unrelated"


Verdict: TypeAlias = "bool | Literal['unrelated'] | None"


class Matcher:
    """One comparison: its options, and why it came out as it did."""

    def __init__(self, options: CompareOptions) -> None:
        self.options = options
        self.why = ""
        self.quantities = Quantities(options)

    def alike(self, ref: Node, ans: Node) -> bool | None:  # noqa: C901, PLR0912
        """Whether `ans` says what `ref` says."""
        if type(ref) is Num and type(ans) is Num:
            return ref.value == ans.value or self.values(ref, ans)
        if ref == ans:
            return True
        if isinstance(ref, Family) or isinstance(ans, Family):
            return self.families(ref, ans)
        expected, given = self.settled(ref), self.settled(ans)
        if expected is None or given is None:
            return self.no("one of them says two different things")
        ref, ans = expected, given
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
        sets = self.real_sets(ref, ans)
        if sets != UNRELATED:
            return sets
        if isinstance(ref, Named) or isinstance(ans, Named):
            return self.no("")
        if isinstance(ref, (Relation, System)):
            return self.relations(ref, ans)
        if isinstance(ans, Relation):
            return self.assigned_answer(ref, ans)
        if isinstance(ref, Group):
            return self.tuples(ref, ans)
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

    def settled(self, node: Node) -> Node | None:
        """`x < 3 : (-∞, 3)` says one thing twice; if it says two things, it says nothing."""
        if isinstance(node, Ratio) and isinstance(node.items[0], Relation):
            agree = len(node.items) == 2 and self.alike(node.items[0], node.items[1])
            return node.items[1] if agree else None
        return node

    def no(self, why: str) -> bool:
        """False, with a reason."""
        self.why = why
        return False

    def values(self, ref: Node, ans: Node) -> bool | None:
        """Two single values: numbers, expressions, quantities."""
        result = self.quantities.same(ref, ans)
        self.why = result.how
        return result.same

    # -- words ------------------------------------------------------------------------------

    def choices(self, ref: Node, ans: Node) -> bool | None:
        """Letters of a multiple-choice question."""
        a, b = _choice(ref), _choice(ans)
        if a is not None and b is not None:
            if a.letters != b.letters:
                return self.no("the letters differ")
            if a.detail is not None and b.detail is not None:
                return self.alike(a.detail, b.detail)
            return True
        if isinstance(ref, Choice):
            ref = _letters(ref)
        if isinstance(ans, Choice):
            ans = _letters(ans)
        if isinstance(ref, (Sym, Seq)) and isinstance(ans, (Sym, Seq)):
            return self.alike(ref, ans)
        if isinstance(ans, (Sym, Seq)) or isinstance(ref, (Sym, Seq)):
            if isinstance(ref, (Text, Named)) or isinstance(ans, (Text, Named)):
                return self.no("a letter is not a word")
            return self.alike(ref, ans)
        return self.no("a letter was expected")

    def raw(self, ref: Node, ans: Node) -> bool | None:
        """What could not be understood is equal only if written the same way."""
        if isinstance(ref, Raw) and isinstance(ans, Raw):
            if ref.tokens.replace(" ", "") == ans.tokens.replace(" ", ""):
                self.why = "they are written the same way"
                return True
            if _skeleton(ref.tokens) == _skeleton(ans.tokens):
                return self.no("they are written the same way but for their numbers")
        for side in (ref, ans):
            if isinstance(side, Raw) and _DIGITS_ONLY.fullmatch(side.tokens):
                return self.no("numbers side by side are not one value")
        self.why = "one of them is not understood as mathematics"
        return None

    # -- times and ratios -------------------------------------------------------------------

    def clocks(self, ref: Node, ans: Node) -> bool | None:
        """Times of day; without am or pm, either half of the day."""
        if isinstance(ref, Clock) and isinstance(ans, Clock):
            half = 12 * 3600
            if ref.half_known and ans.half_known:
                return ref.seconds == ans.seconds
            return ref.seconds % half == ans.seconds % half
        if isinstance(ref, Clock):
            ref = _clock_ratio(ref)
        if isinstance(ans, Clock):
            ans = _clock_ratio(ans)
        return self.alike(ref, ans)

    def ratios(self, ref: Node, ans: Node) -> bool | None:
        """Ratios up to a common factor; `a : b` is also a/b."""
        if isinstance(ref, Relation):
            found = assigned(ref)
            if found is None:
                return self.no("")
            return self.alike(found.value, ans)
        if isinstance(ans, Relation):
            found = assigned(ans)
            if found is None:
                return self.no("")
            return self.alike(ref, found.value)
        if isinstance(ref, Ratio) and isinstance(ans, Ratio):
            if len(ref.items) != len(ans.items):
                return self.no("the ratios have different lengths")
            verdict: bool | None = True
            for a, b in zip(ref.items[1:], ans.items[1:], strict=True):
                same = self.values(Mul((a, ans.items[0])), Mul((b, ref.items[0])))
                if same is False:
                    return False
                verdict = None if same is None else verdict
            return verdict
        one = _ratio_value(ref) if isinstance(ref, Ratio) else ref
        other = _ratio_value(ans) if isinstance(ans, Ratio) else ans
        if one is None or other is None:
            return self.no("")
        return self.alike(one, other)

    # -- sets of reals ----------------------------------------------------------------------

    def real_sets(self, ref: Node, ans: Node) -> Verdict:
        """Intervals, inequalities and unions; `UNRELATED` if this is not about them."""
        if not (isinstance(ref, _SETLIKE) and isinstance(ans, _SETLIKE)):
            return UNRELATED
        if not (_is_set(ref) or _is_set(ans)):
            return UNRELATED
        if isinstance(ref, Relation) and isinstance(ans, Relation):
            a, b = variable_of(ref), variable_of(ans)
            if a is not None and b is not None and a != b:
                return self.no(f"one is about {a}, the other about {b}")
        try:
            left, right = real_set(_bare(ref)), real_set(_bare(ans))
        except NotRealSetError:
            return self.symbolic_sets(ref, ans)
        self.why = "both were turned into intervals"
        return same_set(left, right)

    def symbolic_sets(self, ref: Node, ans: Node) -> Verdict:
        """Sets whose ends are not numbers: compare them part by part."""
        ref, ans = _bare(ref), _bare(ans)
        if isinstance(ref, Relation) and isinstance(ans, Relation):
            return self.chains(ref, ans)
        if isinstance(ref, SetOperation) and isinstance(ans, SetOperation):
            if ref.op != ans.op or len(ref.parts) != len(ans.parts):
                return None
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
        for left, right in ((ref, ans), (ref, _reversed(ans))):
            if left.ops == right.ops and len(left.sides) == len(right.sides):
                found = [self.alike(a, b) for a, b in zip(left.sides, right.sides, strict=True)]
                if all(found):
                    return True
        if len(ref.ops) == 1 == len(ans.ops) and not contains(ref, (Matrix,)):
            result = same_equation(ref, ans)
            self.why = result.how
            return result.same
        if len(ref.ops) == len(ans.ops):
            self.why = "the chains differ"
            plain = contains(ref, (Matrix,)) or all(
                not symbols(side) or is_name(side) for side in (*ref.sides, *ans.sides)
            )
            return False if plain else None
        return None

    # -- equations --------------------------------------------------------------------------

    def relations(self, ref: Node, ans: Node) -> bool | None:  # noqa: C901, PLR0912
        """A reference that is an equation or a system of them."""
        if isinstance(ref, System):
            if isinstance(ans, (System, Seq)):
                return self.lists(ref, ans, list(ref.items), list(ans.items))
            if isinstance(ans, Group):
                return self.tuples_of_labels(list(ref.items), ans)
            return self.no("several equations were expected")
        if not isinstance(ref, Relation):
            return None
        if isinstance(ans, Group) and any(isinstance(item, Relation) for item in ans.items):
            ans = Seq(ans.items)
        found = assigned(ref)
        if isinstance(ans, Relation):
            given = assigned(ans)
            if found is not None and given is not None:
                same = self.assignments(ref, ans)
                if same != UNRELATED:
                    return same
            if contains(ref, (Matrix,)) and contains(ans, (Matrix,)):
                return self.chains(ref, ans)
            if set(ref.ops) == {"="} == set(ans.ops) and len(ref.ops) == 1 == len(ans.ops):
                result = same_equation(ref, ans)
                self.why = result.how
                if result.same is not True and contains(ref, (PlusMinus,)) | contains(
                    ans, (PlusMinus,)
                ):
                    return self.lists(ref, ans, expand(ref), expand(ans))
                return result.same
            return self.chains(ref, ans)
        if found is not None:
            return self.alike(found.value, ans)
        if set(ref.ops) == {"="} and len(ref.ops) == 1:
            if isinstance(ans, (Seq, SetOf, Group, System, SetOperation, Builder)):
                return self.no("an equation was expected")
            solved = solves(ref, ans)
            self.why = solved.how
            return solved.same
        return self.no("a relation was expected")

    def assignments(self, ref: Relation, ans: Relation) -> Verdict:
        """`name = value` on both sides; a function's variable may be renamed."""
        a, b = assigned(ref), assigned(ans)
        if a is None or b is None:
            return UNRELATED
        one, other = a.name, b.name
        if isinstance(one, Fn) and isinstance(other, Fn) and one.name == other.name == "call":
            if one.args[0] != other.args[0] or len(one.args) != len(other.args):
                return self.no("they are about different functions")
            names = [arg.name for arg in other.args[1:] if isinstance(arg, Sym)]
            if len(names) == len(other.args) - 1:
                new = dict(zip(names, one.args[1:], strict=True))
                return self.alike(a.value, substitute(b.value, new))
            if one != other:
                return self.no("they are about different values")
            return self.alike(a.value, b.value)
        if (
            one == other
            or (isinstance(one, Fn) and other == Sym("y"))
            or (isinstance(other, Fn) and one == Sym("y"))
        ):
            return self.alike(a.value, b.value)
        if not is_name(one) and not is_name(other):
            if show(one) == show(other):
                return self.alike(a.value, b.value)
            return self.no(f"one works out {show(one)}, the other {show(other)}")
        if not symbols(a.value) and not symbols(b.value):
            return self.no(f"one is about {show(one)}, the other about {show(other)}")
        return UNRELATED

    def assigned_answer(self, ref: Node, ans: Relation) -> bool | None:
        """An answer `x = value` to a reference that is a value."""
        found = assigned(ans)
        if found is None:
            return self.no("the answer is an equation, not a value")
        return self.alike(ref, found.value)

    # -- lists, sets and tuples -------------------------------------------------------------

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
        ordered = sorted(pairs, key=lambda pair: pair[0])
        return self.in_order(group.items, tuple(value for _, value in ordered))

    def in_order(self, refs: tuple[Node, ...], answers: tuple[Node, ...]) -> bool | None:
        """Items one by one."""
        if len(refs) != len(answers):
            return self.no(f"{len(refs)} items were expected, not {len(answers)}")
        verdict: bool | None = True
        for a, b in zip(refs, answers, strict=True):
            same = self.alike(a, b)
            if same is False:
                return self.no(f"{show(b)} is not {show(a)}")
            verdict = None if same is None else verdict
        return verdict

    def lists(self, ref: Node, ans: Node, refs: list[Node], answers: list[Node]) -> bool | None:
        """Lists and sets: the same items, in any order unless the options say otherwise."""
        if isinstance(ans, Group):
            if len(refs) > 1 and isinstance(ref, Seq) and ans.opening == "(" == ref_open(ans):
                return self.in_order(tuple(refs), ans.items)
            return self.no("a tuple is not a list or a set")
        letters = _choice(ref), _choice(ans)
        if letters[0] is not None and letters[1] is not None and isinstance(ref, Mul):
            return self.choices(letters[0], letters[1])
        labels = [_labelled(items) for items in (refs, answers)]
        if labels[0] is not None and labels[1] is not None:
            names = [[name for name, _ in pairs] for pairs in labels if pairs is not None]
            if sorted(names[0]) == sorted(names[1]) and len(set(names[0])) == len(names[0]):
                given = dict(labels[1])
                return self.in_order(
                    tuple(value for _, value in labels[0]),
                    tuple(given[name] for name, _ in labels[0]),
                )
            if len(set(names[0])) == len(names[0]) > 1:
                return self.no("they name different quantities")
        if (labels[0] is None) != (labels[1] is None):
            if labels[0] is not None:
                refs = expand(Seq(tuple(value for _, value in labels[0])))
            if labels[1] is not None:
                answers = expand(Seq(tuple(value for _, value in labels[1])))
        refs, answers = _propagated(refs), _propagated(answers)
        if (
            isinstance(ref, Seq)
            and self.options.list_order == "as given"
            and not isinstance(ans, SetOf)
        ):
            return self.in_order(tuple(refs), tuple(answers))
        return self.multiset(refs, answers)

    def multiset(self, refs: list[Node], answers: list[Node]) -> bool | None:
        """Every item of one list in the other, each once."""
        if len(refs) < len(answers) and all(isinstance(item, Group) for item in answers):
            answers = list(dict.fromkeys(answers))  # a pair said twice is said
        if len(refs) != len(answers):
            return self.no(f"{len(refs)} items were expected, not {len(answers)}")
        left: dict[object, list[Node]] = {}
        for item in refs:
            left.setdefault(_key(item), []).append(item)
        rest: list[Node] = []
        for item in answers:
            bucket = left.get(_key(item))
            if bucket:
                bucket.pop()
            else:
                rest.append(item)
        missing = [item for bucket in left.values() for item in bucket]
        if not missing:
            return True
        if all(isinstance(_key(item), Fraction) for item in missing + rest):
            return self.no(f"{show(missing[0])} is missing")
        if len(missing) > MAX_LEFTOVERS:
            return None
        return self.paired(missing, rest)

    def paired(self, missing: list[Node], rest: list[Node]) -> bool | None:
        """Pair the items that no key has paired."""
        unknown = False
        for wanted in missing:
            doubtful = False
            for index, item in enumerate(rest):
                same = self.alike(wanted, item)
                if same:
                    del rest[index]
                    break
                doubtful = doubtful or same is None
            else:
                if not doubtful:
                    return self.no(f"{show(wanted)} is missing")
                unknown = True
        return None if unknown else True

    # -- matrices and families --------------------------------------------------------------

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

    def families(self, ref: Node, ans: Node) -> bool | None:
        """Families over the integers: parameters may be renamed, shifted and negated."""
        params = ref.params if isinstance(ref, Family) else ()
        given = ans.params if isinstance(ans, Family) else ()
        body = ref.body if isinstance(ref, Family) else ref
        other = ans.body if isinstance(ans, Family) else ans
        if isinstance(body, Relation) and not isinstance(other, Relation):
            found = assigned(body)
            body = body if found is None else found.value
        fixed = symbols(body) - set(params) if params else symbols(other) - set(given)
        mine = sorted(symbols(body) - fixed)
        theirs = sorted(symbols(other) - fixed)
        if len(mine) != len(theirs):
            if not mine and not theirs:
                return self.alike(body, other)
            return self.no("they have different parameters")
        if mine != theirs:
            names: dict[str, Node] = {old: Sym(new) for old, new in zip(theirs, mine, strict=True)}
            other = substitute(other, names)
        first = self.alike(body, other)
        if first or len(mine) != 1:
            return first
        name = mine[0]
        for sign, shift in product((1, -1), range(-3, 4)):
            parameter: Node = Sym(name) if sign > 0 else negative(Sym(name))
            moved = substitute(other, {name: Add((parameter, Num(Fraction(shift))))})
            if self.alike(body, moved):
                return True
        return first


# -- small questions --------------------------------------------------------------------------


def ref_open(group: Group) -> str:
    """The opening bracket of a tuple that is closed alike."""
    return group.opening if group.closing == ")" else ""


def expand(node: Node) -> list[Node]:
    """The items of a list or set, each ± written out."""
    items = node.items if isinstance(node, (Seq, SetOf, System)) else (node,)
    out: list[Node] = []
    for item in items:
        out += _signs(item)
    return out


def _signs(node: Node) -> list[Node]:
    if not contains(node, (PlusMinus,)):
        return [node]
    found: list[PlusMinus] = []
    _collect(node, found)
    if len(found) > 4:
        return [node]
    linked = any(item.sign < 0 for item in found)
    choices = (
        [(1,) * len(found), (-1,) * len(found)] if linked else product((1, -1), repeat=len(found))
    )
    return [_with_signs(node, list(signs)) for signs in choices]


def _collect(node: Node, found: list[PlusMinus]) -> None:
    if isinstance(node, PlusMinus):
        found.append(node)
    for child in children(node):
        _collect(child, found)


def _with_signs(node: Node, signs: list[int]) -> Node:
    if isinstance(node, PlusMinus):
        sign = signs.pop(0) * node.sign
        value = _with_signs(node.value, signs)
        return value if sign > 0 else negative(value)
    below = children(node)
    if not below:
        return node
    return rebuild(node, tuple(_with_signs(child, signs) for child in below))


def _key(node: Node) -> object:
    value = exact_or_none(node)
    return show(node) if value is None else value


def _labelled(items: list[Node]) -> list[tuple[str, Node]] | None:
    """The items as (name, value) if every one is `name = value`."""
    pairs: list[tuple[str, Node]] = []
    for item in items:
        if not isinstance(item, Relation):
            return None
        found = assigned(item)
        if found is None:
            return None
        pairs.append((show(found.name), found.value))
    return pairs


def _propagated(items: list[Node]) -> list[Node]:
    """`x = 1, 2, 3`: the first label belongs to all, and goes."""
    if len(items) < 2 or not isinstance(items[0], Relation):
        return items
    found = assigned(items[0])
    if found is None or any(isinstance(item, Relation) for item in items[1:]):
        return items
    return [*expand(found.value), *items[1:]]


def _choice(node: Node) -> Choice | None:
    if isinstance(node, Choice):
        return node
    letters = node.factors if isinstance(node, Mul) else (node,)
    if isinstance(node, (Seq, SetOf)):
        letters = node.items
    names = [letter.name for letter in letters if isinstance(letter, Sym)]
    if len(names) == len(letters) and all(len(n) == 1 and "A" <= n <= "J" for n in names):
        return Choice("".join(sorted(names)))
    return None


def _letters(choice: Choice) -> Node:
    found = tuple(Sym(letter) for letter in choice.letters)
    return found[0] if len(found) == 1 else Seq(found)


def _skeleton(tokens: str) -> list[str]:
    return ["#" if token[:1].isdigit() else token for token in tokens.split(" ")]


def _clock_ratio(clock: Clock) -> Ratio:
    hours, rest = divmod(clock.seconds, 3600)
    parts = [hours, rest // 60] + ([rest % 60] if rest % 60 else [])
    return Ratio(tuple(Num(Fraction(part)) for part in parts))


def _ratio_value(ratio: Ratio) -> Node | None:
    return quotient(*ratio.items) if len(ratio.items) == 2 else None


def _is_set(node: Node) -> bool:
    """Whether a node is certainly a set of reals rather than a tuple or a list of values."""
    if isinstance(node, (SetOperation, Builder)):
        return True
    if isinstance(node, Named):
        return node.name in {"empty", "reals"}
    if isinstance(node, Relation):
        return node.ops[0] == "in" or bool(set(node.ops) & _ORDERS)
    if isinstance(node, (Seq, System)):
        return isinstance(node.items[0], Relation) and _is_set(node.items[0])
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
        return node.sides[1]
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
    flip = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
    ops = tuple(flip.get(op, op) for op in reversed(node.ops))
    return Relation(tuple(reversed(node.sides)), ops)


def _name_of(node: Node) -> str:
    return show(node) if is_name(node) else ""
