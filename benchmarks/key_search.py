"""Search for one completion that scores on most rows, whatever their references.

Hill climbing from many starts: each round takes the best candidates, changes, joins, wraps and
nests them, and keeps those that open the most rows. Deterministic for a seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LONGEST = 300  # characters of a candidate

Openings = Callable[[Sequence[str]], list[int]]
"""How many rows each of some completions opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What candidates are made of.

    Attributes:
        seeds: whole candidates to start with.
        pieces: tokens that may be put in, taken out or exchanged.
        wraps: structures with `@` where a candidate goes.
        frame: what stands around a candidate in the completion, with `@` for it.
    """

    seeds: tuple[str, ...]
    pieces: tuple[str, ...]
    wraps: tuple[str, ...]
    frame: str = "@"


@dataclass(frozen=True, slots=True)
class Key:
    """A completion and how many rows it opened."""

    completion: str
    opened: int


def search(
    language: Language,
    openings: Openings,
    *,
    rounds: int,
    width: int,
    seed: int = 0,
) -> tuple[list[Key], int]:
    """The best keys found, best first, and how many candidates were tried."""
    chance = random.Random(seed)  # noqa: S311 - a search, not a secret
    known: dict[str, int] = {}
    pool = list(dict.fromkeys(language.seeds))
    for _ in range(rounds):
        fresh = [text for text in dict.fromkeys(pool) if text not in known]
        framed = [language.frame.replace("@", text) for text in fresh]
        known.update(zip(fresh, openings(framed), strict=True))
        # Ties are broken by the length: short keys are found by a policy first.
        best = sorted(known, key=lambda text: (-known[text], len(text), text))[:width]
        pool = [
            changed
            for _ in range(4 * width)
            if len(changed := _changed(chance.choice(best), best, language, chance)) <= _LONGEST
        ][: 2 * width]
    ranked = sorted(known, key=lambda text: (-known[text], len(text), text))
    keys = [Key(language.frame.replace("@", text), known[text]) for text in ranked[:10]]
    return keys, len(known)


def _changed(text: str, best: Sequence[str], language: Language, chance: random.Random) -> str:
    way = chance.randrange(6)
    piece = chance.choice(language.pieces)
    at = chance.randint(0, len(text))
    if way == 0:
        return text[:at] + piece + text[at:]
    if way == 1:
        return text[:at] + text[at + chance.randint(1, 4) :]
    if way == 2:
        return chance.choice(language.wraps).replace("@", text)
    if way == 3:
        return text + chance.choice(("", ", ", " ", "\n")) + chance.choice(best)
    if way == 4:
        return chance.choice(language.wraps).replace("@", piece)
    here = chance.choice(language.pieces)
    return text.replace(here, piece, 1) if here in text else text + piece
