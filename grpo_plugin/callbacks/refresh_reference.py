"""Iterative GRPO, first half: the policy becomes its own reference every N steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback
from trl import SyncRefModelCallback

from grpo_plugin.callbacks.checkpoints import checkpoint_folder, resumed_folder
from grpo_plugin.errors import RefreshError

_SAVED_AS = "reference"
_SHARDED = ("FSDP", "DEEPSPEED", "MEGATRON_LM", "TP")
_POLICY_ADAPTER, _REFERENCE_ADAPTER = "default", "ref"  # the names TRL gives them


class RefreshReference(TrainerCallback):  # type: ignore[misc]  # transformers carries no types here
    """Copies the policy to the reference, exactly, every `every_steps` optimizer steps.

    DeepSeekMath, algorithm 1, line 3: π_ref ← π_θ at the start of each iteration. TRL's
    `sync_ref_model=True` with `ref_model_mixup_alpha=1.0` makes the same copy, and this callback
    lets TRL's function make it; what TRL lacks and this adds:

    - **PEFT.** TRL's reference is the model with its adapter disabled, of which there is nothing
      to refresh. Here the policy's adapter gets a frozen twin named `ref`, equal to it from the
      start, which TRL then takes for the reference; a refresh copies the adapter's weights.
    - **Resuming.** TRL's reference starts again as the model that training began with. Here a
      checkpoint between two refreshes holds the reference as well (`reference/` in its folder; with
      PEFT the twin is saved with the adapter). A checkpoint at a refresh needs none.

    Completions that were sampled before a refresh keep the reference log-probs they were given.

    Args:
        every_steps: optimizer steps between refreshes.

    Raises:
        RefreshError: `every_steps` is below 1, the run has no reference (beta = 0), TRL's
            `sync_ref_model` is on too, or a resumed run's reference was not saved, which is so
            for sharded models (FSDP, DeepSpeed): make `save_steps` a multiple of `every_steps`.
    """

    def __init__(self, *, every_steps: int) -> None:
        if every_steps < 1:
            raise RefreshError(f"every_steps is {every_steps}; it must be at least 1")
        self.every_steps = every_steps
        self._trainer: Any = None

    def attach(self, trainer: Any) -> None:
        """Tie the callback to its trainer; `GRPOTrainer` does it."""
        if trainer.beta == 0.0:
            raise RefreshError(
                "RefreshReference needs a reference policy, and beta=0.0 makes none; set "
                "GRPOConfig(beta=…) or leave the callback out"
            )
        if trainer.args.sync_ref_model:
            raise RefreshError(
                "sync_ref_model=True and RefreshReference would both change the reference; "
                "choose one"
            )
        self._trainer = trainer
        if trainer.ref_model is None:
            _add_twin(trainer.accelerator.unwrap_model(trainer.model))

    def refresh(self) -> None:
        """Copy the policy to the reference now."""
        policy, reference = self._weights()
        SyncRefModelCallback.sync_target_model(policy, reference, 1.0)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """In a resumed run, put the reference back."""
        del control
        if self._trainer is None:
            raise RefreshError(
                "RefreshReference is tied to no trainer; pass it to grpo_plugin.GRPOTrainer("
                "callbacks=[…]), or call its attach(trainer) before training"
            )
        if state.global_step < self.every_steps or self._trainer.ref_model is None:
            return  # the first reference, which TRL makes; or an adapter, which TRL restores
        if state.global_step % self.every_steps == 0:
            self.refresh()
            return
        folder = resumed_folder(args, state)
        if folder is None or not (folder / _SAVED_AS).is_dir():
            raise RefreshError(
                f"the reference of step {state.global_step} was not saved with its checkpoint in "
                f"{folder or args.output_dir}, and training would go on with another; resume from "
                f"a checkpoint at a multiple of every_steps={self.every_steps}"
            )
        self._restore(folder / _SAVED_AS)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Refresh when the steps are done."""
        del args, control
        if state.global_step % self.every_steps == 0:
            self.refresh()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Save a reference that is neither the first nor the present policy."""
        del control
        between = state.global_step > self.every_steps and state.global_step % self.every_steps
        if not between or not args.should_save or self._trainer.ref_model is None:
            return
        if self._trainer.accelerator.distributed_type.value not in _SHARDED:
            self._trainer.ref_model.save_pretrained(checkpoint_folder(args, state) / _SAVED_AS)

    def _restore(self, folder: Path) -> None:
        reference = self._trainer.ref_model
        saved = type(self._trainer.accelerator.unwrap_model(reference)).from_pretrained(
            folder, dtype=reference.dtype
        )
        SyncRefModelCallback.sync_target_model(saved.to(reference.device), reference, 1.0)

    def _weights(self) -> tuple[Any, Any]:
        """Policy and reference as things with `parameters()` in the same order."""
        policy = self._trainer.accelerator.unwrap_model(self._trainer.model)
        if self._trainer.ref_model is not None:
            return policy, self._trainer.ref_model
        pairs = list(_adapter_pairs(policy))
        return _Parameters([own for own, _ in pairs]), _Parameters([twin for _, twin in pairs])


class _Parameters:
    """Some of a model's weights, as TRL's function reads them."""

    def __init__(self, weights: list[torch.nn.Parameter]) -> None:
        self._weights = weights

    def parameters(self) -> list[torch.nn.Parameter]:
        return self._weights


def _add_twin(model: Any) -> None:
    """Give the policy's adapter a frozen twin, which TRL takes for the reference by its name."""
    if _POLICY_ADAPTER not in model.peft_config:
        raise RefreshError(
            f"RefreshReference needs the policy's adapter under the name {_POLICY_ADAPTER!r}, as "
            f"TRL does; the model has {', '.join(model.peft_config)}"
        )
    if _REFERENCE_ADAPTER not in model.peft_config:
        model.add_adapter(_REFERENCE_ADAPTER, model.peft_config[_POLICY_ADAPTER])
        model.set_adapter(_POLICY_ADAPTER)
    for own, twin in _adapter_pairs(model):
        twin.requires_grad = False
        twin.data.copy_(own.data)


def _adapter_pairs(model: Any) -> Iterator[tuple[torch.nn.Parameter, torch.nn.Parameter]]:
    """Each weight of the policy's adapter with its twin's."""
    weights = dict(model.named_parameters())
    for name, own in weights.items():
        twin = re.sub(rf"\.{_POLICY_ADAPTER}(?=\.|$)", f".{_REFERENCE_ADAPTER}", name)
        if twin != name:
            yield own, weights[twin]
