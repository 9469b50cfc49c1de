"""How sure a share or a mean is, when completions of one prompt belong together.

Completions of one prompt are alike: eight answers to one problem say less than answers to eight
problems. So whole prompts are drawn, not rows (the cluster bootstrap: Davison and Hinkley 1997,
"Bootstrap Methods and their Application", section 3.8; for evaluations of models Miller 2024,
arXiv 2411.00640, section 2.2). A prompt counts by two numbers, how much it adds above and how much
below the line of the fraction whose value is wanted: a mean is the sum of scores by their number.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

Interval = tuple[float, float]

RESAMPLES = 1000
BINS = 512
_Z95 = 1.959964  # the normal distribution's 97.5 % point
_SEED = 0  # the same rows give the same interval

Part = tuple[float, float]
"""What one cluster adds: above the line of a fraction, and below it."""


def cluster_of(key: str) -> int:
    """A number for what tells a prompt apart, the same in every process; 64 bits."""
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def merge_clusters(keys: Iterable[int], parts: Iterable[Part]) -> list[Part]:
    """What clusters add, with those beyond `BINS` thrown together by lot.

    Clusters that are drawn apart may be drawn in random bunches as well: the interval means the
    same, is a little less steady, and costs no more however many there are.
    """
    bins: dict[int, Part] = {}
    for key, (above, below) in zip(keys, parts, strict=True):
        had = bins.get(key % BINS, (0.0, 0.0))
        bins[key % BINS] = (had[0] + above, had[1] + below)
    return list(bins.values())


def cluster_interval(parts: Sequence[Part], *, resamples: int = RESAMPLES) -> Interval | None:
    """The 95 % interval of a sum by a sum, drawing clusters with replacement (percentiles).

    It holds the value itself. `None` where the clusters do not differ, or are fewer than two: they
    say nothing about how much others would.

    >>> low, high = cluster_interval([(1.0, 1.0), (0.0, 1.0)] * 50)
    >>> 0.38 < low < 0.44 and 0.56 < high < 0.62
    True
    """
    parts = [part for part in parts if part[1]]
    if len({above / below for above, below in parts}) < 2:
        return None
    draw = random.Random(_SEED)  # noqa: S311 - nothing secret
    values = []
    for _ in range(resamples):
        drawn = draw.choices(parts, k=len(parts))
        below = math.fsum(part[1] for part in drawn)
        values.append(math.fsum(part[0] for part in drawn) / below)
    values.sort()
    edge = round(0.025 * resamples)
    value = math.fsum(part[0] for part in parts) / math.fsum(part[1] for part in parts)
    return min(values[edge], value), max(values[-1 - edge], value)


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


def share_interval(parts: Sequence[Part]) -> Interval:
    """The 95 % interval of a share: as `cluster_interval`, and Wilson's where clusters agree.

    Where every prompt has the same share, Wilson's interval of as many rows as there are prompts.

    >>> [round(end, 3) for end in share_interval([(8.0, 8.0)] * 10)]
    [0.722, 1.0]
    """
    counted = [part for part in parts if part[1]]
    found = cluster_interval(counted)
    if found is not None:
        return found
    share = counted[0][0] / counted[0][1] if counted else 0.0
    return wilson_share(share, len(counted))


def wilson_share(share: float, count: int) -> Interval:
    """Wilson's interval of a share of `count` things, where it need not be a whole number."""
    if not count:
        return wilson_interval(0, 0)
    low, high = (
        wilson_interval(math.floor(share * count), count),
        wilson_interval(math.ceil(share * count), count),
    )
    return min(low[0], share), max(high[1], share)


@dataclass
class ClusteredMean:
    """A mean of scores that were added one by one, with what each cluster adds to it.

    >>> mean = ClusteredMean()
    >>> for cluster, score in enumerate((1.0, 0.0, 1.0, 1.0)):
    ...     mean.add(score, cluster)
    >>> mean.value, round(mean.margin, 2)
    (0.75, 0.49)
    """

    bins: dict[int, Part] = field(default_factory=dict)
    count: int = 0
    total: float = 0.0

    def add(self, score: float, cluster: int) -> None:
        """Count one score of a cluster; see `merge_clusters`."""
        above, below = self.bins.get(cluster % BINS, (0.0, 0.0))
        self.bins[cluster % BINS] = (above + score, below + 1.0)
        self.count += 1
        self.total += score

    def merge(self, other: ClusteredMean) -> None:
        """Add the scores of another."""
        for key, (above, below) in other.bins.items():
            had = self.bins.get(key, (0.0, 0.0))
            self.bins[key] = (had[0] + above, had[1] + below)
        self.count += other.count
        self.total += other.total

    @property
    def value(self) -> float | None:
        """The mean; `None` of nothing."""
        return self.total / self.count if self.count else None

    @property
    def interval(self) -> Interval | None:
        """Its 95 % interval; `None` where the clusters do not differ."""
        return cluster_interval(list(self.bins.values()))

    @property
    def margin(self) -> float | None:
        """Half the width of a 95 % interval by formula: a hundredth of the bootstrap's cost.

        The variance of a ratio of sums over clusters (Cochran 1977, "Sampling Techniques", section
        6.3), and the normal distribution. `None` where the clusters do not differ.
        """
        mean, bins = self.value, len(self.bins)
        if mean is None or bins < 2:
            return None
        squares = math.fsum((above - mean * below) ** 2 for above, below in self.bins.values())
        # What is left of rounding is no spread.
        if squares <= 1e-24 * max(1.0, self.total * self.total):
            return None
        return _Z95 * math.sqrt(squares * bins / (bins - 1)) / self.count
