"""Where the bars and lines of a plot go. Units are those of the plot's SVG view box."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rewards.verdict import Status
from rewards.workbench.reporting.figures import RewardScores, RunFigures, Scores

BAR_WIDTH = 1000.0
PLOT_WIDTH, PLOT_HEIGHT = 720.0, 220.0


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
class LengthBin:
    """Completions of `low` to `high` tokens or characters."""

    low: int
    high: int
    rows: int
    x: float
    width: float
    height: float
    scores: Mapping[str, Scores]


@dataclass(frozen=True)
class LengthPlot:
    """Mean score by completion length: bars for the rows, a line for each reward.

    Attributes:
        unit: tokens or characters.
        bins: from short to long; the edges are powers of two.
        lines: by reward its points, x and y.
        scale: where a score lies, from the plot's foot.
    """

    unit: str
    bins: list[LengthBin]
    scale: Scale
    lines: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    @property
    def ticks(self) -> list[float]:
        """The scores to mark: the ends of the scale, 0, and the middle."""
        ends = {self.scale.lowest, 0.0, self.scale.highest}
        return sorted(ends | {(self.scale.lowest + self.scale.highest) / 2})


def plot_lengths(run: RunFigures) -> LengthPlot | None:
    """The plot of a run; `None` where no row has a completion."""
    unit = run.length_unit
    found = run.lengths[unit]
    if not found:
        return None
    scale = Scale.of(run.rewards.values(), PLOT_HEIGHT)
    numbers = range(min(found), max(found) + 1)
    step = PLOT_WIDTH / len(numbers)
    rows_in = {n: max((s.rows for s in found.get(n, {}).values()), default=0) for n in numbers}
    most = max(rows_in.values()) or 1
    plot = LengthPlot(unit, [], scale)
    for at, number in enumerate(numbers):
        by_reward = found.get(number, {})
        plot.bins.append(
            LengthBin(
                low=2 ** (number - 1) if number else 0,
                high=2**number - 1,
                rows=rows_in[number],
                x=at * step,
                width=step,
                height=PLOT_HEIGHT * rows_in[number] / most,
                scores=by_reward,
            )
        )
        for reward, scores in by_reward.items():
            if scores.mean is not None:
                point = ((at + 0.5) * step, PLOT_HEIGHT - scale(scores.mean))
                plot.lines.setdefault(reward, []).append(point)
    return plot
