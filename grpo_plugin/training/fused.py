"""The fused loss in the trainer: which models have it, and what they are asked.

A model without it (or with what it cannot do) goes through TRL's forward pass, after one warning.
"""

from __future__ import annotations

import inspect
import logging
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from grpo_plugin.errors import UnsupportedHeadError
from grpo_plugin.host import read, send
from grpo_plugin.loss.model import fuse_head
from grpo_plugin.loss.output_layer import Scaling
from grpo_plugin.loss.request import FusedOutput, FusedRequest, predicting_positions
from grpo_plugin.objectives import Objective, ObjectiveConfig
from grpo_plugin.training.microbatch import TEXT, MicroBatch
from grpo_plugin.training.packing import check_packing, has_variable_length, pack

logger = logging.getLogger(__name__)


class FusedHeads:
    """Which of a trainer's two models compute the fused loss.

    Args:
        trainer: ours, made by TRL, its policy not yet wrapped.
    """

    def __init__(self, trainer: Any) -> None:
        self.policy = self.reference = self.packs = False
        self._loss = True
        self._square_sums: list[tuple[Tensor, Tensor]] = []
        # TRL's method returns the router's loss, too, since it takes this argument.
        taken = inspect.signature(trainer._get_per_token_logps_and_entropies).parameters  # noqa: SLF001
        self._returns = 3 if "compute_aux_loss" in taken else 2
        if trainer.plan.objective is None or not trainer.plan.fused_loss:
            return
        if trainer.args.cast_lm_head_to_fp32:
            _warn("the policy", "cast_lm_head_to_fp32 asks for a head outside autocast")
            return
        self.policy, found = _fuse(trainer, trainer.model, "the policy")
        self.packs = trainer.plan.packed_forward and self.policy and _packs(trainer)
        if trainer.ref_model is not None:  # under FSDP2 it is sharded already
            self.reference, _ = _fuse(trainer, trainer.ref_model, "the reference", known=found)
        for asked, reason in (
            (trainer.top_entropy_quantile < 1.0, "top_entropy_quantile picks tokens by entropies"),
            (getattr(trainer, "aux_loss_enabled", False), "the router has a loss of its own"),
        ):
            if asked and self.policy:
                self._loss = False
                _warn("the policy's gradients", reason)

    def loss(
        self,
        trainer: Any,
        model: Any,
        micro: MicroBatch,
        objective: Objective,
        options: ObjectiveConfig,
    ) -> FusedOutput | None:
        """Loss, log-probs and entropies (B, T) of a micro-batch; `None` where it cannot be fused.

        Rows that weigh nothing are left out of the projection, and entropies of what nobody logs
        are not computed: at steps whose metrics are logged every row is, and elsewhere too where
        metrics compare log-probs with others.
        """
        inputs, batch = micro.inputs, micro.batch
        if not (self.policy and self._loss) or not _is_text(inputs):
            return None
        measured = _logged(trainer)
        live = micro.foresight.live
        found = self._ask(
            trainer,
            model,
            torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1),
            torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1),
            micro.attended,
            live,
            foresight=micro.foresight,
            temperature=trainer.temperature,
            objective=objective,
            batch=batch,
            config=options,
            entropy=measured,
            every_row=measured or batch.old_logp is not None or batch.ref_logp is not None,
        )
        return None if found is None else _spread(found, live, batch.mask.device)

    def logps(  # noqa: PLR0913 - TRL's arguments
        self,
        trainer: Any,
        model: Any,
        ids: Tensor,
        attention: Tensor,
        keep: int,
        *,
        batch_size: int | None,
        entropy: bool,
        others: dict[str, Any],
    ) -> tuple[Tensor | None, ...] | None:
        """What TRL's method returns, without gradients; `None` where it cannot be fused."""
        fused = self.reference if model is trainer.ref_model else self.policy
        if not fused or torch.is_grad_enabled() or any(v is not None for v in others.values()):
            return None
        parts = []
        everywhere = read(attention != 0)[0]
        for start in range(0, len(ids), batch_size or len(ids)):
            rows = slice(start, start + (batch_size or len(ids)))
            live = everywhere[rows, -keep:]
            found = self._ask(
                trainer,
                model,
                ids[rows],
                attention[rows],
                everywhere[rows],
                live,
                temperature=trainer.temperature,
                entropy=entropy,
                square_sum=trainer.plan.by_energy,
            )
            if found is None:
                return None
            parts.append(_spread(found, live, ids.device))
        logp = torch.cat([part.logp for part in parts if part.logp is not None])
        squares = [part.square_sum for part in parts if part.square_sum is not None]
        if squares:
            self._square_sums = [*self._square_sums[-1:], (logp, torch.cat(squares))]
        seen = [part.entropy for part in parts if part.entropy is not None]
        return (logp, torch.cat(seen) if entropy else None, None)[: self._returns]

    def square_sums_of(self, logp: Tensor | None) -> Tensor | None:
        """(n, T): Σ_v π(v)² of the pass that `logp` came of, where it was one of the last two."""
        return next((squares for made, squares in self._square_sums if made is logp), None)

    def _ask(  # noqa: PLR0913, PLR0917 - a forward pass
        self,
        trainer: Any,
        model: Any,
        ids: Tensor,
        attention: Tensor,
        attended: Tensor,
        live: Tensor,
        **options: Any,
    ) -> FusedOutput | None:
        """Ask a model; `attended` and `live` are on the CPU."""
        inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": attention}
        length, positions = ids.shape[1], None
        if self.packs:
            in_one_row = has_variable_length(trainer.accelerator.unwrap_model(model))
            packed = pack(ids, attended, live, in_one_row=in_one_row)
            if packed is not None:
                inputs, length, positions = packed.inputs, packed.length, packed.predicting
        if positions is None:
            positions = predicting_positions(live, length)
        places = live.flatten().nonzero().squeeze(1)
        tokens = ids[:, ids.shape[1] - live.shape[1] :].flatten()
        request = FusedRequest(
            positions=send(positions, ids.device),
            targets=tokens.index_select(0, send(places, ids.device)),
            length=length,
            **options,
        )
        try:
            with trainer.accelerator.autocast():
                found: FusedOutput = model(**inputs, fused=request)
        except UnsupportedHeadError as error:
            _warn("the model", str(error))
            self.policy = self.reference = False
            return None
        return found


def _spread(found: FusedOutput, live: Tensor, device: torch.device) -> FusedOutput:
    """With (B, T) log-probs and entropies, 0 where the mask, which is on the CPU, is."""
    places = send(live.flatten().nonzero().squeeze(1), device)

    def scattered(values: Tensor | None) -> Tensor | None:
        if values is None:
            return None
        flat = values.detach().to(device)
        return flat.new_zeros(live.numel()).index_copy_(0, places, flat).view(live.shape)

    return replace(
        found,
        logp=scattered(found.logp),
        entropy=scattered(found.entropy),
        square_sum=scattered(found.square_sum),
    )


def _logged(trainer: Any) -> bool:
    """Whether the metrics of the present step are in the next log."""
    args, state = trainer.args, trainer.state
    if not trainer.model.training or str(getattr(args.logging_strategy, "value", "")) != "steps":
        return True
    step = state.global_step + 1
    first = args.logging_first_step and step == 1
    return bool(first or step % max(state.logging_steps, 1) == 0 or step >= state.max_steps)


def _is_text(inputs: dict[str, Any]) -> bool:
    return all(key in TEXT for key, value in inputs.items() if value is not None)


def _fuse(
    trainer: Any, model: Any, whose: str, known: Scaling | None = None
) -> tuple[bool, Scaling | None]:
    """Try to fuse a model's head: whether that worked, and the scaling of its logits."""
    try:
        return True, fuse_head(trainer.accelerator.unwrap_model(model), known=known)
    except UnsupportedHeadError as error:
        _warn(whose, str(error))
        return False, None


def _packs(trainer: Any) -> bool:
    """Whether the policy can be given packed sequences; a warning says why not."""
    try:
        check_packing(trainer.accelerator.unwrap_model(trainer.model))
    except UnsupportedHeadError as error:
        logger.warning("packed_forward is off, and batches are padded: %s.", error)
        return False
    return True


def _warn(whose: str, reason: str) -> None:
    logger.warning("fused_loss is off for %s, and TRL's forward pass is used: %s.", whose, reason)
