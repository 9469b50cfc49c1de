"""An answer that scores whatever the reference says: the mark of a hole in a reward."""

from __future__ import annotations

from dataclasses import dataclass, field

from rewards.text.shorten import shorten
from rewards.workbench.reporting.scored_rows import ScoredRow, ScoredVerdict

FEWEST_REFERENCES = 8
"""An honest answer is written in fewer ways than this: 0.5, 1/2, \\frac12, 50%."""

_MAX_ANSWERS = 10_000
_KEY_CHARACTERS = 500


@dataclass
class SameAnswers:
    """Against how many different references one and the same answer scored.

    Only answers that are not written as their reference is are looked at, the first
    `_MAX_ANSWERS` of them.
    """

    _references: dict[str, set[int]] = field(default_factory=dict)

    def add(self, row: ScoredRow, verdict: ScoredVerdict) -> None:
        """Count one verdict."""
        if not verdict.score or verdict.score < 0 or verdict.expected is None:
            return
        answer = verdict.extracted if verdict.extracted is not None else row.text
        if answer is None or answer == verdict.expected:
            return
        key = answer[:_KEY_CHARACTERS]
        if key in self._references or len(self._references) < _MAX_ANSWERS:
            seen = self._references.setdefault(key, set())
            if len(seen) < FEWEST_REFERENCES:
                seen.add(hash(verdict.expected))

    def everywhere(self) -> list[str]:
        """The answers that scored against `FEWEST_REFERENCES` different references, the first 3."""
        found = (key for key, seen in self._references.items() if len(seen) >= FEWEST_REFERENCES)
        return [shorten(" ".join(answer.split()), 60) for answer in list(found)[:3]]
