"""Mean scores, and scores by group, by length and by training step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rewards.workbench.benchmarking.intervals import ClusteredMean, Interval
from rewards.workbench.reporting.scored_rows import ScoredRow

MAX_GROUPS = 1000
MOST_STEPS = 80
OTHER_GROUPS = "(other values)"


@dataclass
class Scores:
    """The mean of some scores and how sure it is.

    >>> scores = Scores()
    >>> for prompt, score in enumerate((1.0, 0.0, None)):
    ...     scores.add(score, prompt)
    >>> scores.rows, scores.scored, scores.mean
    (3, 2, 0.5)
    """

    rows: int = 0
    _mean: ClusteredMean = field(default_factory=ClusteredMean)

    def add(self, score: float | None, cluster: int) -> None:
        """Count one row of a prompt; `None` is a row without a number."""
        self.rows += 1
        if score is not None:
            self._mean.add(score, cluster)

    def merge(self, other: Scores) -> None:
        """Add the scores of another."""
        self.rows += other.rows
        self._mean.merge(other._mean)

    @property
    def scored(self) -> int:
        """How many rows have a number."""
        return self._mean.count

    @property
    def mean(self) -> float | None:
        """The mean score of the rows that got one."""
        return self._mean.value

    @property
    def margin(self) -> float | None:
        """Half the width of the mean's 95 % confidence interval, by formula.

        `None` where all scores are the same: they say nothing about how much others would differ.
        """
        return self._mean.margin

    @property
    def interval(self) -> Interval | None:
        """The mean's 95 % interval, by drawing prompts; `None` as for `margin`."""
        return self._mean.interval


@dataclass
class Breakdown:
    """Scores by the value of something: `values[value][reward]`."""

    values: dict[str, dict[str, Scores]] = field(default_factory=dict)

    def add(self, value: str, row: ScoredRow) -> str:
        """Count one row under a value; after `MAX_GROUPS` values new ones are one. Returns it."""
        if value not in self.values and len(self.values) >= MAX_GROUPS:
            value = OTHER_GROUPS
        by_reward = self.values.setdefault(value, {})
        for reward, verdict in row.verdicts.items():
            by_reward.setdefault(reward, Scores()).add(verdict.score, row.cluster)
        return value


@dataclass
class Bin:
    """Rows of about the same length, or of the same steps.

    Attributes:
        rows: how many.
        length: the sum of their lengths.
        rewards: by name their scores and statuses.
    """

    rows: int = 0
    length: int = 0
    scores: dict[str, Scores] = field(default_factory=dict)
    statuses: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, row: ScoredRow, length: int | None) -> None:
        """Count one row."""
        self.rows += 1
        self.length += length or 0
        for reward, verdict in row.verdicts.items():
            self.scores.setdefault(reward, Scores()).add(verdict.score, row.cluster)
            self.statuses.setdefault(reward, Counter())[verdict.status] += 1

    @property
    def mean_length(self) -> float | None:
        """How long a completion in it is; `None` where it is empty."""
        return self.length / self.rows if self.rows else None

    def merge(self, other: Bin) -> None:
        """Add the counts of another."""
        self.rows += other.rows
        self.length += other.length
        for reward, scores in other.scores.items():
            self.scores.setdefault(reward, Scores()).merge(scores)
            self.statuses.setdefault(reward, Counter()).update(other.statuses[reward])


@dataclass
class StepBins:
    """Rows by training step, in `MOST_STEPS` bins at most: when there are more, two become one.

    Attributes:
        width: how many steps a bin holds.
        bins: by the first of its steps divided by `width`.
    """

    width: int = 1
    bins: dict[int, Bin] = field(default_factory=dict)

    def add(self, row: ScoredRow) -> None:
        """Count one row that names its step."""
        step = int(row.step or 0)
        self.bins.setdefault(step // self.width, Bin()).add(row, row.length)
        while len(self.bins) > MOST_STEPS:
            self.width *= 2
            before, self.bins = self.bins, {}
            for number, one in before.items():
                self.bins.setdefault(number // 2, Bin()).merge(one)
