"""From a trainer's log to the curves worth a look, as plain numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_REWARD = re.compile(r"rewards/(?P<name>.+)/mean")
_STEP_REWARD = re.compile(r"steps/(?P<name>.+)/mean")


@dataclass(frozen=True)
class Curve:
    """One quantity over the optimizer steps.

    Attributes:
        label: for the legend; "" where the panel's title says it all.
        steps: rising.
        values: finite, one per step.
        evaluation: measured on held-out prompts, and so a few points rather than a line.
    """

    label: str
    steps: tuple[int, ...]
    values: tuple[float, ...]
    evaluation: bool = False


@dataclass(frozen=True)
class Panel:
    """Curves that share an axis.

    Attributes:
        title: of the panel.
        curves: at least one.
        low, high: the edges of a band around the first curve, or `None`.
        share: the values are shares, so that the axis shows 0 to 1.
    """

    title: str
    curves: tuple[Curve, ...]
    low: Curve | None = None
    high: Curve | None = None
    share: bool = False


def read_panels(log_history: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """The panels for which the log has values.

    Args:
        log_history: `trainer.state.log_history`: a dict per log, with `step`. What is missing,
            not a number or not finite is left out.
    """
    names = sorted({name for entry in log_history for name in entry})
    rewards = _named(names, _REWARD)
    total = _curve(log_history, "reward", "reward")
    spread = _curve(log_history, "reward_std", "")
    candidates = [
        Panel(
            "Rewards (mean)",
            _curves(log_history, rewards) + _curves(log_history, rewards, prefix="eval_"),
        ),
        Panel(
            "Reward in total (±1 standard deviation)",
            _present(total, _curve(log_history, "eval_reward", "reward", evaluation=True)),
            low=_shifted(total, spread, -1),
            high=_shifted(total, spread, 1),
        ),
        Panel(
            "Rewards of steps (mean)",
            _curves(log_history, _named(names, _STEP_REWARD)),
        ),
        *(_statuses(log_history, names, name) for name in rewards.values()),
        Panel(
            "Completion length (tokens; band: shortest to longest)",
            _present(_curve(log_history, "completions/mean_length", "")),
            low=_curve(log_history, "completions/min_length", ""),
            high=_curve(log_history, "completions/max_length", ""),
        ),
        Panel(
            "Groups without a difference, completions cut off",
            _present(
                _curve(log_history, "dead_groups", "dead groups")
                or _curve(log_history, "frac_reward_zero_std", "dead groups"),  # TRL's name
                _curve(log_history, "completions/clipped_ratio", "cut off"),
            ),
            share=True,
        ),
        Panel("Entropy (nats per token)", _present(_curve(log_history, "entropy", ""))),
        Panel(
            "KL to the reference (nats per token)",
            _curves(log_history, {name: name for name in names if _is_kl(name)}),
        ),
    ]
    return [panel for panel in candidates if panel.curves]


def _named(names: Iterable[str], pattern: re.Pattern[str]) -> dict[str, str]:
    """Keys of the log that match, with the name that stands in them."""
    found = ((name, pattern.fullmatch(name)) for name in names)
    return {name: match["name"] for name, match in found if match}


def _statuses(log_history: Sequence[Mapping[str, Any]], names: Sequence[str], reward: str) -> Panel:
    """How often each verdict was given: keys such as `accuracy/no_answer`, which are shares.

    The right ones come first and those that never were given are left out.
    """
    start = f"{reward}/"
    keys = {name: name[len(start) :] for name in names if name.startswith(start)}
    curves = [curve for curve in _curves(log_history, keys) if any(curve.values)]
    curves.sort(key=lambda curve: curve.label != "correct")
    return Panel(f"Verdicts of {reward} (share)", tuple(curves), share=True)


def _curves(
    log_history: Sequence[Mapping[str, Any]], keys: Mapping[str, str], *, prefix: str = ""
) -> tuple[Curve, ...]:
    found = (
        _curve(log_history, prefix + key, label, evaluation=bool(prefix))
        for key, label in keys.items()
    )
    return _present(*found)


def _curve(
    log_history: Sequence[Mapping[str, Any]], key: str, label: str, *, evaluation: bool = False
) -> Curve | None:
    points = {  # by step: what was logged last counts, as after a resumption
        int(entry["step"]): float(entry[key])
        for entry in log_history
        if isinstance(entry.get("step"), int | float) and _is_number(entry.get(key))
    }
    steps = tuple(sorted(points))
    values = tuple(points[step] for step in steps)
    return Curve(label, steps, values, evaluation) if steps else None


def _is_kl(name: str) -> bool:
    return name == "kl" or (name.startswith("kl/") and name != "kl/coefficient")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _present(*curves: Curve | None) -> tuple[Curve, ...]:
    return tuple(curve for curve in curves if curve is not None)


def _shifted(mean: Curve | None, spread: Curve | None, times: int) -> Curve | None:
    if mean is None or spread is None or mean.steps != spread.steps:
        return None
    values = tuple(m + times * s for m, s in zip(mean.values, spread.values, strict=True))
    return Curve("", mean.steps, values)
