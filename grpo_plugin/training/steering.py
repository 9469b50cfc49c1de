"""The KL coefficient while it trains: fixed, or steered by the KL that was observed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.kl import AdaptiveKL, token_kl
from grpo_plugin.objectives import ObjectiveConfig
from grpo_plugin.training.estimating import KLPlace


def current_options(trainer: Any) -> ObjectiveConfig:
    """The objective's options with the KL coefficient as it is now."""
    options: ObjectiveConfig = trainer.plan.options
    coefficient = trainer.kl_controller.coefficient
    if options.beta in (0, coefficient):
        return options
    return replace(options, beta=coefficient)


def steer_kl(trainer: Any, of_outputs: Tensor) -> None:
    """Move an adaptive coefficient by the KL (N,) of completions of all processes."""
    controller = trainer.kl_controller
    if isinstance(controller, AdaptiveKL):
        observed = float(of_outputs.mean())
        trainer.kl_controller = controller.updated(observed, samples=of_outputs.shape[0])


class WindowKL:
    """Steers by the KL in the loss, once a window: sums its micro-batches' until the step."""

    def __init__(self) -> None:
        self._parts: list[Tensor] = []

    def observe(self, trainer: Any, logp: Tensor, batch: Batch) -> None:
        """Count a micro-batch in, (B, T); where its window ends, steer by all processes' mean."""
        adaptive = (
            isinstance(trainer.kl_controller, AdaptiveKL) and trainer.plan.kl_in is KLPlace.LOSS
        )
        if not adaptive or not trainer.model.training or batch.ref_logp is None:
            return
        of_tokens = token_kl(logp, batch.ref_logp, batch.mask, trainer.plan.kl_estimator)
        of_outputs = of_tokens.sum(dim=1)
        self._parts.append(torch.stack([of_outputs.sum(), of_outputs.new_tensor(len(of_outputs))]))
        if trainer.accelerator.sync_gradients:
            total, count = trainer.accelerator.reduce(torch.stack(self._parts).sum(0)).tolist()
            self._parts.clear()
            steer_kl(trainer, logp.new_full((int(count),), total / max(count, 1)))
