"""The disagreements to show: the kinds with most of them first, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rewards.verdict import Verdict
from rewards.workbench.disagreement.decisions import PairCounts


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
            "verdicts": {
                label: verdict.to_dict(seconds=False) for label, verdict in self.verdicts.items()
            },
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
