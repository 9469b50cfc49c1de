"""Statistics of a run over all of its rows, in memory that does not grow with them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rewards.verdict import Status
from rewards.workbench.reporting.scored_rows import ScoredRow, ScoredVerdict

MAX_GROUPS = 1000
OTHER_GROUPS = "(other values)"
_KEPT_FLAWS = 5
_Z95 = 1.959964  # the normal distribution's 97.5 % point


@dataclass
class Scores:
    """The mean of some scores and how sure it is.

    >>> scores = Scores()
    >>> for score in (1.0, 0.0, None):
    ...     scores.add(score)
    >>> scores.rows, scores.scored, scores.mean
    (3, 2, 0.5)
    """

    rows: int = 0
    scored: int = 0
    total: float = 0.0
    _squares: float = 0.0  # sum of squared distances from the mean (Welford 1962)

    def add(self, score: float | None) -> None:
        """Count one row; `None` is a row without a number."""
        self.rows += 1
        if score is None:
            return
        distance = score - (self.mean or 0.0)
        self.scored += 1
        self.total += score
        self._squares += distance * (score - self.total / self.scored)

    @property
    def mean(self) -> float | None:
        """The mean score of the rows that got one."""
        return self.total / self.scored if self.scored else None

    @property
    def margin(self) -> float | None:
        """Half the width of the mean's 95 % confidence interval (normal approximation).

        `None` where all scores are the same: they say nothing about how much others would differ.
        """
        if self.scored < 2 or self._squares <= 0:
            return None
        return _Z95 * math.sqrt(self._squares / (self.scored - 1) / self.scored)


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


@dataclass
class RewardScores:
    """What one reward said."""

    scores: Scores = field(default_factory=Scores)
    statuses: Counter[str] = field(default_factory=Counter)
    confusion: Confusion = field(default_factory=Confusion)
    lowest: float = 0.0
    highest: float = 0.0


@dataclass
class Breakdown:
    """Scores by the value of something: `values[value][reward]`."""

    values: dict[str, dict[str, Scores]] = field(default_factory=dict)

    def add(self, value: str, row: ScoredRow) -> None:
        """Count one row under a value; after `MAX_GROUPS` values new ones are one."""
        if value not in self.values and len(self.values) >= MAX_GROUPS:
            value = OTHER_GROUPS
        by_reward = self.values.setdefault(value, {})
        for reward, verdict in row.verdicts.items():
            by_reward.setdefault(reward, Scores()).add(verdict.score)


@dataclass
class RunFigures:
    """Everything counted of one scored file.

    Attributes:
        path: the file.
        name: what the page calls it.
        rows: rows that could be read.
        flaws: what is wrong with the first lines that could not.
        unreadable: how many could not.
        rewards: by name.
        groups: by grouping column.
        lengths: by completion length, in characters and in tokens: the length's number of binary
            digits says which bin, so bin b > 0 holds 2^(b-1) to 2^b - 1.
    """

    path: Path
    name: str
    rows: int = 0
    unreadable: int = 0
    flaws: list[str] = field(default_factory=list)
    rewards: dict[str, RewardScores] = field(default_factory=dict)
    groups: dict[str, Breakdown] = field(default_factory=dict)
    lengths: dict[str, dict[int, dict[str, Scores]]] = field(
        default_factory=lambda: {"characters": {}, "tokens": {}}
    )

    def add_flaw(self, flaw: str) -> None:
        """Count a line that is no row."""
        self.unreadable += 1
        if len(self.flaws) < _KEPT_FLAWS:
            self.flaws.append(flaw)

    def add(self, row: ScoredRow) -> None:
        """Count one row."""
        self.rows += 1
        for reward, verdict in row.verdicts.items():
            figures = self.rewards.setdefault(reward, RewardScores())
            figures.scores.add(verdict.score)
            figures.statuses[verdict.status] += 1
            if row.truth is not None:
                figures.confusion.add(verdict, truth=row.truth)
            if verdict.score is not None:
                figures.lowest = min(figures.lowest, verdict.score)
                figures.highest = max(figures.highest, verdict.score)
        for column, value in row.groups.items():
            self.groups.setdefault(column, Breakdown()).add(value, row)
        self._add_length("characters", None if row.text is None else len(row.text), row)
        self._add_length("tokens", row.tokens, row)

    @property
    def length_unit(self) -> str:
        """What lengths are given in: tokens where every completion has them."""
        counts = {unit: self._measured(unit) for unit in self.lengths}
        return "tokens" if counts["tokens"] >= max(counts["characters"], 1) else "characters"

    @property
    def labelled(self) -> bool:
        """Whether any judged row has a label."""
        return any(figures.confusion.judged for figures in self.rewards.values())

    def _add_length(self, unit: str, length: int | None, row: ScoredRow) -> None:
        if length is not None:
            by_reward = self.lengths[unit].setdefault(length.bit_length(), {})
            for reward, verdict in row.verdicts.items():
                by_reward.setdefault(reward, Scores()).add(verdict.score)

    def _measured(self, unit: str) -> int:
        return sum(
            max((scores.rows for scores in by_reward.values()), default=0)
            for by_reward in self.lengths[unit].values()
        )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
