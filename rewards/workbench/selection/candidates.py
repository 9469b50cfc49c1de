"""Which verified completions of one prompt are kept."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from rewards.workbench.selection.overlap import Sketch, overlap


class Prefer(str, Enum):
    """Which completions of a prompt are kept when there are more than the cap.

    `FIRST` takes them as they come, so that the lengths stay as the model had them. `SHORTEST`
    takes the shortest ones. `DIVERSE` takes the first one, and then again and again the one whose
    greatest overlap with those taken is the least (farthest-first traversal, Gonzalez 1985). The
    earlier row wins a tie.
    """

    SHORTEST = "shortest"
    FIRST = "first"
    DIVERSE = "diverse"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A verified completion, without its text.

    Attributes:
        row: its row's place in the input, from 0.
        fingerprint: equal for equal completions.
        length: in whatever unit; asked for by `Prefer.SHORTEST` only.
        sketch: asked for by `Prefer.DIVERSE` only.
    """

    row: int
    fingerprint: bytes
    length: int = 0
    sketch: Sketch[int] | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The candidates of one prompt, counted by what was done with them; each once.

    Attributes:
        rows: the kept ones, rising.
        duplicates: how many others are copies of a kept one.
        over_cap: how many others there are.
    """

    rows: tuple[int, ...]
    duplicates: int
    over_cap: int


@dataclass(slots=True)
class PromptCandidates:
    """The candidates of one prompt, added in the order of their rows.

    Under a cap no more than that many are held, except for `Prefer.DIVERSE`, which needs all that
    differ.

    >>> held = PromptCandidates(cap=1, prefer=Prefer.SHORTEST)
    >>> for row, text in enumerate(("long", "tiny", "it", "it")):
    ...     held.add(Candidate(row, text.encode(), length=len(text)))
    >>> held.choose()
    Chosen(rows=(2,), duplicates=1, over_cap=2)
    """

    cap: int | None
    prefer: Prefer
    _held: list[Candidate] = field(default_factory=list)
    _copies: dict[bytes, int] = field(default_factory=dict)
    _dropped: int = 0

    def add(self, candidate: Candidate) -> None:
        """Take one more candidate into account."""
        if candidate.fingerprint in self._copies:
            self._copies[candidate.fingerprint] += 1
            return
        self._copies[candidate.fingerprint] = 0
        if self.prefer is Prefer.SHORTEST:
            place = bisect_right(self._held, candidate.length, key=lambda one: one.length)
            self._held.insert(place, candidate)
        else:
            self._held.append(candidate)
        if self.cap is not None and self.prefer is not Prefer.DIVERSE:
            # A dropped one loses to `cap` others for good, and so does every later copy of it.
            while len(self._held) > self.cap:
                self._dropped += 1 + self._copies.pop(self._held.pop().fingerprint)

    def choose(self) -> Chosen:
        """Keep at most `cap` of the candidates so far."""
        kept = self._held
        if self.cap is not None and self.prefer is Prefer.DIVERSE:
            kept = _most_diverse(self._held, self.cap)
        duplicates = sum(self._copies[one.fingerprint] for one in kept)
        seen = self._dropped + len(self._copies) + sum(self._copies.values())
        return Chosen(
            rows=tuple(sorted(one.row for one in kept)),
            duplicates=duplicates,
            over_cap=seen - len(kept) - duplicates,
        )


def _most_diverse(candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    left, chosen = list(candidates), list[Candidate]()
    # How much of each one that is left is already there; nothing is there at first.
    greatest = [0.0] * len(left)
    while left and len(chosen) < count:
        place = min(range(len(left)), key=lambda at: (greatest[at], left[at].row))
        newest = left.pop(place)
        greatest.pop(place)
        chosen.append(newest)
        for at, one in enumerate(left):
            if one.sketch is not None and newest.sketch is not None:
                greatest[at] = max(greatest[at], overlap(one.sketch, newest.sketch))
    return chosen
