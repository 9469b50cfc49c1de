"""The disagreements to show: the kinds with most of them first, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rewards.verdict import Verdict
from rewards.workbench.disagreement.decisions import PairCounts
from rewards.workbench.rows.rows import shorten

_SHOWN_CHARS = 200


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row on which two rewards disagree, shortened.

    Attributes:
        line: its number in the file.
        kind: what kind of row it is, if the file says so.
        truth: whether the completion is right, if the file says so.
        reference: what is right, if the file says so.
        ending: the end of the completion, where the answer stands; "" if it has none.
        verdicts: what both said, by their names.
    """

    line: int
    kind: str | None
    truth: bool | None
    reference: str | None
    ending: str
    verdicts: Mapping[str, Verdict]

    def to_dict(self) -> dict[str, object]:
        """The row as plain JSON."""
        return {
            "line": self.line,
            "kind": self.kind,
            "truth": self.truth,
            "reference": self.reference,
            "ending": self.ending,
            "verdicts": {label: written(verdict) for label, verdict in self.verdicts.items()},
        }


class ShownDisagreements:
    """The first `limit` disagreements of every kind, of which `limit` are shown at the end."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_kind: dict[str | None, list[Disagreement]] = {}

    def add(self, one: Disagreement, counts: PairCounts) -> None:
        """Take one more into account, after it was counted."""
        kind = None if one.kind is None else counts.kind_of(one.kind)
        held = self._by_kind.setdefault(kind, [])
        if len(held) < self._limit:
            held.append(one)

    def choose(self, counts: PairCounts) -> list[Disagreement]:
        """Those to show: by kind, the worst first, then by line; rows without a kind last."""
        kinds = [*counts.worst_kinds(), None]
        return [one for kind in kinds for one in self._by_kind.get(kind, ())][: self._limit]


def written(verdict: Verdict) -> dict[str, object]:
    """A verdict as `rlvr score` writes it."""
    fields = dict[str, object](verdict.to_dict())
    del fields["seconds"]
    return fields


def shorten_end(text: str, limit: int = _SHOWN_CHARS) -> str:
    """The end of a text, with an ellipsis where it was cut.

    >>> shorten_end("abcdef", 4)
    '…def'
    """
    return shorten(text[::-1], limit)[::-1]
