"""The curves of a run as a picture that is kept up to date."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from grpo_plugin.callbacks.curves import Curve, Panel, read_panels
from grpo_plugin.errors import MissingExtraError

logger = logging.getLogger(__name__)

_INK, _PALE = "#222222", "#d8d8d8"
# Okabe and Ito's colours, which also the colour-blind tell apart; without the yellow.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a5195", "#666666")
_SUFFIXES = (".png", ".svg", ".pdf")


class RewardPlot(TrainerCallback):  # type: ignore[misc]  # transformers carries no types here
    """Draws rewards, verdicts, lengths, dead groups, entropy and KL from what the trainer logs.

    It only reads `trainer.state.log_history`, so it works beside W&B, Trackio and the others, and
    goes on with the whole curve in a run that is resumed. One process writes. A picture that
    cannot be written is reported once and never stops the training.

    Args:
        path: of the picture, `.png`, `.svg` or `.pdf`; by default `rewards.png` in the output
            directory.
        every_logs: logs between pictures; one more is drawn when the training ends.

    Raises:
        MissingExtraError: matplotlib is not installed.
        ValueError: the path has another suffix, or `every_logs` is below 1.
    """

    def __init__(self, path: str | Path | None = None, *, every_logs: int = 10) -> None:
        if find_spec("matplotlib") is None:
            raise MissingExtraError(
                "RewardPlot needs 'matplotlib', which is not installed: pip install 'rlvr[plots]'"
            )
        if path is not None and Path(path).suffix not in _SUFFIXES:
            raise ValueError(f"path is {str(path)!r}; it must end in {', '.join(_SUFFIXES)}")
        if every_logs < 1:
            raise ValueError(f"every_logs is {every_logs}; it must be at least 1")
        self._path = None if path is None else Path(path)
        self._every_logs = every_logs
        self._logs = 0
        self._failed = False

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Draw every so many logs."""
        del control
        self._logs += 1
        if self._logs % self._every_logs == 0:
            self._write(args, state)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Draw the whole run."""
        del control
        self._write(args, state)

    def _write(self, args: Any, state: Any) -> None:
        if not state.is_world_process_zero or self._failed:
            return
        path = self._path or Path(args.output_dir) / "rewards.png"
        try:
            draw_log(path, state.log_history)
        except Exception:  # a picture is not worth a training run
            self._failed = True
            logger.warning("the curves could not be written to %s", path, exc_info=True)


def draw_log(path: Path, log_history: Sequence[Mapping[str, Any]]) -> None:
    """Draw a trainer's log; nothing is written while it holds nothing to draw.

    Args:
        path: its suffix says the format. The picture appears whole or not at all.
        log_history: `trainer.state.log_history`, also that of a `trainer_state.json`.
    """
    panels = read_panels(log_history)
    if not panels:
        return
    # The object interface, not pyplot: no global state and no window system.
    from matplotlib.figure import Figure

    rows = -(-len(panels) // 2)
    figure = Figure(figsize=(11, 2.9 * rows + 0.4), dpi=110, layout="constrained")
    axes = figure.subplots(rows, 2, squeeze=False).flatten()
    for place, panel in zip(axes, panels, strict=False):
        _draw_panel(place, panel)
    for place in axes[len(panels) :]:
        place.set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    figure.savefig(partial, format=path.suffix[1:])
    partial.replace(path)


def _draw_panel(axes: Any, panel: Panel) -> None:
    if panel.low is not None and panel.high is not None and panel.low.steps == panel.high.steps:
        axes.fill_between(
            panel.low.steps,
            _smoothed(panel.low.values),
            _smoothed(panel.high.values),
            color=_COLOURS[0],
            alpha=0.15,
            linewidth=0,
        )
    labels = list(dict.fromkeys(curve.label for curve in panel.curves))
    for curve in panel.curves:
        _draw_curve(axes, curve, _COLOURS[labels.index(curve.label) % len(_COLOURS)])
    if any(labels):
        axes.legend(frameon=False, fontsize=8, ncols=1 + len(panel.curves) // 5)
    if panel.share:
        axes.set_ylim(-0.03, 1.03)
    axes.set_title(panel.title, fontsize=10, color=_INK)
    axes.set_xlabel("optimizer step", fontsize=8, color=_INK)
    axes.grid(axis="y", color=_PALE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_PALE)
    axes.tick_params(colors=_INK, labelsize=8, length=0)


def _draw_curve(axes: Any, curve: Curve, colour: str) -> None:
    """Single logs faint, their moving mean strong; evaluations as rings."""
    if curve.evaluation:
        axes.plot(
            curve.steps,
            curve.values,
            color=colour,
            label=f"{curve.label}, evaluation",
            linestyle=":",
            marker="o",
            markerfacecolor="white",
        )
        return
    lone = {"marker": "."} if len(curve.steps) == 1 else {}
    axes.plot(curve.steps, curve.values, color=colour, alpha=0.25, linewidth=1)
    smooth = _smoothed(curve.values)
    axes.plot(curve.steps, smooth, color=colour, linewidth=1.8, label=curve.label or None, **lone)


def _smoothed(values: Sequence[float]) -> list[float]:
    """Means over a centred window of about a twentieth of the run, shorter at the ends."""
    half = len(values) // 40
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    means = []
    for place in range(len(values)):
        start, stop = max(0, place - half), min(len(values), place + half + 1)
        means.append((sums[stop] - sums[start]) / (stop - start))
    return means
