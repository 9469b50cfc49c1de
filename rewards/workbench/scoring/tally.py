"""Counts by status and mean scores, kept while rows go by."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rewards.text.shorten import shorten
from rewards.verdict import Status
from rewards.workbench.scoring.completion_lists import each_verdict, summary_name

_MOST_REASONS = 200
_SHOWN_CHARACTERS = 120
# What differs from row to row in reasons of one kind: what was read, numbers; not the line of a
# program of the user's, which is what the reason is about.
_OF_THE_ROW = re.compile(r"""(\([^\s()]+\.py:\d+\))|['"“«].*?['"”»]|\d[\d.,:/]*""", re.DOTALL)


def kind_of_reason(reason: str) -> str:
    """A reason without what is its own row's, for counting.

    >>> kind_of_reason("reads '41', not '42'")
    'reads …, not …'
    >>> kind_of_reason("ValueError: row 12 (mine.py:6)")
    'ValueError: row … (mine.py:6)'
    """
    return shorten(
        _OF_THE_ROW.sub(lambda found: found[1] or "…", " ".join(reason[:500].split())),
        _SHOWN_CHARACTERS,
    )


@dataclass
class RewardTally:
    """What one reward said so far.

    Attributes:
        statuses: how often each status came.
        scored: how many rows got a number.
        total: the sum of these numbers.
        reasons: how often each kind of reason for a score of 0 or none came, by status; of a
            reward that has more kinds than are kept, those that came first.
        places: how often an answer was found in each place, by a reward that looks for one.
        together: of rows with several completions, pass@k and the majority's scores: name, their
            sum, and of how many rows.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    scored: int = 0
    total: float = 0.0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    together: dict[str, tuple[float, int]] = field(default_factory=dict)

    @property
    def mean(self) -> float | None:
        """The mean score of the rows that got one."""
        return self.total / self.scored if self.scored else None

    def add(
        self, score: float | None, status: str, reason: str = "", place: str | None = None
    ) -> None:
        """Count one verdict."""
        self.statuses[status] += 1
        if not score and reason:
            self._add_reason((status, kind_of_reason(reason)), 1)
        if place is not None:
            self.places[place] += 1
        if score is not None:
            self.scored += 1
            self.total += score

    def add_summary(self, summary: Mapping[str, object]) -> None:
        """Count what the completions of one row come to together; see `completion_lists`."""
        majority = summary["majority"]
        found = {name: value for name, value in summary.items() if name.startswith("pass@")}
        if isinstance(majority, Mapping):
            found["majority"] = majority["score"]
        self._add_together({name: (value, 1) for name, value in found.items()})  # type: ignore[misc]

    def merge(self, other: RewardTally) -> None:
        """Add the counts of `other`."""
        self.statuses.update(other.statuses)
        self.scored += other.scored
        self.total += other.total
        for kind, count in other.reasons.items():
            self._add_reason(kind, count)
        self.places.update(other.places)
        self._add_together(other.together)

    def describe_together(self) -> dict[str, float]:
        """Mean pass@k by rising k, and the mean score of the majority's answers."""

        def size(name: str) -> float:
            return float(name.removeprefix("pass@")) if name.startswith("pass@") else math.inf

        return {
            name: self.together[name][0] / self.together[name][1]
            for name in sorted(self.together, key=size)
        }

    def _add_reason(self, kind: tuple[str, str], count: int) -> None:
        if kind in self.reasons or len(self.reasons) < _MOST_REASONS:
            self.reasons[kind] += count

    def _add_together(self, values: Mapping[str, tuple[float, int]]) -> None:
        for name, (total, rows) in values.items():
            before = self.together.get(name, (0.0, 0))
            self.together[name] = (before[0] + total, before[1] + rows)


@dataclass
class Tally:
    """The counts of a run or a chunk of it.

    >>> tally = Tally.of(["accuracy"])
    >>> tally.add({"accuracy": {"score": 1.0, "status": "correct"}})
    >>> tally.rows, tally.rewards["accuracy"].mean
    (1, 1.0)
    """

    rewards: dict[str, RewardTally]
    rows: int = 0
    error_rows: int = 0

    @classmethod
    def of(cls, labels: Iterable[str]) -> Tally:
        """An empty tally for rewards with these names."""
        return cls({label: RewardTally() for label in labels})

    def add(self, results: Mapping[str, object]) -> None:
        """Count one row, as it is written: by reward a verdict, or a list and its summary."""
        self.rows += 1
        failed = False
        for label, counts in self.rewards.items():
            for verdict in each_verdict(results[label]):
                score = verdict["score"]
                place = verdict.get("found_in")
                counts.add(
                    float(score) if isinstance(score, int | float) else None,
                    str(verdict["status"]),
                    str(verdict.get("reason") or ""),
                    place if isinstance(place, str) else None,
                )
                failed = failed or verdict["status"] == Status.ERROR.value
            summary = results.get(summary_name(label))
            if isinstance(summary, Mapping):
                counts.add_summary(summary)
        self.error_rows += failed

    def merge(self, other: Tally) -> None:
        """Add the counts of `other`."""
        self.rows += other.rows
        self.error_rows += other.error_rows
        for label, counts in other.rewards.items():
            self.rewards[label].merge(counts)

    def to_dict(self) -> dict[str, object]:
        """The tally as plain JSON."""
        return {
            "rows": self.rows,
            "error_rows": self.error_rows,
            "rewards": {
                label: {
                    "statuses": dict(r.statuses),
                    "scored": r.scored,
                    "total": r.total,
                    "reasons": [[*kind, count] for kind, count in r.reasons.items()],
                    "places": dict(r.places),
                    "together": r.together,
                }
                for label, r in self.rewards.items()
            },
        }

    def describe(self) -> dict[str, object]:
        """The counts as a user reads them, with means, for `--json`."""
        return {
            "rows": self.rows,
            "error_rows": self.error_rows,
            "rewards": {
                label: {
                    "mean_score": counts.mean,
                    "scored": counts.scored,
                    **counts.describe_together(),
                    "statuses": {
                        status.value: counts.statuses[status.value]
                        for status in Status
                        if counts.statuses[status.value]
                    },
                    **({"found_in": dict(counts.places.most_common())} if counts.places else {}),
                }
                for label, counts in self.rewards.items()
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Tally:
        """A tally from what `to_dict` made of it."""
        rewards = {
            label: RewardTally(
                Counter(r["statuses"]),
                r["scored"],
                r["total"],
                Counter({(status, kind): count for status, kind, count in r.get("reasons", ())}),
                Counter(r.get("places", {})),
                {name: (total, rows) for name, (total, rows) in r["together"].items()},
            )
            for label, r in data["rewards"].items()  # type: ignore[attr-defined]
        }
        return cls(rewards, data["rows"], data["error_rows"])  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How a finished run ended.

    Attributes:
        input: the file that was scored.
        output: the file with the verdicts.
        tally: the counts over all rows, those of earlier, interrupted runs included.
        resumed_rows: how many rows an earlier run had already scored.
        columns: which column each role was read from.
        notes: what a user should know.
        signs: causes that may stand behind nearly all rows, one sentence each.
    """

    input: Path
    output: Path
    tally: Tally
    resumed_rows: int
    columns: Mapping[str, str | None]
    notes: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The summary as plain JSON, for `--json`."""
        return {
            "input": str(self.input),
            "output": str(self.output),
            "resumed_rows": self.resumed_rows,
            "columns": dict(self.columns),
            "notes": list(self.notes),
            "signs": list(self.signs),
            **self.tally.describe(),
        }
