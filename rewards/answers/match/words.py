"""Match what is no formula: choices, unparsed text, times, ratios."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from rewards.answers.construct import ZERO, quotient
from rewards.answers.match.assignments import assigned
from rewards.answers.match.base import Matching
from rewards.answers.show import show
from rewards.answers.tree import (
    Choice,
    Clock,
    Const,
    Mul,
    Named,
    Node,
    Num,
    Ratio,
    Raw,
    Relation,
    Seq,
    SetOf,
    Sym,
    Text,
)

_DIGITS_ONLY = re.compile(r"[\d .,;:]*")


class WordMatching(Matching):
    """Choices, times and ratios."""

    def choices(self, ref: Node, ans: Node) -> bool | None:  # noqa: C901
        """Letters of a multiple-choice question."""
        if any(isinstance(side, Seq) and side.joiner == "or" for side in (ref, ans)):
            return self.no("“or” between letters chooses none of them")
        if isinstance(ref, Choice) and _is_small_letter(ans):
            ans = Choice(show(ans).upper())
        a, b = as_choice(ref), as_choice(ans)
        if a is not None and b is not None:
            if a.letters != b.letters:
                return self.no("the letters differ")
            if a.detail is not None and b.detail is not None:
                return self.alike(a.detail, b.detail)
            return True
        details = [side.detail if isinstance(side, Choice) else None for side in (ref, ans)]
        if details != [None, None] and not isinstance(ref, (Sym, Seq, Text)):
            return self.alike(details[0] or ref, details[1] or ans)
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
        if isinstance(ans, Raw) and "?" in ans.tokens:
            return self.no("the answer is a question")
        for side in (ref, ans):
            if isinstance(side, Raw) and _DIGITS_ONLY.fullmatch(side.tokens):
                return self.no("numbers side by side are not one value")
        self.why = "one of them is not understood as mathematics"
        return None

    def clocks(self, ref: Node, ans: Node) -> bool | None:
        """Times of day; without am or pm, either half of the day."""
        if isinstance(ref, Clock) and isinstance(ans, Clock):
            half = 12 * 3600
            if ref.half_known and ans.half_known:
                return ref.seconds == ans.seconds
            return ref.seconds % half == ans.seconds % half
        clock, other = (ref, ans) if isinstance(ref, Clock) else (ans, ref)
        ratio = _clock_ratio(clock) if isinstance(clock, Clock) else None
        if ratio is None or not (isinstance(other, Ratio) or _is_reduced(ratio)):
            return self.no("a time of day is no number")
        return self.alike(ratio, ans) if clock is ref else self.alike(ref, ratio)

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
            return self.common_factor(ref, ans)
        one = _ratio_value(ref) if isinstance(ref, Ratio) else ref
        other = _ratio_value(ans) if isinstance(ans, Ratio) else ans
        if one is None or other is None:
            return self.no("")
        return self.alike(one, other)

    def common_factor(self, ref: Ratio, ans: Ratio) -> bool | None:
        """Whether the parts of one ratio are those of the other times a factor that is not 0.

        Crosswise products agree wherever both factors are 0, so the factor is taken from a part
        that is 0 on neither side: 0:0 is no multiple of 3:4.
        """
        if len(ref.items) != len(ans.items):
            return self.no("the ratios have different lengths")
        vanishes = [self.values(item, ZERO) for item in ref.items]
        if False not in vanishes:
            return None if None in vanishes else self.no("every part of the ratio is 0")
        base = vanishes.index(False)
        if self.values(ans.items[base], ZERO) is not False:
            return self.no("one ratio has a 0 where the other has none")
        verdict: bool | None = True
        for a, b in zip(ref.items, ans.items, strict=True):
            same = self.values(Mul((a, ans.items[base])), Mul((b, ref.items[base])))
            if same is False:
                return False
            verdict = None if same is None else verdict
        return verdict


def as_choice(node: Node) -> Choice | None:
    """The letters that a node lists, if they may be choices."""
    if isinstance(node, Choice):
        return node
    letters = node.factors if isinstance(node, Mul) else (node,)
    if isinstance(node, (Seq, SetOf)):
        letters = node.items
    names = [letter.name for letter in letters if isinstance(letter, Sym)]
    if len(names) == len(letters) and all(len(n) == 1 and "A" <= n <= "J" for n in names):
        return Choice("".join(sorted(names)))
    return None


def _is_small_letter(node: Node) -> bool:
    """Whether an answer is a choice in lower case; only where a choice is expected."""
    if isinstance(node, Const):
        return node.name in {"e", "i"}
    return isinstance(node, Sym) and len(node.name) == 1 and "a" <= node.name <= "j"


def _letters(choice: Choice) -> Node:
    found = tuple(Sym(letter) for letter in choice.letters)
    return found[0] if len(found) == 1 else Seq(found)


def _skeleton(tokens: str) -> list[str]:
    return ["#" if token[:1].isdecimal() else token for token in tokens.split(" ")]


def _is_reduced(ratio: Ratio) -> bool:
    """Whether `1:20` may be the ratio that people write so; `12:30` and `1:05` are none."""
    parts = [int(item.value) for item in ratio.items if isinstance(item, Num)]
    return math.gcd(*parts) == 1 and all(part > 9 for part in parts[1:])


def _clock_ratio(clock: Clock) -> Ratio | None:
    if clock.half_known and clock.seconds < 13 * 3600:
        return None  # it was written with am or pm
    hours, rest = divmod(clock.seconds, 3600)
    parts = [hours, rest // 60] + ([rest % 60] if rest % 60 else [])
    return Ratio(tuple(Num(Fraction(part)) for part in parts))


def _ratio_value(ratio: Ratio) -> Node | None:
    if len(ratio.items) != 2 or ratio.items[1] == ZERO:
        return None
    return quotient(*ratio.items)
