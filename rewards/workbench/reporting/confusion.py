"""Verdicts held against labels."""

from __future__ import annotations

from dataclasses import dataclass

from rewards.verdict import Status
from rewards.workbench.reporting.scored_rows import ScoredVerdict


@dataclass
class Confusion:
    """Verdicts against labels: `correct` is positive, any other verdict with a number negative."""

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0
    not_judged: int = 0

    def add(self, verdict: ScoredVerdict, *, truth: bool) -> None:
        """Count one labelled row."""
        if verdict.score is None or verdict.status == Status.SCORED.value:
            self.not_judged += 1
        elif verdict.status == Status.CORRECT.value:
            self.true_positive += truth
            self.false_positive += not truth
        else:
            self.false_negative += truth
            self.true_negative += not truth

    @property
    def judged(self) -> int:
        """Labelled rows with a number."""
        wrong = self.false_positive + self.false_negative
        return self.true_positive + self.true_negative + wrong

    @property
    def accuracy(self) -> float | None:
        """The share of the judged rows on which verdict and label agree."""
        return _share(self.true_positive + self.true_negative, self.judged)

    @property
    def precision(self) -> float | None:
        """The share of the positive verdicts whose label is true."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float | None:
        """The share of the judged rows with a true label that got a positive verdict."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    def to_dict(self) -> dict[str, int | float | None]:
        """The counts and shares as plain JSON values."""
        counts: dict[str, int | float | None] = dict(vars(self))
        shares = {"accuracy": self.accuracy, "precision": self.precision, "recall": self.recall}
        return counts | shares


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
