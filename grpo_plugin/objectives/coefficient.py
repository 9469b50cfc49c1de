"""Gradient coefficients: ∂loss/∂logp of every token, all that a fused loss needs of an objective.

The gradient of any objective with respect to the parameters is Σ_t c_t ∇ log π_θ(o_t) with
c = ∂loss/∂logp (DeepSeekMath section 5.2.1), so whoever has the coefficients can finish a token
without knowing what it is that is being optimised.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.objectives.config import ObjectiveConfig
from grpo_plugin.objectives.registry import Dependence, Objective


@dataclass(frozen=True, kw_only=True, eq=False)
class Coefficients:
    """A loss and its derivatives, all without graph.

    Attributes:
        loss: scalar.
        logp: (B, T), ∂loss/∂logp; exactly zero at masked tokens.
        entropy: (B, T), ∂loss/∂entropy, or `None` where no entropy term asks for it.
    """

    loss: Tensor
    logp: Tensor
    entropy: Tensor | None = None


def coefficients(
    objective: Objective, logp: Tensor, batch: Batch, config: ObjectiveConfig | None = None
) -> Coefficients:
    """Loss and coefficients by automatic differentiation, exact for every objective.

    Args:
        objective: any.
        logp: (B, T); its own graph is neither used nor touched.
        batch: its entropy too is taken as a plain value.
        config: by default the paper's.
    """
    settled = objective.settle(config)
    point = logp.detach().requires_grad_()
    entropy = None
    reads_entropy = settled.entropy_coef != 0 or "entropy" in objective.needs
    if reads_entropy and batch.entropy is not None:
        entropy = batch.entropy.detach().requires_grad_()
        batch = replace(batch, entropy=entropy)
    with torch.enable_grad():
        loss = objective(point, batch, settled)
    wanted = [point] if entropy is None else [point, entropy]
    gradients = (
        torch.autograd.grad(loss, wanted, allow_unused=True)
        if loss.requires_grad
        else (None,) * len(wanted)
    )
    found = [
        torch.zeros_like(at) if gradient is None else gradient
        for at, gradient in zip(wanted, gradients, strict=True)
    ]
    return Coefficients(
        loss=loss.detach(), logp=found[0], entropy=None if entropy is None else found[1]
    )


def gradient_coefficient(
    objective: Objective, logp: Tensor, batch: Batch, config: ObjectiveConfig | None = None
) -> Tensor:
    """(B, T): ∂loss/∂logp."""
    return coefficients(objective, logp, batch, config).logp


def known_beforehand(
    objective: Objective, batch: Batch, config: ObjectiveConfig | None = None
) -> bool:
    """Whether ∂loss/∂logp is the same for all log-probs, so that it can be had before the model.

    True on-policy (`old_logp` is None) without a KL term in the loss, for objectives that see
    the policy only through its ratio, and always for REINFORCE and the like. Then
    `gradient_coefficient` at any log-probs (zeros, say) is the coefficient, and tokens where it
    is zero need not be computed at all; only the loss's value may still depend on log-probs.
    """
    settled = objective.settle(config)
    if settled.beta != 0 or objective.dependence is Dependence.VALUE:
        return False
    if settled.off_policy_threshold is not None and not (
        batch.old_logp is None and batch.sampling_logp is None
    ):
        return False
    return objective.dependence is Dependence.NOTHING or batch.old_logp is None
