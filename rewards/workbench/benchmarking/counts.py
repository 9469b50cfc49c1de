"""How often a reward is right about labelled rows, and how sure that is.

A *hit* is a right completion that was rewarded, a *false negative* a right one that was not, a
*false positive* a wrong one that was. A row without a score was not rewarded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rewards.workbench.benchmarking.intervals import Interval, share_interval, wilson_interval


@dataclass(frozen=True, slots=True)
class Counts:
    """The four outcomes, and how many of the rows had no score.

    Attributes:
        hits: right completions that were rewarded.
        false_positives: wrong ones that were.
        false_negatives: right ones that were not.
        rejections: wrong ones that were not.
        unscored: rows without a score.
        by_prompt: the same of each prompt, where several completions belong to one.

    >>> Counts(hits=3, false_positives=1, false_negatives=1, rejections=5).accuracy
    0.8
    """

    hits: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    rejections: int = 0
    unscored: int = 0
    by_prompt: tuple[Counts, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls,
        truths: Sequence[bool],
        scores: Sequence[float | None],
        least: float,
        *,
        prompts: Sequence[str] | None = None,
    ) -> Counts:
        """Count rows; a score above `least` is a reward.

        Args:
            truths: whether each completion is right.
            scores: what each got.
            least: see above.
            prompts: what each belongs to, where several belong to one.
        """
        places: dict[str, list[int]] = {}
        for at, prompt in enumerate(prompts or ()):
            places.setdefault(prompt, []).append(at)
        rewarded = [score is not None and score > least for score in scores]
        pairs = list(zip(truths, rewarded, strict=True))
        return cls(
            hits=pairs.count((True, True)),
            false_positives=pairs.count((False, True)),
            false_negatives=pairs.count((True, False)),
            rejections=pairs.count((False, False)),
            unscored=sum(score is None for score in scores),
            by_prompt=tuple(
                cls.of([truths[at] for at in group], [scores[at] for at in group], least)
                for group in places.values()
            ),
        )

    @property
    def rows(self) -> int:
        """All rows."""
        return self.hits + self.false_positives + self.false_negatives + self.rejections

    @property
    def accuracy(self) -> float | None:
        """The share of rows about which the reward is right."""
        return _share(*_SHARES["accuracy"](self))

    @property
    def precision(self) -> float | None:
        """The share of rewarded rows that are right."""
        return _share(*_SHARES["precision"](self))

    @property
    def recall(self) -> float | None:
        """The share of right rows that are rewarded."""
        return _share(*_SHARES["recall"](self))

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall."""
        return _share(*_SHARES["f1"](self))

    def to_dict(self) -> dict[str, object]:
        """The counts and shares with their 95 % intervals, as plain JSON."""
        found: dict[str, object] = {
            "rows": self.rows,
            "false_negatives": self.false_negatives,
            "false_positives": self.false_positives,
            "unscored": self.unscored,
        }
        for name in _SHARES:
            found[name] = getattr(self, name)
            found[f"{name}_interval"] = self._interval(name)
        return found

    def _interval(self, name: str) -> Interval:
        """The 95 % interval of a share: of prompts where rows belong to some, else Wilson's."""
        if self.by_prompt:
            return share_interval([_SHARES[name](one) for one in self.by_prompt])
        if name != "f1":
            part, whole = _SHARES[name](self)
            return wilson_interval(part, whole)
        # F1 = 2J / (1 + J) rises with the share J = hits / (hits + errors): so do its ends.
        errors = self.false_positives + self.false_negatives
        low, high = wilson_interval(self.hits, self.hits + errors)
        return 2 * low / (1 + low), 2 * high / (1 + high)


_SHARES: Mapping[str, Callable[[Counts], tuple[int, int]]] = {
    "accuracy": lambda one: (one.hits + one.rejections, one.rows),
    "precision": lambda one: (one.hits, one.hits + one.false_positives),
    "recall": lambda one: (one.hits, one.hits + one.false_negatives),
    "f1": lambda one: (2 * one.hits, 2 * one.hits + one.false_positives + one.false_negatives),
}


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
