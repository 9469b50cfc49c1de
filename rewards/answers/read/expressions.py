"""Read one mathematical expression from tokens, by recursive descent.

`sum` → `product` → `power` → `primary`, one module a layer, with the lower layers in `primaries`,
`applications`, `brackets` and `cursor`. Brackets call `items`, which `statements` overrides with
relations and lists. Depth is bounded, so is the depth of the tree that comes out.
"""

from __future__ import annotations

from rewards.answers.construct import MINUS_ONE, negative, quotient
from rewards.answers.read.applications import ACCENTS, PREFIXES
from rewards.answers.read.literals import based, number
from rewards.answers.read.primaries import PrimaryReader
from rewards.answers.read.tokens import Token, UnreadableError
from rewards.answers.tree import (
    Add,
    Const,
    Degree,
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
    Sym,
)

_FACTOR_OPS = frozenset({"(", "[", "{", "lfloor", "lceil"})
_FACTOR_COMMANDS = ACCENTS | PREFIXES | {"frac", "sum", "prod", "int", "lim", "mathbb"}
_FACTOR_KINDS = frozenset({"let", "sym", "fn", "begin"})
ROUGHLY = frozenset(Token("rel", "~", gap) for gap in (False, True))
_PRIME_MARKS = frozenset({"'", "^", "{", "}"})


class ExpressionReader(PrimaryReader):
    """Adds powers, products and sums."""

    __slots__ = ()

    def sum(self) -> Node:  # noqa: C901
        """Terms joined by + - ± ∓, reduced by `mod`."""
        terms: list[Node] = []
        if self.peek().value == "+" and self.peek(1).value == "-" and self.peek(1).kind == "op":
            # nobody puts a plus before a leading minus: `+-5` is ±5 on a keyboard
            self.at += 1
            self.tokens[self.at] = Token("op", "pm", gap=False)
        while True:
            sign, either = 1, 0
            while True:
                token = self.tokens[self.at]
                if token.kind != "op":
                    break
                if token.value == "-":
                    sign = -sign
                elif token.value == "pm":
                    either = 1
                elif token.value == "mp":
                    either = -1
                elif token.value != "+":
                    break
                self.at += 1
            term = self.product()
            if either:
                term = PlusMinus(term, either * sign)
            elif sign < 0:
                term = negative(term)
            terms.append(term)
            while self.accept("mod"):  # all that stands before it is reduced
                whole = terms[0] if len(terms) == 1 else Add(tuple(terms))
                terms = [Fn("mod", (whole, self.signed()))]
            token = self.tokens[self.at]
            if token.kind != "op" or token.value not in {"+", "-", "pm", "mp"}:
                break
        return terms[0] if len(terms) == 1 else Add(tuple(terms))

    def product(self) -> Node:
        """Factors joined by · / or by standing side by side."""
        factors = [self.power()]
        while True:
            token = self.tokens[self.at]
            if token.kind == "op" and token.value == "*":
                self.at += 1
                factors.append(self.signed())
            elif token.kind == "op" and token.value == "/":
                self.at += 1
                below = self.signed()
                top = factors[-1]
                if isinstance(top, Num) and isinstance(below, Num):
                    factors[-1] = quotient(top, below)
                    if isinstance(factors[-1], Mul):
                        factors[-1:] = factors[-1].factors
                else:
                    factors.append(Pow(below, MINUS_ONE))
            elif self.starts_factor(token) and not self.says_again():
                factors.append(self.power())
            else:
                break
        return factors[0] if len(factors) == 1 else Mul(tuple(factors))

    def says_again(self) -> bool:
        """Whether `(≈ 1.414)` is next: the value before it, not a factor."""
        return self.tokens[self.at].value == "(" and self.peek(1) in ROUGHLY

    def signed(self) -> Node:
        """A power that may carry signs, as after a fraction bar."""
        sign = 1
        while self.tokens[self.at].kind == "op" and self.tokens[self.at].value in {"-", "+"}:
            sign = -sign if self.tokens[self.at].value == "-" else sign
            self.at += 1
        value = self.power()
        return negative(value) if sign < 0 else value

    def starts_factor(self, token: Token) -> bool:
        """Whether a token can begin a factor that stands beside another without a sign."""
        kind = token.kind
        if kind in _FACTOR_KINDS:
            return True
        if kind == "op":
            if token.value == "|":
                return not self.bars
            return token.value in _FACTOR_OPS
        if kind == "num":
            return self.at > 0 and self.tokens[self.at - 1].kind != "num"
        return kind == "cmd" and token.value in _FACTOR_COMMANDS

    def power(self) -> Node:  # noqa: C901
        """A primary with subscripts, powers, factorials, primes, percent and degree signs."""
        self.deeper()
        node = self.primary()
        for _ in range(12):
            token = self.tokens[self.at]
            if token.kind != "op":
                break
            value = token.value
            if value == "^":
                self.at += 1
                node = self.raised(node)
            elif value == "_":
                self.at += 1
                node = self.subscripted(node)
            elif value == "!":
                self.at += 1
                node = Fn("factorial2" if self.accept("!") else "factorial", (node,))
                if self.peek().value == "!" and self.peek().kind == "op":
                    raise UnreadableError("more than two factorial signs stand together")
            elif value == "'":
                self.at += 1
                if not isinstance(node, (Sym, Fn)):
                    raise UnreadableError("a prime stands behind something that is not a name")
                node = Sym(node.name + "'") if isinstance(node, Sym) else Fn("prime", (node,))
            elif value == "%":
                self.at += 1
                node = Percent(node)
            elif value in {"degree", "circ"}:
                self.at += 1
                node = self.minutes(node)
            else:
                break
        else:
            raise UnreadableError("too many signs stand behind one factor")
        self.depth -= 1
        return node

    def minutes(self, degrees: Node) -> Node:
        r"""Degrees, with the minutes and seconds that may follow (`30^\circ 15'`)."""
        total = degrees
        for divisor, marks in ((60, "'"), (3600, "''")):
            here = self.peek()
            ahead, primes = 1, ""
            while self.peek(ahead).value in _PRIME_MARKS and ahead < 8:
                primes += "'" if self.peek(ahead).value == "'" else ""
                ahead += 1
            if here.kind != "num" or primes != marks or not isinstance(total, Num):
                continue
            part = number(here.value)
            if isinstance(part, Num):
                total = Num(total.value + part.value / divisor)
                self.at += ahead
        return Degree(total)

    def raised(self, base: Node) -> Node:  # noqa: C901
        """What `base ^ …` means."""
        token = self.peek()
        if token.kind == "op" and token.value == "{":
            inside = self.peek(1)
            closes = self.peek(2).value == "}"
            if closes and inside.kind == "op" and inside.value in {"circ", "degree"}:
                self.at += 3
                return self.minutes(base)
            if closes and inside.kind == "op" and inside.value in {"+", "-", "*"}:
                self.at += 3
                return Fn("mark" + inside.value, (base,))
            if inside.kind == "op" and inside.value == "'":
                self.at += 1
                primes = ""
                while self.accept("'"):
                    primes += "'"
                self.expect("}")
                if isinstance(base, Sym):
                    return Sym(base.name + primes)
                raise UnreadableError("a prime stands behind something that is not a name")
        if token.kind == "op" and token.value in {"circ", "degree"}:
            self.at += 1
            return self.minutes(base)
        if isinstance(base, Named) and token.kind == "op" and token.value in {"+", "-", "*"}:
            self.at += 1
            return Fn("mark" + token.value, (base,))
        if token.kind == "op" and token.value == "'":
            self.at += 1
            return Sym(base.name + "'") if isinstance(base, Sym) else Fn("prime", (base,))
        if token.kind == "text" and token.value in {"th", "st", "nd", "rd"}:
            self.at += 1
            return base
        if token.value == "{" and self.peek(1).kind in {"text", "let"} and self.ordinal():
            return base
        exponent = self.argument()
        return Pow(base, exponent)

    def ordinal(self) -> bool:
        """Step over `{th}` and its like."""
        word, ahead = "", 1
        while self.peek(ahead).kind in {"text", "let"} and ahead < 4:
            word += self.peek(ahead).value
            ahead += 1
        if word in {"th", "st", "nd", "rd"} and self.peek(ahead).value == "}":
            self.at += ahead + 1
            return True
        return False

    def subscripted(self, base: Node) -> Node:
        """A name with its subscript, or a numeral with its base."""
        label = self.label()
        if isinstance(base, Num) and label.startswith("base"):
            label = label.removeprefix("base")
        if isinstance(base, Sym):
            return Sym(f"{base.name}_{label}")
        if isinstance(base, Const):
            return Sym(f"{base.name}_{label}")
        if isinstance(base, Num) and label.isdecimal() and base.value.denominator == 1:
            if base.value.numerator.bit_length() > 10_000:  # Python would refuse to write it out
                raise UnreadableError("a numeral of another base with thousands of digits")
            return based(str(base.value.numerator), label)
        if isinstance(base, (Named, Fn, Group, Matrix, Pow)):
            return Fn("at", (base, Sym(label)))
        raise UnreadableError("a subscript stands behind something that is not a name")
