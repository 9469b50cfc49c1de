"""Read the smallest values: numbers, names, and whatever a token opens."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from rewards.answers.construct import INFINITY, MINUS_ONE, ZERO, add, combinations, quotient, times
from rewards.answers.evaluate.values import exact_or_none
from rewards.answers.read.applications import ApplicationReader
from rewards.answers.read.brackets import CLOSERS
from rewards.answers.read.cursor import EOF_TOKEN
from rewards.answers.read.literals import based, number, repeating
from rewards.answers.read.number_words import number_in_words
from rewards.answers.read.tokens import Token, UnreadableError
from rewards.answers.tree import Const, Fn, Group, Mul, Named, Node, Num, Sym, Unit
from rewards.answers.vocabulary import NAMED, may_name
from rewards.answers.walk import symbols

_APPLIED = frozenset("fghFGH")
_ITEM_STARTS = frozenset({",", ";", "(", "{{", "{", "[", "and", "or", "quad"})


_INTEGRAL = frozenset("ijkmnpqr")  # the letters of whole numbers
MAX_HALVES = 200


def _gamma(args: tuple[Node, ...]) -> Node:
    """Γ(n + 1) is n! for whole numbers, Γ(n + 1/2) a multiple of √π; else it stays a call."""
    value = exact_or_none(args[0]) if len(args) == 1 else None
    if value is not None and value > 0 and value.denominator == 1:
        return Fn("factorial", (Num(value - 1),))
    if value is not None and value.denominator == 2 and 0 < value < MAX_HALVES:
        n = int(value)
        factor = Fraction(factorial(2 * n), 4**n * factorial(n))
        return times(Num(factor), Fn("sqrt", (Const("pi"),)))
    if value is None and len(args) == 1 and symbols(args[0]) <= _INTEGRAL and symbols(args[0]):
        return Fn("factorial", (add(args[0], MINUS_ONE),))
    return Fn("call", (Sym("Gamma"), *args))


class PrimaryReader(ApplicationReader):
    """Adds numbers and names."""

    __slots__ = ()

    def primary(self) -> Node:  # noqa: C901, PLR0912
        """A number, a name, a function applied, or something in brackets."""
        token = self.tokens[self.at]
        kind, value = token.kind, token.value
        if kind == "num":
            self.at += 1
            return self.numeral(token)
        if kind == "let":
            self.at += 1
            return self.name(value)
        if kind == "op":
            if value == "{" and self.peek(1).value == "}" and self.peek(2).value in {"^", "_"}:
                self.at += 2  # {}^{10}C_3
                value = self.peek().value
            if value in CLOSERS:
                return self.group(value)
            if value in {"^", "_"}:
                return self.selection()
            if value == "mod":  # `(mod 7)`, behind what is taken modulo 7
                self.at += 1
                return Fn("mod", (self.signed(),))
            if value in {"|", "||"}:
                return self.absolute(value)
            if value in {"lfloor", "lceil"}:
                self.at += 1
                inside = self.sum()
                self.expect("rfloor" if value == "lfloor" else "rceil")
                return Fn("floor" if value == "lfloor" else "ceil", (inside,))
            raise UnreadableError(f"`{value}` stands where a value should be")
        if kind == "sym":
            self.at += 1
            if value == "pi":
                return Const("pi")
            if value == "Gamma" and self.peek().value == "(":
                return _gamma(self.call_arguments())
            if value == "Delta" and self.peek().kind == "let":
                self.at += 1
                return Sym(f"Delta {self.tokens[self.at - 1].value}")
            return INFINITY if value == "inf" else Sym(value)
        if kind == "fn":
            self.at += 1
            return self.function(value)
        if kind == "cmd":
            self.at += 1
            return self.command(value)
        if kind == "begin":
            self.at += 1
            return self.environment(value)
        if kind == "set":
            self.at += 1
            return Named(value)
        if kind == "cur":
            self.at += 1
            return Unit(self.signed(), value)
        if kind == "text":
            return self.word()
        if kind == "eof":
            raise UnreadableError("it ends too early")
        raise UnreadableError(f"`{value}` stands where a value should be")

    def selection(self) -> Node:
        """`^{10}C_3`, `_{10}C_3`, `^{10}P_3`: how many selections."""
        self.at += 1
        top = self.argument()
        kind = self.peek().value
        if kind not in {"C", "P"} or self.peek(1).value != "_":
            raise UnreadableError("a power stands where a value should be")
        self.at += 2
        return combinations(top, self.argument(), kind)

    def word(self) -> Node:
        """A word where a value should be: a name if a relation follows, else prose."""
        parts: list[str] = []
        while self.peek().kind == "text" and len(parts) < 6:
            parts.append(self.peek().value)
            self.at += 1
        if self.peek().kind == "rel":
            if not may_name(parts):
                raise UnreadableError(f"`{parts[0]}` does not name a value")
            return Sym(" ".join(parts))
        name = parts[0]
        if len(parts) == 1 and name.endswith("分之"):  # 二分之√2
            below = number_in_words(name.removesuffix("分之"))
            if below is not None and below != ZERO:
                return quotient(self.signed(), below)
        if len(parts) == 1 and len(name) <= 3 and name.isascii() and name.lower() not in NAMED:
            return Mul(tuple(Sym(letter) for letter in name))  # roman letters
        raise UnreadableError(f"`{parts[0]}` is a word, not a value")

    def numeral(self, token: Token) -> Node:  # noqa: C901
        """A number, with the fraction, repeating digits or base that belong to it."""
        following = self.tokens[self.at]
        if following.kind == "op":
            if following.value == "." and self.peek(1).value in {"overline", "bar", "dot"}:
                self.at += 1
                return self.repeating(token.value)
            if following.value != "_":
                return number(token.value)
        if following.kind == "cmd":
            if following.value == "frac" and token.value.isdecimal():
                return self.mixed(number(token.value))
            if following.value in {"overline", "bar", "dot"} and "." in token.value:
                return self.repeating(token.value)
        elif following.kind == "num" and following.gap and token.value.isdecimal():
            top, bottom = following.value, self.peek(2).value
            if self.peek(1).value == "/" and top.isdecimal() and bottom.isdecimal():
                whole, part = number(token.value), quotient(number(top), number(bottom))
                if isinstance(whole, Num) and isinstance(part, Num) and 0 < part.value < 1:
                    self.at += 3
                    return Num(whole.value + part.value)
        elif (
            following.kind == "let"
            and not following.gap
            and following.value.isupper()
            and self.peek(1).value == "_"
        ):
            self.at += 2
            return based(token.value + following.value, self.label())
        return number(token.value)

    def mixed(self, whole: Node) -> Node:
        r"""`2\frac{1}{3}` and `2\frac{4}{3}` are sums; `2\frac{x}{3}` is a product."""
        self.at += 1
        part = self.command("frac")
        if isinstance(whole, Num) and isinstance(part, Num) and part.value > 0:
            return Num(whole.value + part.value)
        return Mul((whole, *(part.factors if isinstance(part, Mul) else (part,))))

    def repeating(self, start: str) -> Node:
        """A decimal whose last digits repeat."""
        accent = self.peek().value
        self.at += 1
        block = self.label()
        if accent == "dot":  # dots over the first and the last digit of the block
            middle = ""
            if self.peek().kind == "num" and self.peek(1).value == "dot":
                middle = self.peek().value
                self.at += 1
            if self.peek().value == "dot" and self.peek().kind == "cmd":
                self.at += 1
                block += middle + self.label()
        if self.peek().kind == "num":
            raise UnreadableError("a digit stands behind repeating digits")
        return repeating(start, block)

    def name(self, letter: str) -> Node:
        """A letter: a constant, a variable, or the name of a function applied."""
        if letter == "e":
            return Const("e")
        if letter == "i":
            return Const("i")
        if self.peek().value == "(" and self.peek().kind == "op" and self.is_call(letter):
            return Fn("call", (Sym(letter), *self.call_arguments()))
        if letter in _APPLIED:
            if self.peek().value == "{" and self.peek(1).value == "(":  # f{\left(x \right)}
                self.at += 1
                args = self.call_arguments()
                self.expect("}")
                return Fn("call", (Sym(letter), *args))
            primes = 0
            while self.peek(primes).value == "'" and primes < 4:
                primes += 1
            if primes and self.peek(primes).value == "(":
                self.at += primes
                return Fn("call", (Sym(letter + "'" * primes), *self.call_arguments()))
            if self.peek().value == "^" and [self.peek(k).value for k in range(1, 6)] == [
                "{", "-", "1", "}", "(",
            ]:  # fmt: skip
                self.at += 5
                return Fn("call", (Sym(letter + "^-1"), *self.call_arguments()))
        return Sym(letter)

    def is_call(self, letter: str) -> bool:
        """Whether `letter (` applies a function rather than multiplying."""
        if letter in _APPLIED:
            return True
        if [self.peek(k).value for k in range(3)] == ["(", "0", ")"]:
            return True  # P(0) is a value at 0; nobody writes a product with 0
        before = self.tokens[self.at - 2] if self.at > 1 else EOF_TOKEN
        if before.kind not in {"eof", "rel"} and before.value not in _ITEM_STARTS:
            return False
        depth = 0
        for ahead in range(24):
            token = self.peek(ahead)
            if token.kind == "eof":
                return False
            depth += (token.value == "(") - (token.value == ")")
            if depth == 0:
                return self.peek(ahead + 1).kind == "rel"
        return False

    def call_arguments(self) -> tuple[Node, ...]:
        """The arguments of a function applied, in parentheses."""
        inside = self.group("(")
        return inside.items if isinstance(inside, Group) else (inside,)
