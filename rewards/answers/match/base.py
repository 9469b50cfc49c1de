"""The bottom layer of the matcher: values, and items in order or in any order."""

from __future__ import annotations

from fractions import Fraction

from rewards.answers.evaluate.values import exact_or_none
from rewards.answers.match.quantities import Quantities
from rewards.answers.outcome import CompareOptions
from rewards.answers.show import show
from rewards.answers.tree import Group, Node, SetOf

MAX_LEFTOVERS = 40


class Matching:
    """What every layer of the matcher may ask for."""

    def __init__(self, options: CompareOptions) -> None:
        self.options = options
        self.why = ""
        self.quantities = Quantities(options)

    def alike(self, ref: Node, ans: Node) -> bool | None:
        """Whether `ans` says what `ref` says; `matching` decides how that is told."""
        raise NotImplementedError

    def no(self, why: str) -> bool:
        """False, with a reason."""
        self.why = why
        return False

    def values(self, ref: Node, ans: Node) -> bool | None:
        """Two single values: numbers, expressions, quantities."""
        result = self.quantities.same(ref, ans)
        self.why = result.how
        return result.same

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
        exact = self.options.rounding == "exact" and self.options.tolerance is None
        if exact and all(isinstance(_key(item), Fraction) for item in missing + rest):
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
                same = isinstance(wanted, SetOf) == isinstance(item, SetOf) and self.alike(
                    wanted, item
                )
                if same:
                    del rest[index]
                    break
                doubtful = doubtful or same is None
            else:
                if not doubtful:
                    return self.no(f"{show(wanted)} is missing")
                unknown = True
        return None if unknown else True


def _key(node: Node) -> object:
    value = exact_or_none(node)
    return show(node) if value is None else value
