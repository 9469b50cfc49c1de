"""Walk over tokens: the bottom layer of the readers."""

from __future__ import annotations

from collections.abc import Sequence

from rewards.answers.read.tokens import Token, UnreadableError
from rewards.answers.tree import Node

MAX_DEPTH = 100
EOF_TOKEN = Token("eof", "", gap=True)


class Cursor:
    """Reads from a list of tokens, remembering where it is."""

    __slots__ = ("at", "bars", "depth", "tokens")

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = [*tokens, EOF_TOKEN]
        self.at = 0
        self.depth = 0
        self.bars = False  # whether a `|` closes what is being read

    def peek(self, ahead: int = 0) -> Token:
        """The token `ahead` of the current one."""
        try:
            return self.tokens[self.at + ahead]
        except IndexError:
            return EOF_TOKEN

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

    def deeper(self) -> None:
        """Note one more level of nesting.

        Raises:
            UnreadableError: beyond `MAX_DEPTH` levels.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError("it is nested too deeply")

    # What the layers above add; the layers below call them.

    def sum(self) -> Node:
        """Terms joined by + - ± ∓."""
        raise NotImplementedError

    def product(self) -> Node:
        """Factors joined by signs or standing side by side."""
        raise NotImplementedError

    def signed(self) -> Node:
        """A power that may carry signs."""
        raise NotImplementedError

    def power(self) -> Node:
        """A primary with what stands behind it."""
        raise NotImplementedError

    def raised(self, base: Node) -> Node:
        """What `base ^ …` means."""
        raise NotImplementedError

    def subscripted(self, base: Node) -> Node:
        """A name with its subscript, or a numeral with its base."""
        raise NotImplementedError

    def primary(self) -> Node:
        """A number, a name, a function applied, or something in brackets."""
        raise NotImplementedError

    def starts_factor(self, token: Token) -> bool:
        """Whether a token can begin a factor that stands beside another without a sign."""
        raise NotImplementedError
