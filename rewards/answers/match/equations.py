"""Match equations, systems and what is assigned to a name."""

from __future__ import annotations

from rewards.answers.match.assignments import (
    assigned,
    is_name,
    same_alternatives,
    same_equation,
    solves,
)
from rewards.answers.match.sets import UNRELATED, SetMatching, Verdict
from rewards.answers.match.signs import expand
from rewards.answers.show import show
from rewards.answers.tree import (
    Builder,
    Fn,
    Group,
    Matrix,
    Node,
    Num,
    PlusMinus,
    Relation,
    Seq,
    SetOf,
    SetOperation,
    Sym,
    System,
)
from rewards.answers.walk import contains, substitute, symbols


class EquationMatching(SetMatching):
    """Equations and assignments."""

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
        if isinstance(ans, Relation) and _holds_plainly(ref) and _holds_plainly(ans):
            self.why = "both hold for every value, and say no more"
            return True
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
                    together = same_alternatives(ref, expand(ans))
                    if together.same and len(expand(ref)) == 1:
                        self.why = together.how
                        return True
                    return self.lists(ref, ans, expand(ref), expand(ans))
                return result.same
            return self.chains(ref, ans)
        if found is not None:
            return self.alike(found.value, ans)
        if set(ref.ops) == {"="} and len(ref.ops) == 1:
            if isinstance(ans, Seq) and _are_alternatives(ans):
                result = same_alternatives(ref, expand(ans))
                self.why = result.how
                return result.same
            if isinstance(ans, (Seq, SetOf, Group, System, SetOperation, Builder)):
                return self.no("an equation was expected")
            solved = solves(ref, ans)
            self.why = solved.how
            return solved.same
        return self.no("a relation was expected")

    def assignments(self, ref: Relation, ans: Relation) -> Verdict:  # noqa: C901
        """`name = value` on both sides; a function's variable may be renamed."""
        a, b = assigned(ref), assigned(ans)
        if a is None or b is None:
            return UNRELATED
        one, other = a.name, b.name
        if more := _letters(ans) - _letters(ref) if _letters(ref) and one == other else None:
            return self.no(f"it is about {', '.join(sorted(more))} too")
        if isinstance(one, Fn) and isinstance(other, Fn) and one.name == other.name == "call":
            if one.args[0] != other.args[0] or len(one.args) != len(other.args):
                return self.no("they are about different functions")
            names = [arg.name for arg in other.args[1:] if isinstance(arg, Sym)]
            if len(names) == len(other.args) - 1:
                wanted = {arg.name for arg in one.args[1:] if isinstance(arg, Sym)}
                if (wanted - set(names)) & symbols(b.value):
                    return self.no(f"the value does not depend on {', '.join(names)} alone")
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


def _holds_plainly(relation: Relation) -> bool:
    """Whether it is `0 = 0` or `x = x`: no identity that somebody may have been asked for."""
    first, *others = relation.sides
    return (
        isinstance(first, (Sym, Num))
        and set(relation.ops) == {"="}
        and all(other == first for other in others)
    )


def _are_alternatives(ans: Seq) -> bool:
    """Whether a list of equations says "or": by the word, or as values of one variable."""
    if not all(isinstance(item, Relation) and item.ops == ("=",) for item in ans.items):
        return False
    names = {item.sides[0] for item in ans.items if isinstance(item, Relation)}
    return ans.joiner == "or" or (ans.joiner == "," and len(names) == 1)


def _letters(chain: Relation) -> frozenset[str]:
    """The variables that a chain x = y = value sets equal to its value."""
    sides = [side.name for side in chain.sides if isinstance(side, Sym)]
    return frozenset(name for name in sides if len(name) == 1)
