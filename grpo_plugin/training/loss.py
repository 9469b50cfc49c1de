"""The objective's scalar for a micro-batch: the one place where a loss is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.errors import PluginError
from grpo_plugin.objectives import Objective, ObjectiveConfig
from grpo_plugin.training.forward import token_logps
from grpo_plugin.training.microbatch import MicroBatch


@dataclass(frozen=True, kw_only=True, eq=False)
class PolicyLoss:
    """The loss of a micro-batch, with what metrics are made of.

    Attributes:
        loss: scalar with graph, the router's loss included.
        value: the objective's part of it, without graph.
        logp: (B, T), without graph.
        batch: what the objective was given, entropy included where it was computed.
        auxiliary: the router's loss, scalar without graph, where there is one.
    """

    loss: Tensor
    value: Tensor
    logp: Tensor
    batch: Batch
    auxiliary: Tensor | None = None


def policy_loss(
    trainer: Any, model: Any, micro: MicroBatch, options: ObjectiveConfig
) -> PolicyLoss:
    """Run the policy over a micro-batch and apply the objective.

    Args:
        trainer: ours; its `plan.objective` is set.
        model: the policy as it is wrapped for training.
        micro: what enters it.
        options: the objective's, with the present KL coefficient.

    Raises:
        PluginError: the objective returned something that is not a scalar.
    """
    objective = _scalar(trainer.plan.objective)
    fused = trainer.fused_heads.loss(trainer, model, micro, objective, options)
    if fused is not None:
        return PolicyLoss(
            loss=fused.loss,
            value=fused.loss.detach(),
            logp=fused.logp,
            batch=replace(micro.batch, entropy=fused.entropy),
        )
    routed = bool(getattr(trainer, "aux_loss_enabled", False))
    found = token_logps(trainer, model, micro.inputs, auxiliary=routed)
    batch = replace(micro.batch, entropy=found.entropy)
    if trainer.top_entropy_quantile < 1.0:
        uncertain = trainer.get_high_entropy_mask(
            found.entropy, batch.mask.long(), 1 - trainer.top_entropy_quantile
        )
        batch = replace(batch, policy_weight=uncertain.to(batch.advantages.dtype))
    loss = objective(found.logp, batch, options)
    value = loss.detach()
    auxiliary = found.auxiliary if routed else None
    if auxiliary is not None:
        loss = loss + trainer.router_aux_loss_coef * auxiliary / batch.accumulation
        auxiliary = auxiliary.detach()
    return PolicyLoss(
        loss=loss, value=value, logp=found.logp.detach(), batch=batch, auxiliary=auxiliary
    )


def _scalar(objective: Objective) -> Objective:
    """The same objective, with an error for what is no scalar."""

    def checked(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:
        loss = objective.function(logp, batch, config)
        if not isinstance(loss, Tensor) or loss.dim() != 0:
            shape = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
            raise PluginError(
                f"objective={objective.name!r} returned {shape}; it must return a scalar tensor"
            )
        return loss

    return replace(objective, function=checked)
