"""Read what restricts an answer: `for any integer k`, `where k ∈ ℤ`, `if x > 0`."""

from __future__ import annotations

from rewards.answers.read.tokens import Token, UnreadableError
from rewards.answers.read.trailing import CONDITION_WORDS, TrailingReader
from rewards.answers.tree import CONTINUOUS, COUNTING, UNSAID, Fn, Named, Node, Pow, Relation, Sym
from rewards.answers.vocabulary import HEDGES, PARAMETER_WORDS

_CONDITION_KINDS = frozenset({"text", "let", "sym", "set"})
_CONDITION_VALUES = frozenset(
    {"in", ">", ">=", "<", "<=", "!=", "mathbb", "forall", "{", "}", "_", "^", "+", "0", "1", "."}
)
_PARAMETERS = frozenset({"t", "s", "k", "m", "n", "r", "u", "lambda", "mu"})
_COUNTING_WORDS = frozenset({"natural", "naturals", "nonnegative", "positive"})
_ORDERS = frozenset({"<", ">", "<=", ">="})
_EVERY = frozenset({"all", "any", "every", "each", "in", "forall"})  # a domain follows
_STRICT_OPENERS = frozenset({"if", "when", "如果", "当"})
_STOPS = frozenset({",", ";", "and", "or", ")", "]", "}}"})
_INTEGER_WORDS = frozenset({"integer", "integers", "z", "n", "整数", "natural", "whole"})
_INTEGER_SETS = frozenset({"integers", "naturals"})
_REAL_WORDS = frozenset({"real", "reals", "r", "实数", "任意实数"})
_PLAIN_LETTERS = {"Z": "integers", "N": "naturals", "R": "reals"}  # `k ∈ Z` in an upright font
# What may stand behind a parameter without a sign of multiplication and begin the answer itself.
_BEGINS_A_VALUE = frozenset({"pi", "^", "+", "-", "frac", "cdot", "times", "(", "sqrt"})
_PLAIN_WORDS = PARAMETER_WORDS | _INTEGER_WORDS  # where a variable lies: no restriction


class ConditionReader(TrailingReader):
    """Notes parameters, domains and restrictions while an answer is read."""

    __slots__ = ("building", "domains", "parameters", "restriction")

    def __init__(self, tokens: list[Token]) -> None:
        super().__init__(_with_comma(tokens))
        self.building = False  # whether the conditions of a set are being read
        self.parameters: list[str] = []
        self.domains: list[str] = []  # where variables lie, as far as signs of order say it
        self.restriction = ""  # the condition just read, if it restricts what is said

    def condition(self) -> bool:  # noqa: C901, PLR0912
        """Step over `for any integer k`, `where k ∈ ℤ`; note the integer parameters."""
        token = self.peek()
        opens = token.kind == "text" and token.value.lower() in CONDITION_WORDS
        opens = opens or (token.kind == "cmd" and token.value == "forall")
        if not opens:
            return False
        strict = token.value.lower() in _STRICT_OPENERS
        universal = token.value == "forall"
        start = self.at + 1
        letters: list[str] = []
        integer = False
        braces = 0
        # Up to where the condition ends; it may only say which letters run where.
        while True:
            token = self.peek()
            if token.kind == "op" and token.value in {"{", "}"}:
                braces += 1 if token.value == "{" else -1
            if token.kind == "eof" or braces < 0 or (token.kind == "op" and token.value in _STOPS):
                break
            if token.kind == "let" or (token.kind == "sym" and token.value != "inf"):
                letters.append(token.value)
            integer = integer or token.value.lower() in _INTEGER_WORDS
            if token.kind == "text" and token.value.lower() in HEDGES - {"if"}:
                raise UnreadableError("it is hedged")
            if token.kind not in _CONDITION_KINDS and token.value not in _CONDITION_VALUES:
                raise UnreadableError("a condition says more than where a variable lies")
            self.at += 1
        read = self.tokens[start : self.at]
        if not read:
            raise UnreadableError(f"nothing follows “{self.tokens[start - 1].value}”")
        # A domain (`for all n ≥ 1`) is noted, a restriction (`if x > 0`) is part of the answer.
        words = {token.value.lower() for token in read}
        domain = universal or (not strict and (words & _EVERY or _PARAMETERS.intersection(letters)))
        if any(
            (token.kind == "text" and token.value.lower() not in _PLAIN_WORDS)
            or (token.value in _ORDERS and not domain)
            or (token.kind == "num" and strict)
            for token in read
        ):
            self.restriction = " ".join(t.value for t in read if t.value not in {"{", "}"})
        elif domain and any(token.value in _ORDERS for token in read):
            signs = [t.value for t in read if t.kind != "text" and t.value not in {"{", "}"}]
            self.domains.append(" ".join(signs))
        if integer and (words & _COUNTING_WORDS or _names_naturals(read)):
            self.parameters.append(COUNTING)
        elif not integer and any(letter in _PARAMETERS for letter in letters):
            self.parameters.append(CONTINUOUS if words & _REAL_WORDS else UNSAID)
        # Integers and the customary letters are parameters: their names tell nothing.
        if integer or any(letter in _PARAMETERS for letter in letters):
            self.parameters += [
                letter
                for letter in letters
                if letter not in {"Z", "N", "R"} and (integer or letter in _PARAMETERS)
            ]
        return True

    def membership(self, node: Node) -> Node | None:
        """Note `k ∈ ℤ` as a parameter; it is not part of what is listed."""
        if (
            isinstance(node, Relation)
            and node.ops == ("in",)
            and not self.building
            and isinstance(node.sides[0], Sym)
            and _is_parameter(node.sides[0].name, node.sides[1])
            and (self.at > 4 or self.peek().value == ",")
            and (self.peek().kind == "eof" or self.peek().value in {",", ")", "}}", ";"})
            and not self.opens_with(node.sides[0].name)
        ):
            self.parameters.append(node.sides[0].name)
            self.parameters += _markers(node.sides[1])
            return None
        return node

    def opens_with(self, name: str) -> bool:
        r"""Whether the answer itself is about the letter (`n > 3, n ∈ ℤ`), not `k\pi, k ∈ ℤ`."""
        if self.tokens[0].value != name:
            return False
        return name not in _PARAMETERS or self.tokens[1].value not in _BEGINS_A_VALUE


def _names_naturals(read: list[Token]) -> bool:
    return any(
        one.value == "mathbb" and "N" in {other.value for other in read[at + 1 : at + 3]}
        for at, one in enumerate(read)
    )


def _with_comma(tokens: list[Token]) -> list[Token]:
    """`kπ (k ∈ ℤ)` as `kπ, k ∈ ℤ`: what closes an answer in parentheses is no factor of it."""
    end = len(tokens)
    while end and tokens[end - 1].kind == "eof":
        end -= 1
    if end < 6 or tokens[end - 1].value != ")":
        return tokens
    at = next((at for at in range(end - 2, 0, -1) if tokens[at].value in {"(", ")"}), 0)
    # At least a letter, the sign and a set stand in the parentheses.
    if not at or at + 4 >= end or tokens[at].value == ")" or tokens[at + 2].value != "in":
        return tokens
    name = tokens[at + 1].value
    if name not in _PARAMETERS or any(token.value == "," for token in tokens[at:end]):
        return tokens
    return [
        *tokens[:at],
        Token("op", ",", tokens[at].gap),
        *tokens[at + 1 : end - 1],
        *tokens[end:],
    ]


def _number_set(domain: Node) -> str:
    """The number set that a domain is, or a part of it, by name; "" for any other."""
    if isinstance(domain, Pow):
        domain = domain.base
    if isinstance(domain, Fn) and domain.name.startswith("mark"):
        domain = domain.args[0]
    if isinstance(domain, Sym):
        return _PLAIN_LETTERS.get(domain.name, "")
    return domain.name if isinstance(domain, Named) else ""


def _is_parameter(name: str, domain: Node) -> bool:
    """Whether `name ∈ domain` says that a parameter runs through a number set."""
    found = _number_set(domain)
    if isinstance(domain, Sym) and name not in _PARAMETERS:
        return False  # a set called Z
    return found in _INTEGER_SETS or (found == "reals" and name in _PARAMETERS)


def _markers(domain: Node) -> tuple[str, ...]:
    """What a family notes of the set that its parameter runs through; nothing for the integers."""
    found = _number_set(domain)
    partly = isinstance(domain, (Pow, Fn))  # the positive ones
    markers = (COUNTING,) if found == "naturals" or partly else ()
    return (*markers, CONTINUOUS) if found == "reals" else markers
