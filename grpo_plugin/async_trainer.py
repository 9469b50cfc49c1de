r"""Objectives for TRL's asynchronous trainer, which is no subclass of its `GRPOTrainer`.

```python
from trl.experimental.async_grpo import AsyncGRPOTrainer
from grpo_plugin.async_trainer import WithObjective
from rewards import accuracy, format

class Trainer(WithObjective, AsyncGRPOTrainer):
    pass

trainer = Trainer(model=..., reward_funcs=[accuracy, format], objective="gspo", ...)
```

TRL's own step runs, metrics included; only the loss that it returns is another one, of the same
log-probs. π_old is the model that sampled, as TRL has it. What there is no data for is refused when
the trainer is made: a reference policy (a KL term), rewards, groups and entropies do not reach the
step. Options of TRL that belong to its own loss (`epsilon`, `epsilon_high`) only name its clip
metrics; the objective's numbers are in `objective_config`.

Not covered: the fused loss, advantages other than TRL's, process supervision, recipes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from grpo_plugin.batch import Batch
from grpo_plugin.errors import ConfigurationError
from grpo_plugin.objectives import Objective, ObjectiveConfig, resolve


class WithObjective:
    """Stands before `AsyncGRPOTrainer` in a class's bases.

    Args:
        objective: a name of `objectives.available()`, or `objective(logp, batch, config) -> loss`.
        objective_config: its options; by default its paper's.

    Raises:
        ConfigurationError: the objective needs what an asynchronous step does not have.
    """

    def __init__(
        self,
        *args: Any,
        objective: Any,
        objective_config: ObjectiveConfig | None = None,
        **kwargs: Any,
    ) -> None:
        self.objective: Objective = resolve(objective)
        self.objective_config = self.objective.settle(objective_config)
        _check(self.objective, self.objective_config, objective_config)
        super().__init__(*args, **kwargs)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,  # noqa: FBT001, FBT002 - TRL's signature
        num_items_in_batch: Any = None,
    ) -> Tensor:
        """The objective's loss of a packed micro-batch; TRL's is computed for its metrics."""
        outputs: list[Any] = []

        def remembering(**given: Any) -> Any:
            outputs.append(model(**given))
            return outputs[-1]

        step: Any = super()
        step.compute_loss(remembering, inputs, return_outputs, num_items_in_batch)
        (found,) = outputs
        logp, batch = _as_batch(self, inputs, found.log_probs)
        loss = self.objective(logp, batch, self.objective_config)
        if getattr(self, "aux_loss_enabled", False):
            auxiliary = self.router_aux_loss_coef * found.aux_loss  # type: ignore[attr-defined]
            loss = loss + auxiliary / batch.accumulation
        return loss


def _as_batch(trainer: Any, inputs: dict[str, Any], log_probs: Tensor) -> tuple[Tensor, Batch]:
    """(B, T) log-probs and what belongs to them, of the flat terms that TRL packs.

    A row holds the terms of one completion (of one training sequence, where a rollout was cut into
    several), in their order.
    """
    selected = inputs["token_index"] >= 0
    flat = log_probs.flatten()[inputs["token_index"][selected]]
    segment = inputs["segment_id"][selected]
    counts = torch.bincount(segment)
    order = torch.argsort(segment, stable=True)
    column = torch.empty_like(order)
    begin = counts.cumsum(0) - counts
    column[order] = torch.arange(len(order), device=order.device) - begin[segment[order]]
    shape = (len(counts), int(counts.max()))

    def padded(values: Tensor) -> Tensor:
        return values.new_zeros(shape).index_put((segment, column), values)

    accumulation = int(trainer.current_gradient_accumulation_steps)
    tokens, forwarded, mean = (
        float(inputs[name][0])
        for name in ("global_n_tokens", "global_n_forward_tokens", "mean_seq_len")
    )
    batch = Batch(
        advantages=padded(inputs["advantages"][selected]),
        mask=padded(torch.ones_like(segment)).bool(),
        old_logp=padded(inputs["old_log_probs"][selected]),
        token_count=tokens * accumulation,
        sequence_count=round(forwarded / mean) * accumulation,
        accumulation=accumulation,
        world_size=trainer.accelerator.num_processes,
        max_length=trainer.args.max_completion_length,
        seed=trainer.state.global_step,
    )
    return padded(flat), batch


def _check(objective: Objective, config: ObjectiveConfig, given: ObjectiveConfig | None) -> None:
    one = torch.zeros(1, 1)
    batch = Batch(advantages=one, mask=one == 0, old_logp=one, max_length=1)
    try:
        if given is not None:
            objective.check_options(given)
        objective.check(batch, config)
    except ValueError as error:
        raise ConfigurationError(
            f"objective={objective.name!r} cannot run in the asynchronous trainer: {error}"
        ) from error
