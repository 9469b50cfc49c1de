"""Sums with `…` inside: `a_1 + a_2 + ⋯ + a_n` is `a_n + ⋯ + a_1` and `a_1 + ⋯ + a_n`.

The terms in front of the dots must count up or down one by one towards the last term, so that both
ends say all there is to say; what does not count so is left as it stands.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rewards.answers.tree import Add, Node, Num, Sym
from rewards.answers.walk import children, rebuild

_DOTS = Sym("dots")
_INDEX = re.compile(r"([A-Za-z]?)([+-]?\d+)?")


class _Place(NamedTuple):
    """A counted term: what is counted, the letter in its index, and the number added to that."""

    name: str
    letter: str
    offset: int


def without_dots(node: Node) -> Node:
    """Each sum that counts from one end to the other as a name of its two ends."""
    below = children(node)
    if not below:
        return node
    node = rebuild(node, tuple(without_dots(child) for child in below))
    if isinstance(node, Add) and node.terms.count(_DOTS) == 1:
        return _counted(node)
    return node


def _counted(node: Add) -> Node:
    at = node.terms.index(_DOTS)
    before, behind = node.terms[:at], node.terms[at + 1 :]
    last = _place(behind[0]) if behind else None
    places = [_place(term) for term in reversed(before)]
    if last is None or not places or places[0] is None or places[0].name != last.name:
        return node
    run = [places[0]]
    step = 0
    for place in places[1:]:
        nearer = run[-1]
        if place is None or (place.name, place.letter) != (nearer.name, nearer.letter):
            break
        change = nearer.offset - place.offset
        if abs(change) != 1 or (step and change != step):
            return node  # 1 + 3 + ⋯: it counts otherwise
        step = change
        run.append(place)
    ends = sorted([run[-1], last])
    name = Sym(f"⟨{ends[0]}…{ends[1]}⟩")
    if run[-1].letter == last.letter and (last.offset - run[-1].offset) * (step or 1) <= 0:
        return node  # it counts away from its end
    rest = (*before[: len(before) - len(run)], name, *behind[1:])
    return rest[0] if len(rest) == 1 else Add(rest)


def _place(term: Node) -> _Place | None:
    """Which place in a count a term has: `a_{k-1}`, `3`, `n`."""
    if isinstance(term, Num) and term.value.denominator == 1:
        return _Place("", "", int(term.value))
    if isinstance(term, Add) and len(term.terms) == 2:  # (n - 1)
        letter, number = (_place(part) for part in term.terms)
        if letter and number and letter.letter and not (letter.name or number.letter):
            return _Place("", letter.letter, letter.offset + number.offset)
    if not isinstance(term, Sym):
        return None
    name, underscore, label = term.name.partition("_")
    if not underscore:
        return _Place("", term.name, 0) if len(term.name) == 1 else None
    index = _INDEX.fullmatch(label)
    if index is None or not label:
        return None
    return _Place(name, index[1], int(index[2] or 0))
