"""One micro-batch under an objective: its losses, their metrics, and the KL they steer by."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from grpo_plugin.training.metrics import record_loss
from grpo_plugin.training.microbatch import microbatch, whole_batch
from grpo_plugin.training.steering import WindowKL, current_options
from grpo_plugin.training.window import Windows


class Step:
    """Computes the loss of micro-batches, and keeps what outlives one of them.

    Args:
        exact: whether the live tokens of each window are counted.
    """

    def __init__(self, *, exact: bool) -> None:
        self._windows = Windows(exact=exact)
        self._kl = WindowKL()

    def loss(self, trainer: Any, model: Any, inputs: dict[str, Any]) -> Tensor:
        """The policy's loss, with graph; a value model takes its own part of a step besides.

        Args:
            trainer: ours; its `plan.objective` is set.
            model: the policy as it is wrapped for training.
            inputs: one micro-batch as TRL hands it to its loss.
        """
        window = self._windows.at(trainer)
        keep_all = trainer.top_entropy_quantile < 1.0 or getattr(trainer, "aux_loss_enabled", False)
        micro = microbatch(
            inputs,
            trainer.plan,
            window,
            trainer.foreseen,
            keep_all=keep_all,
            multiple=getattr(trainer, "pad_to_multiple_of", None),
        )
        found = trainer.policy_loss_of(model, micro)
        value_loss = None
        if trainer.critic is not None:
            value_loss = trainer.critic.update(trainer, inputs, whole_batch(inputs, window))
        record_loss(trainer, micro, found, current_options(trainer), value_loss=value_loss)
        self._kl.observe(trainer, found.logp, found.batch)
        loss: Tensor = found.loss
        return loss
