"""The window: all micro-batches of one optimizer step, and how many tokens they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from grpo_plugin.training.rollout import loss_mask


@dataclass(frozen=True, kw_only=True)
class Window:
    """What a micro-batch must know of its optimizer step.

    Attributes:
        accumulation: micro-batches in the window, per process; 1 in evaluation.
        steps_per_generation: micro-batches that a generation batch was split into; 1 in evaluation.
        world_size: processes.
        max_length: `max_completion_length`, in tokens.
        seed: varies from step to step.
        tokens: live tokens of the window over all processes, where they were counted; otherwise
            its even share of the generation batch's stands for them.
    """

    accumulation: int
    steps_per_generation: int
    world_size: int
    max_length: int | None
    seed: int
    tokens: Tensor | None = None


class Windows:
    """Tells a trainer's windows apart, and counts the tokens of each where that is asked for.

    Args:
        exact: whether to count.
    """

    def __init__(self, *, exact: bool) -> None:
        self._exact = exact
        self._left = 0
        self._tokens: Tensor | None = None

    def at(self, trainer: Any) -> Window:
        """The window of the micro-batch whose loss is asked for; to be called once for each."""
        training = trainer.model.training
        accumulation = trainer.current_gradient_accumulation_steps if training else 1
        tokens = None
        if training and self._exact:
            if self._left <= 0:
                self._left, self._tokens = accumulation, _tokens_ahead(trainer, accumulation)
            self._left -= 1
            tokens = self._tokens
        return Window(
            accumulation=accumulation,
            steps_per_generation=trainer.args.steps_per_generation if training else 1,
            world_size=trainer.accelerator.num_processes,
            max_length=trainer.max_completion_length,
            seed=trainer.state.global_step,
            tokens=tokens,
        )


def _tokens_ahead(trainer: Any, accumulation: int) -> Tensor:
    """Live tokens of the next micro-batches, over all processes: one collective a window."""
    first = trainer._step % trainer.args.steps_per_generation  # noqa: SLF001 - TRL's count
    ahead = trainer._buffered_inputs[first : first + accumulation]  # noqa: SLF001
    counts = [loss_mask(part).sum() for part in ahead]
    found: Tensor = trainer.accelerator.gather(torch.stack(counts).sum()[None]).sum()
    return found
