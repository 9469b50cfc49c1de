"""The training signal of a reward: its spread within groups, and its correlation with length; pure.

Advantages are relative to the group (DeepSeekMath, arXiv 2402.03300, section 4.1.2), so a group
whose rewards are all equal teaches nothing, and neither does a completion whose reward is its
group's mean. A reward that goes with length within groups teaches length.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev

from rewards.workbench.benchmarking.correlation import (
    SAME,
    Correlation,
    TwoColumns,
    pearson,
    pearson_within,
    spearman,
    spearman_within,
    varies,
)
from rewards.workbench.benchmarking.judging import Judgement

_TAME = 1e100  # squares of it, summed, are still numbers


@dataclass(frozen=True, slots=True)
class LengthCorrelation:
    """How a reward goes with the length of the completion.

    Attributes:
        pearson: over all rows.
        spearman: likewise, by ranks.
        pearson_within: within groups whose rewards differ.
        spearman_within: likewise, by ranks.
    """

    pearson: Correlation
    spearman: Correlation
    pearson_within: Correlation
    spearman_within: Correlation


@dataclass(frozen=True, slots=True)
class RewardSignal:
    """The training signal that one reward gives on one set.

    Attributes:
        rows: all rows.
        scored: rows with a score; the others count for no group and have no advantage.
        no_score: the others by status: not_applicable, error, timeout, …
        groups: groups with at least two scores; only these are counted below.
        all_zero: groups in which every score is 0.
        all_one: groups in which every score is 1.
        all_same: groups in which every score is the same other number.
        mean: of the scores.
        std: of the scores, as a sample (n - 1), which is what trainers log.
        group_std: the mean of the groups' standard deviations.
        with_advantage: rows whose score differs from their group's mean.
        length: by unit, "characters" and "tokens".
    """

    rows: int
    scored: int
    no_score: Mapping[str, int]
    groups: int
    all_zero: int
    all_one: int
    all_same: int
    mean: float | None
    std: float | None
    group_std: float | None
    with_advantage: int
    length: Mapping[str, LengthCorrelation]

    @property
    def zero_variance(self) -> float | None:
        """The share of the groups in which all scores are equal."""
        flat = self.all_zero + self.all_one + self.all_same
        return flat / self.groups if self.groups else None

    @property
    def effective_share(self) -> float:
        """The share of all rows that get an advantage other than zero."""
        return self.with_advantage / self.rows if self.rows else 0.0

    @property
    def no_score_share(self) -> float:
        """The share of all rows without a score."""
        return 1 - self.scored / self.rows if self.rows else 0.0

    def to_dict(self) -> dict[str, object]:
        """The figures as plain JSON."""
        return {
            **asdict(self),
            "zero_variance": self.zero_variance,
            "effective_share": self.effective_share,
            "no_score_share": self.no_score_share,
        }


def measure_signal(
    said: Sequence[Judgement],
    groups: Sequence[Sequence[int]],
    lengths: Mapping[str, Sequence[int] | str],
) -> RewardSignal:
    """Measure what a reward would teach.

    Args:
        said: what the reward said about each row.
        groups: the places of each group's rows.
        lengths: the completions' lengths by unit, or why they are not known.
    """
    places = [at for at, one in enumerate(said) if one.score is not None]
    scores = {at: score for at, one in enumerate(said) if (score := one.score) is not None}
    scale = max(1.0, max(map(abs, scores.values()), default=0.0) / _TAME)
    tame = {at: score / scale for at, score in scores.items()}
    kept = [[at for at in group if at in scores] for group in groups]
    kept = [group for group in kept if len(group) > 1]
    rewards = [[tame[at] for at in group] for group in kept]
    flat = Counter(_flatness(group) for group in rewards)
    values = [tame[at] for at in places]
    return RewardSignal(
        rows=len(said),
        scored=len(places),
        no_score=dict(Counter(one.status for one in said if one.score is None).most_common()),
        groups=len(kept),
        all_zero=flat["zero"],
        all_one=flat["one"],
        all_same=flat["same"],
        mean=_finite(fmean(values) * scale) if values else None,
        std=_finite(stdev(values) * scale) if len(values) > 1 else None,
        group_std=_finite(fmean(map(stdev, rewards)) * scale) if rewards else None,
        with_advantage=sum(map(_with_advantage, rewards)),
        length={
            unit: _length_correlation(values, places, tame, kept, known)
            for unit, known in lengths.items()
        },
    )


def _flatness(scores: Sequence[float]) -> str:
    if varies(scores):
        return ""
    return {0.0: "zero", 1.0: "one"}.get(round(scores[0], 7), "same")


def _with_advantage(scores: Sequence[float]) -> int:
    mean = fmean(scores)
    return sum(abs(score - mean) > SAME for score in scores) if varies(scores) else 0


def _length_correlation(
    values: Sequence[float],
    places: Sequence[int],
    scores: Mapping[int, float],
    groups: Sequence[Sequence[int]],
    lengths: Sequence[int] | str,
) -> LengthCorrelation:
    if isinstance(lengths, str):
        unknown = Correlation(None, lengths)
        return LengthCorrelation(unknown, unknown, unknown, unknown)
    measured = [lengths[at] for at in places]
    pairs: list[TwoColumns] = [
        ([scores[at] for at in g], [lengths[at] for at in g]) for g in groups
    ]
    return LengthCorrelation(
        pearson(values, measured),
        spearman(values, measured),
        pearson_within(pairs),
        spearman_within(pairs),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
