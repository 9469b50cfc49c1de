# ruff: noqa: SIM905 - word lists read better as text
r"""Read functions and commands with their arguments: `\sin^2 x`, `\frac12`, `\sum_{k=1}^n k`."""

from __future__ import annotations

from fractions import Fraction

from rewards.answers.construct import MINUS_ONE, negative, quotient
from rewards.answers.read.brackets import BracketReader
from rewards.answers.read.code_names import CODE_NAMES, MATRICES, code_call, code_matrix
from rewards.answers.read.literals import number
from rewards.answers.read.tokens import Token, UnreadableError
from rewards.answers.show import show
from rewards.answers.tree import BigOp, Const, Fn, Group, Mul, Named, Node, Num, Pow, SetOf, Sym
from rewards.answers.walk import children, rebuild

_NUMBER_SETS = {"R": "reals", "Z": "integers", "N": "naturals", "Q": "rationals", "C": "complexes"}
ACCENTS = frozenset(
    "overline bar vec hat tilde dot ddot widehat widetilde overrightarrow overleftarrow "
    "underline check acute grave breve mathring overleftrightarrow mathcal mathscr mathfrak "
    "stackrel overset underset textcircled wideparen overparen".split()
)
PREFIXES = frozenset("angle measuredangle triangle odot Delta square".split())
_SAME_ACCENTS = {
    "overrightarrow": "vec", "bar": "overline", "widehat": "hat", "widetilde": "tilde",
}  # fmt: skip
_DOTLESS = {"imath": "i", "jmath": "j"}
_INVERSE = {
    "sin": "arcsin", "cos": "arccos", "tan": "arctan", "cot": "arccot", "sec": "arcsec",
    "csc": "arccsc", "sinh": "arsinh", "cosh": "arcosh", "tanh": "artanh",
}  # fmt: skip

_RECIPROCAL = {"arsech": "arcosh", "arcsch": "arsinh", "arcoth": "artanh"}  # of 1/x


class ApplicationReader(BracketReader):
    """Adds functions, commands and their arguments."""

    __slots__ = ()

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
            self.deeper()
            node = self.raised(node)
            self.depth -= 1
        return node

    def digit_argument(self) -> Node:
        r"""Like `argument`, but a bare number gives one digit only, as in `\frac12`."""
        token = self.peek()
        if token.kind != "num":
            return self.argument() if token.value != "-" else self.signed()
        digit, rest = token.value[0], token.value[1:]
        if not rest or not token.value.isdecimal():
            self.tokens[self.at] = Token("num", token.value, gap=False)
            value = self.argument()
            self.tokens[self.at - 1] = Token("op", "}", gap=False)  # a number may follow
            return value
        self.tokens[self.at] = Token("num", rest, gap=False)
        return number(digit)

    def nested_primary(self) -> Node:
        """A primary with its subscripts only."""
        self.deeper()
        node = self.primary()
        while self.peek().value == "_" and self.peek().kind == "op":
            self.at += 1
            node = self.subscripted(node)
        self.depth -= 1
        return node

    def function(self, name: str) -> Node:  # noqa: C901, PLR0912
        """A function applied to what follows."""
        if self.peek().kind == "rel" and name in {"max", "min"}:
            return Sym(name)  # max = 3, min = 1
        if name == "sqrt":
            return self.root()
        if name == "cbrt":
            return Fn("root", (Num(Fraction(3)), self.radicand()))
        if name == "binom":
            top = self.digit_argument()
            return Fn("binom", (top, self.digit_argument()))
        if name in CODE_NAMES:
            return self.code(name)
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
        if name in {"log", "ln"} and len(args) == 2 and base is None:  # log(x, 2), log(x, E)
            name, base = "log", Const("e") if args[1] == Sym("E") else args[1]
        if name in _RECIPROCAL:
            name, args = _RECIPROCAL[name], (Pow(args[0], MINUS_ONE),)
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

    def code(self, name: str) -> Node:
        """A name of computer algebra with its arguments; `cis` takes one without brackets too."""
        if self.peek().value != "(" and name == "cis":
            return code_call(name, self.function_arguments())
        row = name in MATRICES and self.holds_one_row()
        inside = self.group("(")
        if name in MATRICES:
            return code_matrix(inside, row=row)
        many = isinstance(inside, Group) and inside.opening == "("
        return code_call(name, inside.items if many and isinstance(inside, Group) else (inside,))

    def holds_one_row(self) -> bool:
        """Whether `([[…]])` is next, with one list inside the list: a matrix of one row."""
        depth = lists = 0
        for token in self.tokens[self.at :]:
            depth += (token.value in {"(", "["}) - (token.value in {")", "]"})
            lists += token.value == "[" and depth == 3
            if not depth:
                break
        return lists == 1

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

    def command(self, name: str) -> Node:
        """A LaTeX command with its arguments."""
        if name == "frac":
            top = self.digit_argument()
            bottom = self.digit_argument()
            return _derivative(top, bottom) or quotient(top, bottom)
        if name in {"sum", "prod", "int", "lim"}:
            return self.big_operator(name)
        if name == "mathbb":
            letter = self.label()
            return Named(_NUMBER_SETS[letter]) if letter in _NUMBER_SETS else Sym(f"bb {letter}")
        if name in ACCENTS:
            label = self.label()
            return Sym(f"{_SAME_ACCENTS.get(name, name)} {_DOTLESS.get(label, label)}")
        if name in PREFIXES:
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
                    braced = self.peek().value == "{"
                    low = (
                        Sym(self.label())
                        if name == "lim"
                        else (self.argument() if braced else self.primary())
                    )
            elif self.accept("^"):
                high = self.argument() if self.peek().value == "{" else self.primary()
        body = self.product()
        if name == "int":
            return BigOp("int", var, low, high, body)
        if var == "i":  # the index, not the imaginary unit
            body = _rename_unit(body)
        return BigOp(name, var, low, high, body)


_DIFFERENTIALS = frozenset({"d", "partial"})


def _derivative(top: Node, bottom: Node) -> Node | None:
    """`dy/dx` is a name, not y/x; `d/dx` stays unevaluated."""
    parts = [side.factors[0] if isinstance(side, Mul) else side for side in (top, bottom)]
    bases = [part.base if isinstance(part, Pow) else part for part in parts]
    if not isinstance(bottom, (Mul, Sym)) or not isinstance(bases[0], Sym) or bases[0] != bases[1]:
        return None
    if bases[0].name not in _DIFFERENTIALS or bottom == bases[1]:
        return None
    written = quotient(top, bottom)
    return Sym(f"({show(written)})") if isinstance(top, Mul) else Fn("at", (written,))


def _rename_unit(node: Node) -> Node:

    if node == Const("i"):
        return Sym("i")
    below = children(node)
    return rebuild(node, tuple(_rename_unit(child) for child in below)) if below else node
