"""Letters that stand for no particular number: constants of integration, I and j for i.

Each is forgiven only where the rest proves it: the constants must come out the same under one
renaming, or the difference of both sides must not depend on any variable.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import permutations, product

from rewards.answers.construct import add, combinations, negative, times
from rewards.answers.evaluate.sameness import contains_imaginary, same_expression
from rewards.answers.match.ellipses import without_dots
from rewards.answers.outcome import Sameness
from rewards.answers.show import show
from rewards.answers.tree import Add, Const, Degree, Fn, Group, Mul, Node, Num, Pow, Sym
from rewards.answers.walk import children, contains, rebuild, substitute, symbols

_INDEXED = re.compile(r"[ABCKck]_\d")
_LONE = frozenset("CcK")  # what is added to an antiderivative
_ARBITRARY = frozenset("ABCDKck")  # what a general solution is built with
_IMAGINARY = ("I", "j")
MAX_CONSTANTS = 3
MAX_CALLS = 36
_POINTS = (Fraction(7, 5), Fraction(11, 4), Fraction(9, 7))


def in_other_letters(ref: Node, ans: Node) -> Sameness | None:
    """Whether two values that differ as written are the same in other letters; else `None`."""
    names = symbols(ref), symbols(ans)
    if not names[0] and not names[1]:
        return None
    return (
        _imaginary(ref, ans, names)
        or _integration(ref, ans, names)
        or _general_solution(ref, ans, names)
        or _free_parameter(ref, ans, names)
        or _selections(ref, ans)
        or _calls(ref, ans)
        or _ellipses(ref, ans, names)
    )


def _imaginary(
    ref: Node, ans: Node, names: tuple[frozenset[str], frozenset[str]]
) -> Sameness | None:
    """`I` of computer algebra, `j` of engineering: where the other side has i, or e^(Ix)."""
    for letter in _IMAGINARY:
        has = [letter in side for side in names]
        if not any(has):
            continue
        units = contains_imaginary(ref), contains_imaginary(ans)
        beside_i = has[0] != has[1] and units == (has[1], has[0])
        if beside_i:
            side, others = (ref, names[0]) if has[0] else (ans, names[1])
            alone = letter == "I" and others == {letter}  # IR is a voltage, 2I is 2i
            if not (alone or _has_real_term(side, letter)):
                continue  # so is 3i + 4j a vector
        elif letter == "j" or any(units) or not (_rotates(ref) or _rotates(ans)):
            continue
        unit: dict[str, Node] = {letter: Const("i")}
        if same_expression(substitute(ref, unit), substitute(ans, unit)).same:
            return Sameness(same=True, how=f"{letter} is the imaginary unit")
    return None


def _has_real_term(node: Node, letter: str) -> bool:
    return isinstance(node, Add) and any(letter not in symbols(term) for term in node.terms)


def _rotates(node: Node) -> bool:
    """Whether e is raised to a power that holds `I`."""
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Pow) and here.base == Const("e") and "I" in symbols(here.exponent):
            return True
        stack += children(here)
    return False


# -- constants ----------------------------------------------------------------------------------


def _integration(
    ref: Node, ans: Node, names: tuple[frozenset[str], frozenset[str]]
) -> Sameness | None:
    """`sin²x + C` and `-cos²x + C`: with a constant added to both, the rest may differ by one."""
    left, right = _without_constant(ref), _without_constant(ans)
    if left is None or right is None:
        return None
    (one, first), (other, second) = left, right
    rest = (names[0] - {first}) | (names[1] - {second})
    if not rest or rest & (_ARBITRARY | {first, second}):
        return None
    difference = add(one, negative(other))
    for value in _POINTS:
        point: dict[str, Node] = {
            name: Num(value + index) for index, name in enumerate(sorted(rest))
        }
        found = same_expression(difference, substitute(difference, point)).same
        if found is not None:
            how = "they differ by a constant, which the constant of integration takes up"
            return Sameness(same=True, how=how) if found else None
    return None


def _without_constant(node: Node) -> tuple[Node, str] | None:
    """The node without the lone constant that is added to it, and the constant's name."""
    if not isinstance(node, Add):
        return None
    lone = [term for term in node.terms if isinstance(term, Sym) and _is_lone(term.name)]
    if len(lone) != 1 or not isinstance(lone[0], Sym):
        return None
    others = [term for term in node.terms if term is not lone[0]]
    if any(lone[0].name in symbols(term) for term in others):
        return None
    return add(*others), lone[0].name


def _is_lone(name: str) -> bool:
    return name in _LONE or name in {"C_0", "C_1", "c_0", "c_1"}


def _general_solution(
    ref: Node, ans: Node, names: tuple[frozenset[str], frozenset[str]]
) -> Sameness | None:
    """`C_1 e^x + C_2 e^{-x}` with its constants renamed or exchanged.

    Letters that are not numbered are constants only where they multiply functions and one of
    both sides writes them as C or K; two sides with the same letters are never permuted.
    """
    sides = [sorted(filter(_is_constant, side)) for side in names]
    shared = set(sides[0]) & set(sides[1])
    numbered = [all(_INDEXED.fullmatch(name) for name in side) for side in sides]
    if not all(numbered):
        sides = [[name for name in side if name not in shared] for side in sides]
        evident = _has_function(ref) or _counts_up(ref)
        if not (evident and any(name[0] in "CcK" for name in sides[0] + sides[1])):
            return None
    if all(numbered) and [name[2:] for name in sides[0]] != [name[2:] for name in sides[1]]:
        return None  # c_1 and c_3 are not C_1 and C_2
    if len(sides[0]) != len(sides[1]) or not 0 < len(sides[0]) <= MAX_CONSTANTS:
        return None
    for order in permutations(sides[0]):
        renaming: dict[str, Node] = {
            old: Sym(new) for old, new in zip(sides[1], order, strict=True)
        }
        if same_expression(ref, substitute(ans, renaming)).same:
            return Sameness(same=True, how="the constants may be renamed")
    return None


def _counts_up(node: Node) -> bool:
    """Whether a number is added to a constant (`C + 1`): it has no unit, so any letter will do."""
    terms = node.terms if isinstance(node, Add) else ()
    constant = any(isinstance(term, Sym) and _is_constant(term.name) for term in terms)
    if constant and any(isinstance(term, Num) for term in terms):
        return True
    return any(map(_counts_up, children(node)))


def _is_constant(name: str) -> bool:
    return name in _ARBITRARY or _INDEXED.fullmatch(name) is not None


def _has_function(node: Node) -> bool:
    """Whether a term is a constant times a function: what a differential equation leaves."""
    terms = node.terms if isinstance(node, Add) else (node,)
    return any(
        isinstance(factor, Fn) or (isinstance(factor, Pow) and bool(symbols(factor.exponent)))
        for term in terms
        if isinstance(term, Mul)
        for factor in term.factors
        if any(
            other is not factor and any(map(_is_constant, symbols(other))) for other in term.factors
        )
    )


_PARAMETERS = frozenset("klmn")


def _free_parameter(
    ref: Node, ans: Node, names: tuple[frozenset[str], frozenset[str]]
) -> Sameness | None:
    """`π/2 + kπ` and `π/2 + nπ`: one free whole number on each side, in different letters."""
    free = [sorted(side & _PARAMETERS) for side in names]
    if [len(side) for side in free] != [1, 1] or free[0] == free[1]:
        return None
    (old,), (new,) = free[1], free[0]
    if not (contains(ref, (Degree,)) or Const("pi") in _factors_beside(ref, new)):
        return None
    for sign, shift in product((1, -1), range(-2, 3)):
        moved = add(times(Num(Fraction(sign)), Sym(new)), Num(Fraction(shift)))
        if same_expression(ref, substitute(ans, {old: moved})).same:
            return Sameness(same=True, how=f"{old} runs through the integers as {new} does")
    return None


def _factors_beside(node: Node, name: str) -> list[Node]:
    terms = node.terms if isinstance(node, Add) else (node,)
    return [
        factor
        for term in terms
        if isinstance(term, Mul) and name in symbols(term)
        for factor in term.factors
    ]


def _selections(ref: Node, ans: Node) -> Sameness | None:
    """`C(10, 3)`, `C_{10}^3`, `A_5^3`, where a number is expected: how many selections."""
    if symbols(ref):
        return None
    written = _worked_out(ans)
    if written == ans or not same_expression(ref, written).same:
        return None
    return Sameness(same=True, how="they count selections")


def _worked_out(node: Node) -> Node:
    if isinstance(node, Mul) and len(node.factors) == 2:
        name, group = node.factors
        if name in {Sym("C"), Sym("P")} and isinstance(group, Group) and len(group.items) == 2:
            return combinations(*group.items, kind=show(name))
    if isinstance(node, Mul) and len(node.factors) == 3:  # 5C2
        top, middle, bottom = node.factors
        if middle in {Sym("C"), Sym("P")} and isinstance(top, Num) and isinstance(bottom, Num):
            return combinations(top, bottom, show(middle))
    if isinstance(node, Pow) and isinstance(node.base, Sym):
        kind, _, of = node.base.name.partition("_")
        if kind in {"C", "A", "P"} and of.isdecimal() and len(of) < 4:
            return combinations(Num(Fraction(of)), node.exponent, kind)
    below = children(node)
    return rebuild(node, tuple(_worked_out(child) for child in below)) if below else node


def _calls(ref: Node, ans: Node) -> Sameness | None:
    """`f(2x)` and `f(x + x)`: the same function of the same value."""
    wanted: dict[str, Node] = {}
    given: dict[str, Node] = {}
    _collect_calls(ref, wanted)
    _collect_calls(ans, given)
    foreign = {key: call for key, call in given.items() if key not in wanted}
    if not wanted or not foreign or len(foreign) * len(wanted) > MAX_CALLS:
        return None
    new: dict[str, Node] = {}
    for key, call in foreign.items():
        twin = next((other for other in wanted.values() if _same_call(call, other)), None)
        if twin is None:
            return None
        new[key] = twin
    if not same_expression(ref, _replaced(ans, new)).same:
        return None
    return Sameness(same=True, how="the functions are applied to the same values")


def _ellipses(
    ref: Node, ans: Node, names: tuple[frozenset[str], frozenset[str]]
) -> Sameness | None:
    if not all("dots" in side for side in names):
        return None
    if same_expression(without_dots(ref), without_dots(ans)).same:
        return Sameness(same=True, how="their sums count from one end to the other")
    return None


def _collect_calls(node: Node, found: dict[str, Node]) -> None:
    if isinstance(node, Fn) and node.name == "call":
        found[show(node)] = node
    for child in children(node):
        _collect_calls(child, found)


def _same_call(one: Node, other: Node) -> bool:
    first, second = children(one), children(other)
    return len(first) == len(second) and all(
        same_expression(a, b).same for a, b in zip(first, second, strict=True)
    )


def _replaced(node: Node, new: dict[str, Node]) -> Node:
    if isinstance(node, Fn) and node.name == "call":
        return new.get(show(node), node)
    below = children(node)
    return rebuild(node, tuple(_replaced(child, new) for child in below)) if below else node
