"""The reward curve as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grpo_plugin.demo.evaluation import Evaluation
    from grpo_plugin.demo.reinforcement import CurvePoint

_INK, _PALE = "#222222", "#d8d8d8"
_COLOURS = {"accuracy": "#0b6e4f", "format": "#d1731f", "reward": "#3b4cc0", "length": "#7a5195"}
_WINDOW = 9  # steps in the moving mean


def plot_curve(
    path: Path,
    points: Sequence[CurvePoint],
    *,
    before: Evaluation | None = None,
    after: Evaluation | None = None,
    max_reward: float = 1.2,
) -> None:
    """Draw rewards and completion length over the steps of GRPO.

    Faint lines are single steps, strong ones a moving mean. Rings mark the accuracy on held-out
    problems before and after, at temperature 1.
    """
    # The object interface, not pyplot: no global state and no window system.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 6.4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    rates, total, length = figure.subplot_mosaic(
        [["rates", "rates"], ["total", "length"]], height_ratios=[1.6, 1]
    ).values()
    steps = [point.step for point in points]
    _draw(rates, steps, [p.accuracy for p in points], "accuracy", label="accuracy (training)")
    _draw(rates, steps, [p.format for p in points], "format", label="format (training)")
    _mark_held_out(rates, points, before, after)
    rates.set(title="Share of completions that earn the reward", ylim=(-0.03, 1.05))
    rates.legend(loc="lower right", frameon=False, fontsize=9)
    _draw(total, steps, [p.reward for p in points], "reward")
    total.set(title="Total reward (weighted sum)", ylim=(-0.03 * max_reward, 1.05 * max_reward))
    _draw(length, steps, [p.length for p in points], "length")
    lengths = [p.length for p in points] or [0.0]
    length.set(title="Mean completion length (tokens)", ylim=(0, 1.25 * max(lengths) + 1))
    for axes in (rates, total, length):
        _tidy(axes)
    figure.suptitle("GRPO with rule-based rewards on two-digit sums", fontsize=13, color=_INK)
    partial = path.with_name(f".{path.name}.partial")
    figure.savefig(partial, format="png")
    partial.replace(path)


def _draw(
    axes: Any, steps: Sequence[int], values: Sequence[float], kind: str, *, label: str = ""
) -> None:
    colour = _COLOURS[kind]
    axes.plot(steps, values, color=colour, alpha=0.25, linewidth=1)
    axes.plot(steps, _moving_mean(values), color=colour, linewidth=2.2, label=label)


def _mark_held_out(
    axes: Any,
    points: Sequence[CurvePoint],
    before: Evaluation | None,
    after: Evaluation | None,
) -> None:
    last = points[-1].step if points else 0
    marks = [(0, before), (last, after)]
    for number, (step, evaluation) in enumerate(marks):
        if evaluation is not None:
            axes.errorbar(
                step,
                evaluation.accuracy,
                yerr=evaluation.margin,
                fmt="o",
                markersize=8,
                color=_COLOURS["accuracy"],
                markerfacecolor="white",
                markeredgewidth=2,
                capsize=4,
                zorder=5,
                clip_on=False,
                label="accuracy (held out, ±95 %)" if number == 0 else None,
            )
            axes.annotate(
                f"{evaluation.accuracy:.0%}",
                (step, evaluation.accuracy),
                xytext=(10 if number == 0 else -10, -16),
                ha="left" if number == 0 else "right",
                textcoords="offset points",
                color=_COLOURS["accuracy"],
                fontweight="bold",
            )


def _tidy(axes: Any) -> None:
    axes.set_xlabel("GRPO step", color=_INK)
    axes.title.set(fontsize=10.5, color=_INK)
    axes.grid(axis="y", color=_PALE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_PALE)
    axes.tick_params(colors=_INK, length=0)


def _moving_mean(values: Sequence[float]) -> list[float]:
    """Means over a window centred on each step, shorter at the ends."""
    half = _WINDOW // 2
    windows = [values[max(0, i - half) : i + half + 1] for i in range(len(values))]
    return [sum(window) / len(window) for window in windows]
