"""How often a reward is right about labelled rows, and how sure that is.

A *hit* is a right completion that was rewarded, a *false negative* a right one that was not, a
*false positive* a wrong one that was. A row without a score was not rewarded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Counts:
    """The four outcomes, and how many of the rows had no score.

    >>> Counts(hits=3, false_positives=1, false_negatives=1, rejections=5).accuracy
    0.8
    """

    hits: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    rejections: int = 0
    unscored: int = 0

    @classmethod
    def of(cls, truths: Sequence[bool], scores: Sequence[float | None], least: float) -> Counts:
        """Count rows; a score above `least` is a reward."""
        rewarded = [score is not None and score > least for score in scores]
        pairs = list(zip(truths, rewarded, strict=True))
        return cls(
            hits=pairs.count((True, True)),
            false_positives=pairs.count((False, True)),
            false_negatives=pairs.count((True, False)),
            rejections=pairs.count((False, False)),
            unscored=sum(score is None for score in scores),
        )

    @property
    def rows(self) -> int:
        """All rows."""
        return self.hits + self.false_positives + self.false_negatives + self.rejections

    @property
    def accuracy(self) -> float | None:
        """The share of rows about which the reward is right."""
        return _share(self.hits + self.rejections, self.rows)

    @property
    def precision(self) -> float | None:
        """The share of rewarded rows that are right."""
        return _share(self.hits, self.hits + self.false_positives)

    @property
    def recall(self) -> float | None:
        """The share of right rows that are rewarded."""
        return _share(self.hits, self.hits + self.false_negatives)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall."""
        return _share(2 * self.hits, 2 * self.hits + self.false_positives + self.false_negatives)

    def to_dict(self) -> dict[str, object]:
        """The counts and shares with their 95 % intervals, as plain JSON."""
        wrong = self.false_positives + self.false_negatives
        jaccard = wilson_interval(self.hits, self.hits + wrong)
        return {
            "rows": self.rows,
            "false_negatives": self.false_negatives,
            "false_positives": self.false_positives,
            "unscored": self.unscored,
            "accuracy": self.accuracy,
            "accuracy_interval": wilson_interval(self.hits + self.rejections, self.rows),
            "precision": self.precision,
            "precision_interval": wilson_interval(self.hits, self.hits + self.false_positives),
            "recall": self.recall,
            "recall_interval": wilson_interval(self.hits, self.hits + self.false_negatives),
            "f1": self.f1,
            # F1 = 2J / (1 + J) rises with the share J = hits / (hits + errors): so do its ends.
            "f1_interval": tuple(2 * end / (1 + end) for end in jaccard),
        }


def wilson_interval(hits: int, count: int, z: float = 1.96) -> Interval:
    """The 95 % Wilson score interval of a share (Wilson 1927); (0, 1) when nothing was counted.

    >>> low, high = wilson_interval(95, 100)
    >>> round(low, 3), round(high, 3)
    (0.888, 0.978)
    """
    if count == 0:
        return 0.0, 1.0
    share = hits / count
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    centre = share + z * z / (2 * count)
    scale = 1 + z * z / count
    # Rounding must not push an end beyond the share itself.
    low, high = (centre - spread) / scale, (centre + spread) / scale
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all values do not exceed; `None` of none.

    >>> quantile([3.0, 1.0, 2.0, 4.0], 0.5), quantile([3.0, 1.0], 1.0), quantile([], 0.5)
    (2.0, 3.0, None)
    """
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
