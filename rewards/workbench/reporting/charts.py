"""Where the bars and lines of a plot go. Units are those of the plot's SVG view box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from rewards.verdict import Status
from rewards.workbench.reporting.breakdowns import Bin, Scores
from rewards.workbench.reporting.figures import RewardScores, RunFigures

BAR_WIDTH = 1000.0
PLOT_WIDTH, PLOT_HEIGHT = 720.0, 220.0
_WIDEST_COLUMN = 100.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a stacked bar."""

    status: str
    rows: int
    share: float
    x: float
    width: float


def stack_statuses(figures: RewardScores) -> list[Segment]:
    """The statuses of a reward side by side, in the order of `Status`.

    >>> from collections import Counter
    >>> figures = RewardScores(statuses=Counter(wrong=1, correct=3))
    >>> [(piece.status, piece.x, piece.width) for piece in stack_statuses(figures)]
    [('correct', 0.0, 750.0), ('wrong', 750.0, 250.0)]
    """
    total = sum(figures.statuses.values())
    segments: list[Segment] = []
    x = 0.0
    for status in Status:
        rows = figures.statuses[status.value]
        if rows:
            width = BAR_WIDTH * rows / total
            segments.append(Segment(status.value, rows, rows / total, x, width))
            x += width
    return segments


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps scores to 0…`length`; always has 0 and 1 on it, so that bars can be compared."""

    lowest: float
    highest: float
    length: float

    @classmethod
    def of(cls, rewards: Iterable[RewardScores], length: float) -> Scale:
        """The scale on which every score of some rewards has a place."""
        every = list(rewards)
        lowest = min((figures.lowest for figures in every), default=0.0)
        highest = max((figures.highest for figures in every), default=1.0)
        return cls(min(lowest, 0.0), max(highest, 1.0), length)

    def __call__(self, score: float) -> float:
        """Where a score lies.

        >>> Scale(-1.0, 1.0, 100.0)(0.5)
        75.0
        """
        return (score - self.lowest) / (self.highest - self.lowest) * self.length


@dataclass(frozen=True, slots=True)
class Bar:
    """A horizontal bar from 0 to a mean, with the ends of its confidence interval."""

    x: float
    width: float
    low: float
    high: float


def score_bar(scores: Scores, scale: Scale) -> Bar | None:
    """The bar of a mean score; `None` where nothing was scored."""
    if scores.mean is None:
        return None
    margin = scores.margin or 0.0
    zero, end = scale(0.0), scale(scores.mean)
    low = scale(max(scores.mean - margin, scale.lowest))
    high = scale(min(scores.mean + margin, scale.highest))
    return Bar(min(zero, end), abs(end - zero), low, high)


@dataclass(frozen=True, slots=True)
class Column:
    """One upright bar of a plot.

    Attributes:
        low: of the lengths or steps in it.
        high: likewise.
        counted: its rows.
        x: its left edge.
        width: with the gap to the next.
        height: of the rows in it, where the most fill the plot.
    """

    low: int
    high: int
    counted: Bin
    x: float
    width: float
    height: float

    def stack(self, reward: str, *, full: bool) -> list[Segment]:
        """The statuses of a reward, from the top down: `x` is where one starts, `width` how high.

        Args:
            reward: its name.
            full: every column fills the plot, and shows shares.
        """
        found = self.counted.statuses.get(reward, Counter[str]())
        height = PLOT_HEIGHT if full else self.height
        y = PLOT_HEIGHT - height
        total = sum(found.values())
        segments = []
        for status in Status:
            if rows := found[status.value]:
                part = height * rows / total
                segments.append(Segment(status.value, rows, rows / total, y, part))
                y += part
        return segments


@dataclass(frozen=True)
class ColumnPlot:
    """Rows side by side by length or by step, with a line of mean scores for each reward.

    Attributes:
        unit: what is counted along: tokens, characters or steps.
        columns: from left to right.
        scale: where a score lies, from the plot's foot.
        lines: by reward its points, x and y.
        lengths: the points of the mean length, and the greatest mean.
    """

    unit: str
    columns: list[Column]
    scale: Scale
    lines: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    lengths: list[tuple[float, float]] = field(default_factory=list)
    longest: float = 0.0

    @property
    def ticks(self) -> list[float]:
        """The scores to mark: the ends of the scale, 0, and the middle."""
        ends = {self.scale.lowest, 0.0, self.scale.highest}
        return sorted(ends | {(self.scale.lowest + self.scale.highest) / 2})

    @property
    def labelled(self) -> list[Column]:
        """The columns whose low end is written below: not more than fit."""
        every = -(-len(self.columns) // 12)
        return self.columns[::every]


def plot_lengths(run: RunFigures) -> ColumnPlot | None:
    """The plot by length; `None` where no row has a completion."""
    unit = run.length_unit
    found = run.lengths[unit]
    if not found:
        return None
    ends = [
        (2 ** (number - 1) if number else 0, 2**number - 1, found.get(number, Bin()))
        for number in range(min(found), max(found) + 1)
    ]
    return _plot(run, unit, ends)


def plot_steps(run: RunFigures) -> ColumnPlot | None:
    """The plot by training step; `None` where rows are of fewer than two steps."""
    bins, width = run.steps.bins, run.steps.width
    if len(bins) < 2:
        return None
    numbers = sorted(bins)
    every = min(b - a for a, b in pairwise(numbers)) * width  # logs may skip steps
    ends = [
        (number * width, number * width + max(width, every) - 1, bins[number]) for number in numbers
    ]
    return _plot(run, "steps", ends)


def _plot(run: RunFigures, unit: str, ends: list[tuple[int, int, Bin]]) -> ColumnPlot:
    step = min(PLOT_WIDTH / len(ends), _WIDEST_COLUMN)
    most = max(counted.rows for _, _, counted in ends) or 1
    columns = [
        Column(low, high, counted, at * step, step, PLOT_HEIGHT * counted.rows / most)
        for at, (low, high, counted) in enumerate(ends)
    ]
    longest = max(one.counted.mean_length or 0.0 for one in columns)
    plot = ColumnPlot(unit, columns, Scale.of(run.rewards.values(), PLOT_HEIGHT), longest=longest)
    for one in columns:
        middle = one.x + one.width / 2
        for reward, scores in one.counted.scores.items():
            if scores.mean is not None:
                y = PLOT_HEIGHT - plot.scale(scores.mean)
                plot.lines.setdefault(reward, []).append((middle, y))
        if one.counted.mean_length is not None and longest:
            share = one.counted.mean_length / longest
            plot.lengths.append((middle, PLOT_HEIGHT * (1 - share)))
    return plot
