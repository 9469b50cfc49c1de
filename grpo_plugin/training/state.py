"""What a checkpoint must hold besides TRL's to be resumed exactly.

With `num_iterations` > 1, or more micro-batches per generation than per update, a checkpoint can be
taken while completions are still to be trained on. TRL does not save them: it would resume with new
ones, and with its count of micro-batches at zero. So each process writes what it holds into
`rollouts_<process>.pt`; at the boundary of a window there is nothing to save. An adaptive KL
coefficient is in the same file. A value model and its optimizer are in `value_model.pt`.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from grpo_plugin.kl import AdaptiveKL

logger = logging.getLogger(__name__)

_CRITIC = "value_model.pt"


def save_state(trainer: Any, folder: str) -> None:
    """Write this process's file into a checkpoint, where there is something to save."""
    found: dict[str, Any] = {}
    every = trainer.args.steps_per_generation * trainer.num_iterations
    if getattr(trainer.args, "save_rollouts", True) and trainer._step % every:  # noqa: SLF001
        found = {
            "step": trainer._step,  # noqa: SLF001 - TRL's count of micro-batches
            "shape": _shape(trainer),
            "rollouts": [_copied(part) for part in trainer._buffered_inputs],  # noqa: SLF001
        }
    if isinstance(trainer.kl_controller, AdaptiveKL):
        found["kl_coefficient"] = trainer.kl_controller.coefficient
    if getattr(trainer, "critic", None) is not None:
        values = trainer.critic.state()
        if trainer.accelerator.is_main_process:
            torch.save(values, Path(folder) / _CRITIC)
    if found:
        torch.save(found, _file(trainer, folder))


def load_state(trainer: Any, folder: str | None) -> None:
    """Take up what the checkpoint holds for this process."""
    if folder is not None and getattr(trainer, "critic", None) is not None:
        state = torch.load(Path(folder) / _CRITIC, map_location="cpu", weights_only=True)
        trainer.critic.load(state)
    if folder is None or not _file(trainer, folder).exists():
        return
    found = torch.load(_file(trainer, folder), map_location="cpu", weights_only=True)
    coefficient = found.get("kl_coefficient")
    if coefficient is not None and isinstance(trainer.kl_controller, AdaptiveKL):
        trainer.kl_controller = replace(trainer.kl_controller, coefficient=coefficient)
    if "rollouts" not in found:
        return
    now = _shape(trainer)
    changed = [name for name, value in now.items() if found.get("shape", {}).get(name) != value]
    if changed:
        logger.warning(
            "The checkpoint %s was taken with %s, now it is %s: its completions are dropped and "
            "sampled anew.",
            folder,
            ", ".join(f"{name} = {found.get('shape', {}).get(name)}" for name in changed),
            ", ".join(str(now[name]) for name in changed),
        )
        return
    trainer._step = found["step"]  # noqa: SLF001
    trainer._buffered_inputs = [  # noqa: SLF001
        _copied(part, device=trainer.accelerator.device) for part in found["rollouts"]
    ]


def _shape(trainer: Any) -> dict[str, int]:
    """How completions are cut into micro-batches: with another cut those saved do not fit."""
    return {
        "steps_per_generation": trainer.args.steps_per_generation,
        "per_device_train_batch_size": trainer.args.per_device_train_batch_size,
        "num_iterations": trainer.num_iterations,
        "processes": trainer.accelerator.num_processes,
    }


def _file(trainer: Any, folder: str) -> Path:
    return Path(folder) / f"rollouts_{trainer.accelerator.process_index}.pt"


def _copied(part: dict[str, Any], *, device: torch.device | None = None) -> dict[str, Any]:
    """With tensors of their own: a slice would drag its whole generation batch into the file."""
    return {
        key: value.detach().clone().to(device or value.device)
        if isinstance(value, torch.Tensor)
        else value
        for key, value in part.items()
    }
