"""Read one mathematical expression from tokens, by recursive descent.

`sum` → `product` → `power` → `primary`. Brackets call `items`, which `statements` overrides with
relations and lists. Depth is bounded, so is the depth of the tree that comes out.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from rewards.answers.matrices import determinant
from rewards.answers.tokens import Token, UnreadableError
from rewards.answers.tree import (
    INFINITY,
    MINUS_ONE,
    Add,
    Based,
    BigOp,
    Builder,
    Const,
    Degree,
    Digits,
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
    Seq,
    SetOf,
    Sym,
    System,
    Unit,
    children,
    negative,
    quotient,
    rebuild,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DEPTH = 100
MAX_DIGITS = 4000
MAX_EXPONENT = 20_000

_EOF = Token("eof", "", gap=True)
_NUMBER_SETS = {"R": "reals", "Z": "integers", "N": "naturals", "Q": "rationals", "C": "complexes"}
_ACCENTS = frozenset(
    "overline bar vec hat tilde dot ddot widehat widetilde overrightarrow overleftarrow "
    "underline check acute grave breve mathring overleftrightarrow mathcal mathscr mathfrak "
    "stackrel overset underset textcircled wideparen overparen".split()
)
_PREFIXES = frozenset("angle measuredangle triangle odot Delta square".split())
_FACTOR_OPS = frozenset({"(", "[", "{", "lfloor", "lceil"})
_FACTOR_COMMANDS = _ACCENTS | _PREFIXES | {"frac", "sum", "prod", "int", "lim", "mathbb"}
_FACTOR_KINDS = frozenset({"let", "sym", "fn", "begin"})
_INVERSE = {
    "sin": "arcsin", "cos": "arccos", "tan": "arctan", "cot": "arccot", "sec": "arcsec",
    "csc": "arccsc", "sinh": "arsinh", "cosh": "arcosh", "tanh": "artanh",
}  # fmt: skip
_PRIME_MARKS = frozenset({"'", "^", "{", "}"})
_APPLIED = frozenset("fghFGH")
_ITEM_STARTS = frozenset({",", ";", "(", "{{", "{", "[", "and", "or", "quad"})
_CLOSERS = {"(": (")", "]"), "[": ("]", ")"), "{{": ("}}",), "{": ("}",)}


def number(text: str, *, negative: bool = False) -> Node:
    """The rational a literal denotes; `Digits` if it is too long for arithmetic."""
    mantissa, _, exponent = text.partition("e") if "e" in text else (text, "", "")
    whole, _, decimals = mantissa.partition(".")
    power = int(exponent) if exponent else 0
    if len(mantissa) > MAX_DIGITS or abs(power) > MAX_EXPONENT:
        if exponent:
            raise UnreadableError("its exponent is too large to write out")
        decimals = decimals.rstrip("0")
        return Digits((whole.lstrip("0") or "0") + ("." + decimals if decimals else ""))
    scale = power - len(decimals)
    value = int(whole + decimals)
    if negative:
        value = -value
    if scale >= 0:
        return Num(Fraction(value * 10**scale if scale else value))
    return Num(Fraction(value, 10**-scale), decimals=None if exponent else len(decimals))


class ExpressionReader:
    """Reads from a list of tokens, remembering where it is."""

    __slots__ = ("at", "bars", "depth", "tokens")

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = [*tokens, _EOF]
        self.at = 0
        self.depth = 0
        self.bars = False  # whether a `|` closes what is being read

    # -- moving -----------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> Token:
        """The token `ahead` of the current one."""
        try:
            return self.tokens[self.at + ahead]
        except IndexError:
            return _EOF

    def accept(self, value: str) -> bool:
        """Step over an operator if it is next."""
        token = self.tokens[self.at]
        if token.value == value and token.kind == "op":
            self.at += 1
            return True
        return False

    def expect(self, value: str) -> None:
        """Step over an operator that must be next."""
        if not self.accept(value):
            found = self.peek().value or "the end"
            raise UnreadableError(f"`{value}` is missing before `{found}`")

    # -- sums and products ------------------------------------------------------------------

    def sum(self) -> Node:  # noqa: C901
        """Terms joined by + - ± ∓."""
        terms: list[Node] = []
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
            token = self.tokens[self.at]
            if token.kind != "op" or token.value not in {"+", "-", "pm", "mp"}:
                break
        return terms[0] if len(terms) == 1 else Add(tuple(terms))

    def product(self) -> Node:
        """Factors joined by · / mod or by standing side by side."""
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
            elif token.kind == "op" and token.value == "mod":
                self.at += 1
                modulus = self.signed()
                left = factors[0] if len(factors) == 1 else Mul(tuple(factors))
                factors = [Fn("mod", (left, modulus))]
            elif self.starts_factor(token):
                factors.append(self.power())
            else:
                break
        return factors[0] if len(factors) == 1 else Mul(tuple(factors))

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

    # -- powers and what stands behind a factor ---------------------------------------------

    def power(self) -> Node:  # noqa: C901
        """A primary with subscripts, powers, factorials, primes, percent and degree signs."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("it is nested too deeply")
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
        if isinstance(base, Sym):
            return Sym(f"{base.name}_{label}")
        if isinstance(base, Const):
            return Sym(f"{base.name}_{label}")
        if isinstance(base, Num) and label.isdigit() and base.value.denominator == 1:
            return based(str(base.value.numerator), label)
        if isinstance(base, Named):
            return base
        if isinstance(base, (Fn, Group, Matrix, Pow)):
            return Fn("at", (base, Sym(label)))
        raise UnreadableError("a subscript stands behind something that is not a name")

    def label(self) -> str:
        """The text of a subscript, as it stands."""
        token = self.peek()
        if token.kind == "eof":
            raise UnreadableError("a subscript is missing")
        self.at += 1
        if token.value != "{":
            return token.value
        depth = 1
        parts: list[str] = []
        while depth:
            token = self.peek()
            if token.kind == "eof":
                raise UnreadableError("a subscript is not closed")
            self.at += 1
            depth += (token.value == "{") - (token.value == "}")
            if depth and len(parts) < 40:
                parts.append(token.value)
        return "".join(part for part in parts if part not in {"{", "}"})

    def argument(self) -> Node:
        """The argument of a command or the exponent of a power: a group or one thing."""
        token = self.peek()
        if token.kind == "op" and token.value == "{":
            return self.group("{")
        if token.kind == "op" and token.value in {"-", "+"}:
            self.at += 1
            value = self.argument()
            return negative(value) if token.value == "-" else value
        if token.kind == "num":
            self.at += 1
            return number(token.value)
        node = self.nested_primary()
        if self.peek().value == "^" and self.peek().kind == "op":
            self.at += 1
            return self.raised(node)
        return node

    def digit_argument(self) -> Node:
        r"""Like `argument`, but a bare number gives one digit only, as in `\frac12`."""
        token = self.peek()
        if token.kind != "num":
            return self.argument() if token.value != "-" else self.signed()
        digit, rest = token.value[0], token.value[1:]
        if not rest or "." in rest or not digit.isdigit():
            self.tokens[self.at] = Token("num", token.value, gap=False)
            value = self.argument()
            self.tokens[self.at - 1] = Token("op", "}", gap=False)  # a number may follow
            return value
        self.tokens[self.at] = Token("num", rest, gap=False)
        return number(digit)

    def nested_primary(self) -> Node:
        """A primary with its subscripts only."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("it is nested too deeply")
        node = self.primary()
        while self.peek().value == "_" and self.peek().kind == "op":
            self.at += 1
            node = self.subscripted(node)
        self.depth -= 1
        return node

    # -- primaries --------------------------------------------------------------------------

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
            if value in _CLOSERS:
                return self.group(value)
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

    def word(self) -> Node:
        """A word where a value should be: a name if a relation follows, else prose."""
        parts: list[str] = []
        while self.peek().kind == "text" and len(parts) < 6:
            parts.append(self.peek().value)
            self.at += 1
        if self.peek().kind == "rel":
            return Sym(" ".join(parts))
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
            if following.value == "frac" and token.value.isdigit():
                return self.mixed(number(token.value))
            if following.value in {"overline", "bar", "dot"} and "." in token.value:
                return self.repeating(token.value)
        elif following.kind == "num" and following.gap and token.value.isdigit():
            top, bottom = following.value, self.peek(2).value
            if self.peek(1).value == "/" and top.isdigit() and bottom.isdigit():
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
        r"""`2\frac{1}{3}` is 2 + 1/3; `2\frac{x}{3}` and `2\frac{5}{3}` are products."""
        self.at += 1
        part = self.command("frac")
        if isinstance(whole, Num) and isinstance(part, Num) and 0 < part.value < 1:
            return Num(whole.value + part.value)
        return Mul((whole, *(part.factors if isinstance(part, Mul) else (part,))))

    def repeating(self, start: str) -> Node:
        """A decimal whose last digits repeat."""
        whole, _, fixed = start.partition(".")
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
        if not (block.isdigit() and len(block) < 60 and len(start) < 60):
            raise UnreadableError("the repeating digits cannot be read")
        shift = 10 ** len(fixed)
        part = Fraction(int(block), (10 ** len(block) - 1) * shift)
        return Num(Fraction(int(whole + fixed or "0"), shift) + part)

    def name(self, letter: str) -> Node:
        """A letter: a constant, a variable, or the name of a function applied."""
        if letter == "e":
            return Const("e")
        if letter == "i":
            return Const("i")
        if self.peek().value == "(" and self.peek().kind == "op" and self.is_call(letter):
            return Fn("call", (Sym(letter), *self.call_arguments()))
        if letter in _APPLIED:
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
        before = self.tokens[self.at - 2] if self.at > 1 else _EOF
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

    # -- functions --------------------------------------------------------------------------

    def function(self, name: str) -> Node:  # noqa: C901
        """A function applied to what follows."""
        if name == "sqrt":
            return self.root()
        if name == "cbrt":
            return Fn("root", (Num(Fraction(3)), self.radicand()))
        if name == "binom":
            top = self.digit_argument()
            return Fn("binom", (top, self.digit_argument()))
        base: Node | None = None
        exponent: Node | None = None
        for _ in range(2):
            if self.peek().value == "_" and self.peek().kind == "op":
                self.at += 1
                base = self.argument()
            elif self.peek().value == "^" and self.peek().kind == "op":
                self.at += 1
                exponent = self.argument()
        if exponent == MINUS_ONE and name in _INVERSE:
            name, exponent = _INVERSE[name], None
        args = self.function_arguments()
        if name == "lg":
            name, base = "log", Num(Fraction(10))
        if name == "exp":
            node: Node = Pow(Const("e"), args[0])
        elif name == "log" and base is not None:
            node = Fn("logb", (base, args[0]))
        elif base is not None:
            raise UnreadableError(f"a subscript of `{name}` is not understood")
        else:
            node = Fn(name, args)
        return Pow(node, exponent) if exponent is not None else node

    def function_arguments(self) -> tuple[Node, ...]:
        """What a function is applied to, in brackets or without."""
        token = self.peek()
        if token.kind == "op" and token.value in {"(", "[", "{", "{{"}:
            inside = self.group(token.value)
            if isinstance(inside, (Group, SetOf)):
                return inside.items
            return (inside,)
        sign = 1
        while self.peek().value in {"-", "+"} and self.peek().kind == "op":
            sign = -sign if self.peek().value == "-" else sign
            self.at += 1
        token = self.peek()
        first = self.power()
        factors = [first]
        alone = token.kind == "fn" or (token.kind == "op" and token.value != "{")
        while not alone:
            token = self.peek()
            if token.kind == "fn" and token.value != "sqrt":
                break
            if token.kind == "op" and token.value == "/" and self.constant_quotient(factors):
                self.at += 1
                factors.append(Pow(self.power(), MINUS_ONE))
                continue
            if not self.starts_factor(token) or token.value == "|":
                break
            if token.kind == "op" and not isinstance(factors[-1], Num):
                break
            factors.append(self.power())
        node = factors[0] if len(factors) == 1 else Mul(tuple(factors))
        return (negative(node) if sign < 0 else node,)

    def constant_quotient(self, factors: list[Node]) -> bool:
        r"""`\cos \pi / 3` is cos(π/3), `\cos x / 3` is (cos x)/3."""
        return self.peek(1).kind == "num" and all(
            isinstance(factor, (Num, Const)) for factor in factors
        )

    def root(self) -> Node:
        """What stands behind a root sign, with the index of the root."""
        degree: Node | None = None
        if self.peek().value == "[" and self.peek().kind == "op":
            self.at += 1
            degree = self.sum()
            self.expect("]")
        radicand = self.radicand()
        return Fn("sqrt", (radicand,)) if degree is None else Fn("root", (degree, radicand))

    def radicand(self) -> Node:
        """What stands under a root."""
        token = self.peek()
        if token.kind == "op" and token.value in {"{", "("}:
            return self.group(token.value)
        return self.argument()

    # -- commands ---------------------------------------------------------------------------

    def command(self, name: str) -> Node:
        """A LaTeX command with its arguments."""
        if name == "frac":
            top = self.digit_argument()
            return quotient(top, self.digit_argument())
        if name in {"sum", "prod", "int", "lim"}:
            return self.big_operator(name)
        if name == "mathbb":
            letter = self.label()
            return Named(_NUMBER_SETS[letter]) if letter in _NUMBER_SETS else Sym(f"bb {letter}")
        if name in _ACCENTS:
            return Sym(f"{name} {self.label()}")
        if name in _PREFIXES:
            letters = ""
            while self.peek().kind == "let" and len(letters) < 6:
                letters += self.peek().value
                self.at += 1
            if letters:
                return Sym(f"{name} {letters}")
        raise UnreadableError(f"the command `\\{name}` is not understood")

    def big_operator(self, name: str) -> Node:
        r"""`\sum_{k=1}^{n} …`, `\prod`, `\int`, `\lim`."""
        low: Node = Sym("")
        high: Node = Sym("")
        var = ""
        for _ in range(2):
            if self.accept("_"):
                if name in {"sum", "prod"}:
                    self.expect("{")
                    var_token = self.peek()
                    if var_token.kind not in {"let", "sym"}:
                        raise UnreadableError("the index of a sum is missing")
                    self.at += 1
                    var = var_token.value
                    if self.peek().value != "=":
                        raise UnreadableError("the lower bound of a sum is missing")
                    self.at += 1
                    low = self.sum()
                    self.expect("}")
                else:
                    low = Sym(self.label()) if name == "lim" else self.argument()
            elif self.accept("^"):
                high = self.argument()
        body = self.product()
        if name == "int":
            return BigOp("int", var, low, high, body)
        if var == "i":  # the index, not the imaginary unit
            body = _rename_unit(body)
        return BigOp(name, var, low, high, body)

    # -- brackets ---------------------------------------------------------------------------

    def group(self, opening: str) -> Node:
        """Something in brackets: one item is itself, several are a tuple or a set."""
        self.at += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("it is nested too deeply")
        outer_bars, self.bars = self.bars, False
        closers = _CLOSERS[opening]
        if opening == "{{" and self.accept("}}"):
            self.bars, self.depth = outer_bars, self.depth - 1
            return Named("empty")
        node = self.items(opening)
        self.bars = outer_bars
        closing = self.peek().value
        if self.peek().kind != "op" or closing not in closers:
            raise UnreadableError(f"`{opening[0]}` is not closed")
        self.at += 1
        self.depth -= 1
        many = isinstance(node, Seq)
        items = node.items if isinstance(node, Seq) else (node,)
        if opening == "{{":
            return node if not many and isinstance(node, Builder) else SetOf(items)
        if opening == "{":
            return SetOf(items) if many else node
        if many:
            return Group(opening, closing, items)
        if closing != closers[0]:
            raise UnreadableError(f"`{opening}` is closed by `{closing}`")
        return node

    def items(self, opening: str) -> Node:  # noqa: ARG002
        """What stands between brackets; `statements` reads lists and relations here."""
        return self.sum()

    def absolute(self, bar: str) -> Node:
        """An absolute value, a norm or a determinant."""
        self.at += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("it is nested too deeply")
        outer, self.bars = self.bars, True
        inside = self.sum()
        self.bars = outer
        if not (self.accept(bar) or (bar == "|" and self.accept("mid"))):
            raise UnreadableError("a `|` is not closed")
        self.depth -= 1
        if isinstance(inside, Matrix):
            return determinant(inside) or Fn("det", (inside,))
        return Fn("abs" if bar == "|" else "norm", (inside,))

    def environment(self, name: str) -> Node:
        """A matrix or a system of equations."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("it is nested too deeply")
        rows: list[list[Node]] = [[]]
        while self.peek().kind != "end":
            token = self.peek()
            if token.kind == "eof":
                raise UnreadableError(f"the environment `{name}` is not closed")
            if token.kind == "op" and token.value == "newrow":
                self.at += 1
                rows.append([])
            elif token.kind == "op" and token.value in {"&", ",", "."}:
                self.at += 1
            else:
                rows[-1].append(self.cell())
        self.at += 1
        self.depth -= 1
        filled = tuple(tuple(row) for row in rows if row)
        if not filled:
            raise UnreadableError(f"the environment `{name}` is empty")
        if name in {"cases", "aligned", "align", "gathered", "split", "gather"}:
            if any(len(row) != 1 for row in filled):
                raise UnreadableError("a definition by cases is not understood")
            return System(tuple(row[0] for row in filled))
        if len({len(row) for row in filled}) != 1:
            raise UnreadableError("the rows of a matrix differ in length")
        matrix = Matrix(filled)
        if name == "vmatrix":
            return determinant(matrix) or Fn("det", (matrix,))
        return matrix

    def cell(self) -> Node:
        """One entry of an environment."""
        return self.sum()


def based(digits: str, base: str) -> Node:
    """A numeral in a base between 2 and 36; base 10 is plain."""
    radix = int(base) if base.isdigit() and len(base) < 3 else 0
    if not 2 <= radix <= 36 or len(digits) > MAX_DIGITS:
        raise UnreadableError(f"{base} is not the base of a numeral")
    if radix == 10 and digits.isdigit():
        return Num(Fraction(int(digits)))
    return Based(digits.lstrip("0") or "0", radix)


def _rename_unit(node: Node) -> Node:

    if node == Const("i"):
        return Sym("i")
    below = children(node)
    return rebuild(node, tuple(_rename_unit(child) for child in below)) if below else node
