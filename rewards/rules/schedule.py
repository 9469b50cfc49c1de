"""A reward whose weight changes while training goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, isfinite, pi
from typing import Literal

from rewards.composite import Batch, Combination, check_rewards
from rewards.errors import InputError
from rewards.reward import Reward
from rewards.verdict import Verdict


@dataclass(frozen=True)
class Schedule(Combination):
    """A reward times a weight that goes from `start` to `end` over a stretch of training.

    The progress is `trainer_state.global_step / max_steps`, as TRL hands it over. Before `begin`
    the weight is `start`, from `until` on it is `end`, and in between it goes by `shape`:

    ```
    linear   start + (end - start) · x         x = (progress - begin) / (until - begin)
    cosine   start + (end - start) · (1 - cos(pi · x)) / 2
    step     start
    ```

    Without a trainer's state (scoring a file) the weight is `end`. `None` stays `None`.

    Attributes:
        reward: what is weighted.
        start, end: the weights.
        begin, until: the stretch, as shares of training in [0, 1].
        shape: how the weight moves.
        steps: steps of the whole training, where the trainer's own `max_steps` is not it.

    >>> from rewards import format
    >>> fading = Schedule(format, start=1.0, end=0.0, until=0.5)
    >>> fading.name, fading.weight_at(0.25)
    ('format_scheduled', 0.5)

    Raises:
        InputError: an option has a value that it cannot have.
    """

    reward: Reward
    start: float = 1.0
    end: float = 0.0
    begin: float = 0.0
    until: float = 1.0
    shape: Literal["linear", "cosine", "step"] = "linear"
    steps: int | None = None

    def __post_init__(self) -> None:
        check_rewards("Schedule", self.parts)
        if not (isfinite(self.start) and isfinite(self.end)):
            raise InputError(f"Schedule: start={self.start}, end={self.end} must be finite")
        if not 0 <= self.begin <= self.until <= 1:
            raise InputError(
                f"Schedule: begin={self.begin}, until={self.until} must be shares of training, "
                "0 <= begin <= until <= 1"
            )
        if self.shape not in {"linear", "cosine", "step"}:
            raise InputError(f"Schedule: no shape {self.shape!r}; linear, cosine or step")
        if self.steps is not None and self.steps < 1:
            raise InputError(f"Schedule: steps={self.steps} must be above 0")
        self._set_name(f"{self.reward.name}_scheduled")

    @property
    def parts(self) -> tuple[Reward, ...]:
        """The reward that is weighted."""
        return (self.reward,)

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]  # as the reward has it
        """The lowest and the highest score there can be."""
        ends = [weight * end for weight in (self.start, self.end) for end in self.reward.bounds]
        return min(ends), max(ends)

    def weight_at(self, progress: float) -> float:
        """The weight at a share of training in [0, 1]."""
        if progress >= self.until:
            return self.end
        if progress <= self.begin or self.shape == "step":
            return self.start
        share = (progress - self.begin) / (self.until - self.begin)
        if self.shape == "cosine":
            share = (1 - cos(pi * share)) / 2
        return self.start + (self.end - self.start) * share

    def combine(self, batch: Batch) -> list[Verdict]:
        """Weight the scores."""
        progress = self._progress(batch.trainer_state)
        weight = self.weight_at(1.0 if progress is None else progress)
        when = "outside of training" if progress is None else f"at {progress:.0%} of training"
        return [
            verdict
            if verdict.score is None
            else replace(
                verdict,
                score=weight * verdict.score,
                reason=f"{verdict.reason}; weight {weight:g} {when}",
            )
            for verdict in batch.ask_all(self.reward)
        ]

    def _progress(self, state: object) -> float | None:
        step = getattr(state, "global_step", None)
        steps = self.steps or getattr(state, "max_steps", None)
        if not isinstance(step, int) or not isinstance(steps, int) or steps < 1:
            return None
        return min(1.0, step / steps)
