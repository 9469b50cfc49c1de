"""What process supervision does with step rewards, apart from any trainer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from grpo_plugin.advantages import normalize_steps, spread_outcomes, spread_steps
from grpo_plugin.errors import StepError
from grpo_plugin.steps.cutting import CutCompletion
from grpo_plugin.steps.scoring import Scores, StepReward, name_of
from grpo_plugin.steps.splitting import SplitSteps, Splitter


@dataclass(frozen=True, kw_only=True)
class ProcessSupervision:
    r"""Step rewards and how they join the outcome rewards.

    With r_j = Σ_f weight_f · r_{f,j} the reward of step j (over the functions f that gave one),
    r̃_j its value normalised over all the steps of all the completions of the group, and Â the
    advantage from `reward_funcs`, a token's advantage is

        A_t = outcome_weight · Â + step_weight · Σ_{j: index(j) ≥ t} r̃_j

    The sum is DeepSeekMath's (section 4.1.3); the paper uses either term alone. A completion
    without steps has the first term only.

    Attributes:
        functions: the step reward functions.
        weights: of each function's rewards; by default all 1.
        splitter: how a completion is cut into steps.
        step_weight: of the normalised step rewards.
        outcome_weight: of the advantage from outcome rewards.

    Raises:
        StepError: there is no function, one is not callable, two share a name, or a weight is
            missing or not finite.
    """

    functions: Sequence[StepReward]
    weights: Sequence[float] | None = None
    splitter: Splitter = field(default_factory=SplitSteps)
    step_weight: float = 1.0
    outcome_weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.functions:
            raise StepError("step_reward_funcs is empty; give a function, or leave it out")
        for function in (*self.functions, self.splitter):
            if not callable(function):
                raise StepError(
                    f"{function!r} is not callable; step_reward_funcs takes functions of `steps`, "
                    "and a splitter is a function from a text to spans"
                )
        if len(set(self.names)) < len(self.names):
            raise StepError(
                f"two step rewards share a name ({', '.join(self.names)}) and their logs would "
                "run together; give each function another __name__"
            )
        if self.weights is not None and len(self.weights) != len(self.functions):
            raise StepError(
                f"weights has {len(self.weights)} entries for {len(self.functions)} step rewards"
            )
        if not all(map(math.isfinite, (*self._weights, self.step_weight, self.outcome_weight))):
            raise StepError("a weight of the process supervision is not a finite number")

    @classmethod
    def of(cls, step_reward_funcs: Any) -> ProcessSupervision | None:
        """From what the trainer was given: nothing, a function, several, or all options."""
        if step_reward_funcs is None or isinstance(step_reward_funcs, cls):
            return step_reward_funcs
        if callable(step_reward_funcs):
            return cls(functions=(step_reward_funcs,))
        return cls(functions=tuple(step_reward_funcs))

    @property
    def names(self) -> list[str]:
        """The functions' names, as they are logged."""
        return [name_of(function) for function in self.functions]

    @property
    def _weights(self) -> Sequence[float]:
        return self.weights if self.weights is not None else [1.0] * len(self.functions)

    def combine(self, scores: Sequence[Scores]) -> Scores:
        """r_j of every step: the weighted sum over the functions that gave a reward, else NaN."""
        combined = []
        for rows in zip(*scores, strict=True):  # one row of each function
            row = []
            for values in zip(*rows, strict=True):
                known = [
                    weight * value
                    for weight, value in zip(self._weights, values, strict=True)
                    if not math.isnan(value)
                ]
                row.append(math.fsum(known) if known else math.nan)
            combined.append(row)
        return combined

    def advantages(  # noqa: PLR0913 - the parts of one formula
        self,
        *,
        outcome: Tensor,
        rewards: Scores,
        own: slice,
        group_size: int,
        cuts: Sequence[CutCompletion],
        live: Tensor,
    ) -> Tensor:
        """(B, T) advantages of one process's completions.

        Args:
            outcome: (B,) or (B, T), Â.
            rewards: r_j of the completions of all processes, in order, groups side by side.
            own: which of them belong to this process.
            group_size: completions per group.
            cuts: (B,), this process's steps.
            live: (B, T).
        """
        most = max((len(row) for row in rewards), default=0)
        known = _padded(rewards, most, math.nan, torch.float64)
        group = torch.arange(len(rewards)) // group_size
        scores = normalize_steps(known, group)[own]
        ends = _padded([cut.ends for cut in cuts], most, -1, torch.long)
        steps = spread_steps(scores, ends, live.shape[1]).to(outcome)
        if outcome.dim() == 1:
            outcome = spread_outcomes(outcome, live)
        total = self.outcome_weight * outcome + self.step_weight * steps
        return torch.where(live != 0, total, torch.zeros_like(total))


def _padded(
    rows: Sequence[Sequence[float]], length: int, filler: float, dtype: torch.dtype
) -> Tensor:
    table = [[*row, *([filler] * (length - len(row)))] for row in rows]
    return torch.tensor(table, dtype=dtype).view(len(rows), length)
