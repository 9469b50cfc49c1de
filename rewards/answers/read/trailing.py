"""Read what stands behind a value: its unit, or what is counted."""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from fractions import Fraction

from rewards.answers.construct import MINUS_ONE, times
from rewards.answers.nouns import noun
from rewards.answers.read.expressions import ExpressionReader
from rewards.answers.read.tokens import Token, UnreadableError
from rewards.answers.tree import Degree, Node, Num, Percent, Pow, Relation, Unit
from rewards.answers.units import DEGREES, PERCENTS, measure
from rewards.answers.vocabulary import HEDGES
from rewards.answers.walk import symbols

CONDITION_WORDS = frozenset("for where with any all when if 其中 当".split())
MERELY = frozenset({"only", "just", "仅", "只有"})  # a list says as much
_MAGNITUDES = {
    "dozen": 12, "lakh": 10**5, "crore": 10**7, "十": 10, "百": 10**2, "千": 10**3, "萬": 10**4,
    "億": 10**8, "만": 10**4, "억": 10**8,
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "万": 10**4, "亿": 10**8,
}  # fmt: skip


class TrailingReader(ExpressionReader):
    """Adds units and counted nouns to values."""

    def trailing(self, node: Node) -> Node:  # noqa: C901, PLR0912
        """Attach the unit or the counted noun behind a value."""
        token = self.peek()
        if token.kind == "cur":
            self.at += 1
            return with_unit(node, token.value)
        if token.kind == "text" and token.value.lower() in MERELY:
            self.at += 1
            return node
        if token.kind != "text" or token.value.lower() in CONDITION_WORDS:
            return node
        words: list[str] = []
        while len(words) < 12:
            token = self.peek()
            value = token.value
            if token.kind == "text":
                if value.lower() in CONDITION_WORDS:
                    break
                words.append(value)
            elif token.kind == "op" and words and value == "^":
                exponent = self.label_after_power()
                words.append("^" + exponent)
                continue
            elif token.kind == "op" and words and value in {"/", "*", "-"}:
                if self.peek(1).value == "(" and value == "/":
                    inside = self.unit_in_brackets()
                    if not inside:
                        break
                    words += inside
                    continue
                if self.peek(1).kind not in {"text", "let"} and self.peek(1).value != "Omega":
                    break
                words.append(value)
                self.at += 1
                if self.peek().kind != "text":
                    words.append("Ω" if self.peek().value == "Omega" else self.peek().value)
                    self.at += 1
                continue
            elif token.kind == "op" and value == "." and self.peek(1).kind != "num":
                pass
            else:
                break
            self.at += 1
        if any(word.lower() in HEDGES for word in words):
            raise UnreadableError("it is hedged")
        return self.scaled(self.compound(with_unit(node, " ".join(words))))

    def scaled(self, quantity: Node) -> Node:
        """`1 Mg/10^6`, `3 cm * 10^2`: the number behind a unit, as the last thing said."""
        token, start = self.peek(), self.at
        if token.kind != "op" or token.value not in {"*", "/"} or self.peek(1).kind != "num":
            return quantity
        unit = measure(quantity.unit) if isinstance(quantity, Unit) else None
        if not isinstance(quantity, Unit) or unit is None or unit.offset:
            return quantity
        self.at += 1
        number = self.power()
        if self.peek().kind != "eof" or symbols(number):
            self.at = start
            return quantity
        scale = number if token.value == "*" else Pow(number, MINUS_ONE)
        return Unit(times(quantity.value, scale), quantity.unit)

    def unit_in_brackets(self) -> list[str]:
        """`/(mol K)` behind a unit, as words; nothing if these are no units."""
        words = ["/", "("]
        ahead = 2
        while ahead < 14:
            token = self.peek(ahead)
            if token.value == ")":
                self.at += ahead + 1
                return [*words, ")"]
            if token.kind in {"text", "let", "num"} or token.value in {"*", "^", "-"}:
                glued = token.kind == "let" and not token.gap and self.peek(ahead - 1).kind == "let"
                if glued:  # `mol` comes letter by letter
                    words[-1] += token.value
                else:
                    words.append(token.value)
            elif token.value not in {"{", "}"}:
                break
            ahead += 1
        return []

    def compound(self, first: Node) -> Node:
        """`13 minutes (and) 30 seconds`: what follows in a smaller unit belongs to it."""
        start = self.at
        self.accept("and")
        if self.peek().kind != "num" or not _is_part(self.peek(1), first):
            self.at = start
            return first
        rest = self.trailing(self.power())
        total = _added(first, rest)
        if total is None:
            self.at = start
            return first
        return total

    def label_after_power(self) -> str:
        """The exponent behind a unit, as text."""
        self.at += 1
        return self.label()


def _is_part(token: Token, whole: Node) -> bool:
    """Whether a word is a smaller unit than the one behind `whole`."""
    one = measure(whole.unit) if isinstance(whole, Unit) else None
    other = measure(token.value) if token.kind == "text" else None
    return one is not None and other is not None and one[0] == other[0] and other[1] < one[1]


def _added(first: Node, rest: Node) -> Node | None:
    """The sum of two quantities, the second less than one unit of the first; else `None`."""
    if not (isinstance(first, Unit) and isinstance(rest, Unit)):
        return None
    one, other = measure(first.unit), measure(rest.unit)
    if one is None or other is None or one[0] != other[0]:
        return None
    if not (isinstance(first.value, Num) and isinstance(rest.value, Num)):
        return None
    part = rest.value.value * other[1] / one[1]
    return Unit(Num(first.value.value + part), first.unit) if 0 <= part < 1 else None


def with_unit(node: Node, unit: str) -> Node:
    """Attach a unit to a value; to the last side of a relation."""
    if isinstance(node, Relation):
        return Relation((*node.sides[:-1], with_unit(node.sides[-1], unit)), node.ops)
    first, _, rest = unit.partition(" ")
    if first[:1] in _MAGNITUDES and measure(first) is None and noun(first) is None:
        first, rest = first[:1], f"{first[1:]} {rest}".strip()  # 5万元
    if first.lower() in _MAGNITUDES:
        node = times(node, Num(Fraction(_MAGNITUDES[first.lower()])))
        return with_unit(node, rest) if rest else node
    if unit.lower() in DEGREES:
        return Degree(node)
    if unit.lower() in PERCENTS:
        return Percent(node)
    if isinstance(node, Unit):
        return node if unit.lower() in {"dollar", "dollars", "euros"} else Unit(node.value, unit)
    return Unit(node, unit)
