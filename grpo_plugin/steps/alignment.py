"""Which token wrote which character of a decoded completion.

Decoding is not concatenation: a byte-level tokenizer spreads one character over several tokens,
and a sentence-piece decoder drops the space at the front of whatever it is given. So the text is
put together from pieces, each attributed to the token that completed it, and the text and the
map are exact together by construction.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Decode = Callable[[Sequence[int]], str]
"""Token ids to text, special tokens left out, spaces untouched."""

_BROKEN = "\N{REPLACEMENT CHARACTER}"  # what a decoder writes for part of a character
_HELD_MAX = 64  # tokens; a character takes four, but a model may write broken ones for good


@dataclass(frozen=True)
class AlignedText:
    """A text and, for each of its tokens, the number of characters written up to its end.

    Attributes:
        text: the decoded text.
        ends: one count per token, never falling; the last equals `len(text)`.
    """

    text: str
    ends: tuple[int, ...]

    def token_at(self, end: int) -> int:
        """The token that wrote the last character of `text[:end]`, counted from 0.

        >>> AlignedText("ab  c", (1, 4, 4, 5)).token_at(2)
        1
        """
        return bisect_left(self.ends, end)


def align(ids: Sequence[int], decode: Decode) -> AlignedText:
    """Decode tokens and say which wrote what.

    Args:
        ids: tokens of one turn.
        decode: the tokenizer's decoding; called with parts of `ids`.
    """
    text = decode(ids)
    ends = _concatenated(ids, text, decode)
    if ends is not None:
        return AlignedText(text, tuple(ends))
    pieces = _incremental(ids, decode)
    total = 0
    ends = []
    for piece in pieces:
        total += len(piece)
        ends.append(total)
    return AlignedText("".join(pieces), tuple(ends))


def _concatenated(ids: Sequence[int], text: str, decode: Decode) -> list[int] | None:
    """Ends where the text is the tokens' own texts one after the other, else None.

    The quick way, a decoding per distinct token. Runs of tokens that decode to parts of
    characters are decoded together.
    """
    alone = {token: decode([token]) for token in set(ids)}
    ends: list[int] = []
    position = 0
    while len(ends) < len(ids):
        first = len(ends)
        last = first + 1
        pieces = [alone[ids[first]]]
        if _BROKEN in pieces[0]:
            while last < len(ids) and _BROKEN in alone[ids[last]]:
                last += 1
            pieces = _incremental(ids[first:last], decode)
        for piece in pieces:
            if not text.startswith(piece, position):
                return None
            position += len(piece)
            ends.append(position)
    return ends if position == len(text) else None


def _incremental(ids: Sequence[int], decode: Decode) -> list[str]:
    """What each token adds to the text of those before it; "" while a character is incomplete.

    Each decoding starts at the last token that added something, so that a decoder that treats the
    front of its input specially does so where nothing is read from it.
    """
    pieces: list[str] = []
    context, done = 0, 0  # decoding starts at `context`; tokens before `done` are written out
    for position in range(1, len(ids) + 1):
        known = decode(ids[context:done])
        longer = decode(ids[context:position])
        unfinished = longer.endswith(_BROKEN) and position - done < _HELD_MAX
        if position < len(ids) and (unfinished or len(longer) <= len(known)):
            pieces.append("")
            if position - done >= _HELD_MAX:  # special tokens only: they need no memory
                context, done = position - 1, position
            continue
        pieces.append(longer[len(known) :])
        context, done = done, position
    return pieces
