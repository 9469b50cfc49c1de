"""Read what stands in brackets: groups, sets, tuples, absolute values, matrices, systems."""

from __future__ import annotations

from rewards.answers.evaluate.matrices import determinant
from rewards.answers.read.cursor import Cursor
from rewards.answers.read.tokens import UnreadableError
from rewards.answers.tree import (
    Builder,
    Fn,
    Group,
    Matrix,
    Named,
    Node,
    Relation,
    Seq,
    SetOf,
    System,
)

_ALIGNED = frozenset({"aligned", "align", "gathered", "split", "gather"})
CLOSERS = {"(": (")", "]"), "[": ("]", ")"), "{{": ("}}",), "{": ("}",)}


class BracketReader(Cursor):
    """Adds brackets and environments."""

    __slots__ = ()

    def group(self, opening: str) -> Node:
        """Something in brackets: one item is itself, several are a tuple or a set."""
        self.at += 1
        self.deeper()
        outer_bars, self.bars = self.bars, False
        closers = CLOSERS[opening]
        if opening == "{{" and self.accept("}}"):
            self.bars, self.depth = outer_bars, self.depth - 1
            return Named("empty")
        if opening == "{{" and self.peek().kind == "begin":
            system = self.braced_rows()
            self.bars, self.depth = outer_bars, self.depth - 1
            return system
        node = self.chosen(self.items(opening), opening)
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
            relations = any(isinstance(item, Relation) for item in items)
            return SetOf(items) if many and not relations else node
        if isinstance(node, Seq) and node.joiner != "," and len(items) == 2 and opening == "(":
            return node  # (p or q) is a statement, no pair
        if many:
            return Group(opening, closing, items)
        if closing != closers[0]:
            raise UnreadableError(f"`{opening}` is closed by `{closing}`")
        return node

    def braced_rows(self) -> Node:
        r"""`\left\{\begin{array}…\end{array}\right.`: a system, its right brace shown or not."""
        name = self.peek().value
        self.at += 1
        node = self.environment(name)
        closed = self.accept("}}")
        if isinstance(node, Matrix) and all(isinstance(row[0], Relation) for row in node.rows):
            return System(tuple(row[0] if len(row) == 1 else Seq(row) for row in node.rows))
        return SetOf((node,)) if closed and not isinstance(node, System) else node

    def chosen(self, node: Node, opening: str) -> Node:
        r"""`10 \choose 3`: all of the group before the word, and all behind it."""
        if self.peek().kind == "cmd" and self.peek().value == "choose":
            self.at += 1
            return Fn("binom", (node, self.items(opening)))
        return node

    def items(self, opening: str) -> Node:  # noqa: ARG002
        """What stands between brackets; `statements` reads lists and relations here."""
        return self.sum()

    def absolute(self, bar: str) -> Node:
        """An absolute value, a norm or a determinant."""
        self.at += 1
        self.deeper()
        outer, self.bars = self.bars, True
        inside = self.sum()
        self.bars = outer
        if not (self.accept(bar) or (bar == "|" and self.accept("mid"))):
            raise UnreadableError("a `|` is not closed")
        self.depth -= 1
        if isinstance(inside, Matrix):
            return determinant(inside) or Fn("det", (inside,))
        return Fn("abs" if bar == "|" else "norm", (inside,))

    def environment(self, name: str) -> Node:  # noqa: C901, PLR0912
        """A matrix or a system of equations."""
        self.deeper()
        if name in _ALIGNED:
            self.drop_alignment()
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
        if name in _ALIGNED and len(filled) == 1 == len(filled[0]):
            return filled[0][0]
        if name in _ALIGNED or name == "cases":
            if any(len(row) > 2 for row in filled):
                raise UnreadableError("a definition by cases is not understood")
            return System(tuple(row[0] if len(row) == 1 else Seq(row) for row in filled))
        if len({len(row) for row in filled}) != 1:
            raise UnreadableError("the rows of a matrix differ in length")
        if name == "array" and all(isinstance(cell, Relation) for (cell, *_) in filled):
            return System(tuple(row[0] if len(row) == 1 else Seq(row) for row in filled))
        matrix = Matrix(filled)
        if name == "Vmatrix":
            return Fn("norm", (matrix,))
        if name == "vmatrix":
            return determinant(matrix) or Fn("det", (matrix,))
        return matrix

    def drop_alignment(self) -> None:
        """Take the `&` out of the environment that was just opened: they only align its rows."""
        end = self.at
        while self.tokens[end].kind not in {"begin", "end", "eof"}:
            end += 1
        inside = self.tokens[self.at : end]
        self.tokens[self.at : end] = [token for token in inside if token.value != "&"]

    def cell(self) -> Node:
        """One entry of an environment."""
        return self.sum()
