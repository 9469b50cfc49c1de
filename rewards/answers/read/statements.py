"""Read a whole answer from tokens: lists, relations, sets, ratios, units, conditions.

`ExpressionReader` reads values; this class adds everything that stands around them.
"""

# ruff: noqa: SIM905 - word lists read better as text

from __future__ import annotations

from rewards.answers.evaluate.values import exact_or_none
from rewards.answers.read.conditions import ConditionReader
from rewards.answers.read.expressions import ROUGHLY
from rewards.answers.read.grouping import labelled_points, repeats_a_label
from rewards.answers.read.tokens import UnreadableError
from rewards.answers.read.trailing import MERELY
from rewards.answers.tree import (
    Builder,
    Family,
    Fn,
    Given,
    Group,
    Mul,
    Node,
    Num,
    Ratio,
    Relation,
    Seq,
    SetOperation,
    Sym,
    System,
    Text,
)
from rewards.answers.vocabulary import may_name

_SEPARATORS = frozenset({",", ";", "and", "or", "quad", "newrow"})
_CLOSING = frozenset({")", "]", "}}", "}", "."})
_STRONG = frozenset({";", "newrow"})
_SET_OPERATORS = frozenset({"cup", "cap", "setminus"})
_CASE_WORDS = frozenset({"if", "when", "for", "otherwise", "else", "where", "and"})
_FILLERS = frozenset({"value", "is", "the", "of"})
_LABELS = _FILLERS | frozenset(
    "maximum minimum max min largest smallest greatest least mean median mode range".split()
)
MAX_ITEMS = 20_000


class StatementReader(ConditionReader):
    """Reads an answer as a whole."""

    def whole(self) -> Node:
        """The whole text as one node.

        Raises:
            UnreadableError: if some of it is not understood.
        """
        node = self.chosen(self.items(""), "")
        while self.accept("."):
            pass
        rest = self.peek()
        if rest.kind != "eof":
            raise UnreadableError(f"`{rest.value}` is not understood where it stands")
        if self.domains and not isinstance(node, Given):
            node = Given(node, ", ".join(sorted(self.domains)), restricts=False)
        if self.parameters:
            node = Family(node, tuple(sorted(set(self.parameters))))
        return node

    # -- lists ------------------------------------------------------------------------------

    def items(self, opening: str) -> Node:  # noqa: C901
        """Items up to the closing bracket or the end; a single one is itself."""
        if opening == "{{":
            first = self.builder()
            if first is not None:
                return first
        elements: list[Node] = []
        separators: list[str] = []
        while True:
            approximate = elements and self.peek() in ROUGHLY
            self.at += 1 if approximate else 0
            element = self.item()
            if self.restriction and element is None and elements:
                elements[-1] = self.restricted(elements[-1])
            if approximate and element is not None:  # `√2, ≈ 1.414` says one thing
                elements[-1] = Relation((elements[-1], element), ("~",))
                element = None
            elif element is not None:
                elements.append(element)
            separator = self.separator()
            if not separator:
                break
            if self.peek().kind == "eof" or self.peek().value in _CLOSING:
                if separator in {"and", "or"}:
                    raise UnreadableError(f"nothing follows “{separator}”")
                break  # a trailing separator
            if element is not None:
                separators.append(separator)
            if len(elements) > MAX_ITEMS:
                raise UnreadableError(f"it lists more than {MAX_ITEMS:,} items")
        if not elements:
            raise UnreadableError("it holds no value")
        del separators[len(elements) - 1 :]
        return _nest(elements, separators)

    def separator(self) -> str:
        """Skip what separates two items; returns the strongest (`or` before `,`), or ""."""
        found = ""
        while True:
            token = self.peek()
            if token.kind == "op" and token.value in _SEPARATORS:
                if not found or found == "quad" or token.value in {";", "or"}:
                    found = token.value
                self.at += 1
            elif token.kind == "op" and token.value == ".":
                if self.peek(1).kind != "eof" and self.peek(1).value not in _CLOSING:
                    raise UnreadableError("it is more than one sentence")
                self.at += 1
            else:
                return found

    def builder(self) -> Node | None:
        """`{element | conditions}`, or `None` if this is not one."""
        if not self.bar_ahead():
            return None
        # a group that is read twice must find its tokens as they were: `\\frac12` splits its 12
        start, tokens = self.at, self.tokens.copy()
        bars, self.bars = self.bars, True
        element: Node | None = self.relation_chain()
        self.bars = bars
        if not (self.accept("|") or self.accept("mid") or self.accept(":")):
            self.at, self.tokens = start, tokens
            return None
        outer, self.building = self.building, True
        conditions = self.items("")
        self.building = outer
        together = isinstance(conditions, Seq) and conditions.joiner != "or"
        parts = conditions.items if together and isinstance(conditions, Seq) else (conditions,)
        return Builder(element, parts) if element is not None else None

    def bar_ahead(self) -> bool:
        """Whether a sign that may open conditions stands in the set that was just opened."""
        depth = 0
        for at in range(self.at, len(self.tokens)):
            value = self.tokens[at].value
            if value == "{{":
                depth += 1
            elif value == "}}":
                depth -= 1
                if depth < 0:
                    return False
            elif depth == 0 and value in {"|", "mid", ":"}:
                return True
        return False

    # -- one item ---------------------------------------------------------------------------

    def item(self) -> Node | None:
        """One item; `None` if it was only a condition on a parameter."""
        if self.peek().kind == "text" and self.peek().value.lower() in MERELY:
            self.at += 1
        if self.peek().kind == "text" and self.label_word():
            pass
        if self.peek().value == "from" and (span := self.span()) is not None:
            return span
        if self.condition():
            return None
        label = self.quantity_label()
        node: Node = self.relation_chain()
        if label and not isinstance(node, Relation):
            node = Relation((Sym(label), node), ("=",))
        if self.peek().value == ":" and self.peek().kind == "op":
            node = self.ratio(node)
        elif isinstance(node, Num) and self.peek().value == "to" and self.peek(1).kind == "num":
            self.at += 1
            node = Ratio((node, self.sum()))  # 3 to 4
        node = self.approximation(self.trailing(node))
        if self.condition() and self.restriction:
            node = self.restricted(node)
        return self.membership(node)

    def approximation(self, node: Node) -> Node:
        """The value, and in parentheses or behind its unit how large that is about."""
        bracketed = self.says_again()
        self.at += bracketed
        if self.peek() not in ROUGHLY or (isinstance(node, Relation) and not bracketed):
            return node
        self.at += 1
        self.accept(".")
        about = self.trailing(self.sum())
        if bracketed:
            self.expect(")")
        if isinstance(node, Relation):
            return Relation((*node.sides, about), (*node.ops, "~"))
        return Relation((node, about), ("~",))

    def restricted(self, node: Node) -> Node:
        """The node on the condition just read."""
        condition, self.restriction = self.restriction, ""
        return Given(node, condition)

    def quantity_label(self) -> str:
        """Step over `maximum` or `smallest value is` in front of a number: which one it is."""
        ahead, words = 0, [""]
        while self.peek(ahead).kind == "text" and self.peek(ahead).value.lower() in _LABELS:
            words.append(self.peek(ahead).value.lower())
            ahead += 1
        following = self.peek(ahead)
        if not ahead or not (following.kind == "num" or following.value in {"-", "frac", "sqrt"}):
            return ""
        self.at += ahead
        return next((word for word in words if word and word not in _FILLERS), "")

    def span(self) -> Node | None:
        """`from 1 to 5`, both ends with it."""
        start = self.at
        self.at += 1
        low = self.sum()
        if self.peek().value != "to" or self.peek().kind != "text":
            self.at = start
            return None
        self.at += 1
        return Group("[", "]", (low, self.sum()))

    def label_word(self) -> bool:
        """Step over `Minimum:`, a label in words in front of a value."""
        ahead = 0
        while self.peek(ahead).kind == "text" and ahead < 4:
            ahead += 1
        if not may_name([self.peek(at).value for at in range(ahead)]):
            return False
        if self.peek(ahead).value == ":" and self.peek(ahead + 1).kind != "eof":
            self.at += ahead + 1
            return True
        if self.peek(ahead).kind == "num" and self.peek(ahead + 1).value == ":":
            self.at += ahead + 2  # `Sequence 1:`
            return True
        return False

    def relation_chain(self) -> Node:
        """Sides joined by relation signs; a lone side is itself."""
        if self.peek() in ROUGHLY:
            self.at += 1  # "about 5" with a sign: 5 is what is said
            self.accept(".")
        elif self.at == 0 and self.peek().kind == "rel" and self.peek().value in {"=", "to"}:
            self.at += 1  # `= 5`: what stood before it is left to the question
        opens = self.peek().kind == "rel" and self.peek().value in {"<", ">", "<=", ">=", "!="}
        sides: list[Node] = [Sym("it") if opens else self.set_expression()]
        ops: list[str] = []
        while self.peek().kind == "rel":
            op = self.peek().value
            self.at += 1
            ops.append(op)
            sides.append(self.set_expression())
        if "==" in ops:
            sides = [_residue_class(side) for side in sides]
        return Relation(tuple(sides), tuple(ops)) if ops else sides[0]

    def set_expression(self) -> Node:
        r"""Sets joined by "cup", "cap", "setminus", or a plain expression."""
        node = self.sum()
        while self.peek().kind == "op" and self.peek().value in _SET_OPERATORS:
            op = self.peek().value
            self.at += 1
            right = self.sum()
            if isinstance(node, SetOperation) and node.op == op != "setminus":
                node = SetOperation(op, (*node.parts, right))
            else:
                node = SetOperation(op, (node, right))
        return node

    def ratio(self, first: Node) -> Node:
        """`a : b : c`, or a statement and, behind the colon, the same in other words."""
        named: tuple[Node, ...] = ()
        if isinstance(first, Relation) and set(first.ops) == {"="}:
            *names, first = first.sides  # `S : T = 7 : 32`, `the ratio = 7 : 32`
            named = tuple(names)
        if isinstance(first, Relation):
            self.at += 1
            return Ratio((first, self.relation_chain()))
        items: list[Node] = [first]
        while self.accept(":") and len(items) < 50:
            items.append(self.set_expression())
        ratio = Ratio(tuple(items))
        if named:
            return Relation((*named, ratio), ("=",) * len(named))
        if self.peek().kind == "rel" and self.peek().value == "=":
            self.at += 1
            right = self.relation_chain()
            return Relation((ratio, self.ratio(right)), ("=",))
        return ratio

    def cell(self) -> Node:
        """An entry of a matrix or a row of a system."""
        words: list[str] = []
        while self.peek().kind == "text" and self.peek().value.lower() in _CASE_WORDS:
            words.append(self.peek().value.lower())
            self.at += 1
        if words and (self.peek().kind == "end" or self.peek().value in {"newrow", "&", "."}):
            return Text(words[-1])
        node = self.relation_chain()
        if self.peek().kind == "text" and self.peek().value.lower() not in _CASE_WORDS:
            raise UnreadableError("words stand in a row")
        return node

    # -- what stands behind a value ---------------------------------------------------------


def _residue_class(side: Node) -> Node:
    """`3 mod 7` behind ≡ is a class, not the number 3; the modulus is part of it."""
    if isinstance(side, Mul) and isinstance(side.factors[-1], Fn) and len(side.factors) == 2:
        value, side = side.factors  # `3 (mod 7)`
        if isinstance(side, Fn) and side.name == "mod" and len(side.args) == 1:
            side = Fn("mod", (value, *side.args))
    if not (isinstance(side, Fn) and side.name == "mod" and len(side.args) == 2):
        return side
    value, modulus = side.args
    if exact_or_none(value) is not None and exact_or_none(modulus) is not None:
        reduced = exact_or_none(side)
        value = value if reduced is None else Num(reduced)
    return Fn("class", (value, modulus))


def _alternatives(elements: list[Node], separators: list[str]) -> Node:
    groups: list[list[Node]] = [[elements[0]]]
    for element, separator in zip(elements[1:], separators, strict=True):
        if separator == "or":
            groups.append([element])
        else:
            groups[-1].append(element)
    items: list[Node] = []
    for group in groups:
        if len(group) == 1:
            items.append(group[0])
        elif all(isinstance(element, Relation) for element in group):
            items.append(System(tuple(group)))
        else:
            items.append(Seq(tuple(group), "and"))
    return Seq(tuple(items), "or")


def _nest(elements: list[Node], separators: list[str]) -> Node:
    """Put elements between weak separators together where strong ones separate groups."""
    if len(elements) == 1:
        return elements[0]
    strong = [index for index, separator in enumerate(separators) if separator in _STRONG]
    if set(separators) == {"and", "or"}:  # "and" binds more tightly
        return _alternatives(elements, separators)
    relations = all(isinstance(element, Relation) for element in elements)
    if not strong and relations and "or" in separators and "," in separators:
        strong = [index for index, separator in enumerate(separators) if separator == "or"]
        if repeats_a_label(elements, strong):
            strong = []
    if not strong and (points := labelled_points(elements)) is not None:
        return Seq(tuple(points))
    if not strong or len(strong) == len(separators):
        joiner = next((word for word in ("or", "and") if word in separators), ",")
        return Seq(tuple(elements), joiner)
    groups: list[Node] = []
    start = 0
    for cut in [*strong, len(elements) - 1]:
        group = elements[start : cut + 1]
        if all(isinstance(element, Relation) for element in group) and len(group) > 1:
            groups.append(System(tuple(group)))
        else:
            groups.append(group[0] if len(group) == 1 else Seq(tuple(group)))
        start = cut + 1
    return Seq(tuple(groups))
