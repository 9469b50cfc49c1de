"""Stages that are skipped when they are finished, and the two trainers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets import Dataset
from setting import Setting
from transformers.trainer_utils import get_last_checkpoint
from trl import SFTConfig, SFTTrainer

from grpo_plugin import GRPOTrainer
from grpo_plugin.callbacks import RefreshReference, RewardPlot
from r1.sources import rewards

FINISHED = "finished.json"
"""Written last into a stage's folder, with what the stage has to say."""


def run_stage(folder: Path, options: object, work: Callable[[Path], Any]) -> Any:
    """What `work(folder)` returned, now or when an earlier run finished the stage.

    Args:
        folder: of the stage; an unfinished one is kept, so that `work` may go on from its
            checkpoints.
        options: what the stage depends on, as JSON.
        work: does it, and returns something that JSON holds.

    Raises:
        ValueError: the folder is of a stage with other options.
    """
    finished, wanted = folder / FINISHED, json.loads(json.dumps(options))
    if finished.exists():
        kept = json.loads(finished.read_text(encoding="utf-8"))
        if kept["options"] != wanted:
            raise ValueError(
                f"{folder} was made with {kept['options']}, and now {wanted} is asked for; "
                "choose another --output, or remove the folder and those after it"
            )
        print(f"{folder.name}: finished before, skipped", flush=True)
        return kept["result"]
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{folder.name}: begins", flush=True)
    result = work(folder)
    partial = finished.with_suffix(".partial")
    partial.write_text(json.dumps({"options": wanted, "result": result}), encoding="utf-8")
    partial.replace(finished)
    return result


def fine_tune(setting: Setting, model: str, rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """Supervised fine-tuning on prompts and completions; the loss is the completions' alone."""
    options: dict[str, Any] = {
        "output_dir": str(folder),
        "report_to": setting.overrides["report_to"],
        "num_train_epochs": 2,
        "learning_rate": 1e-5,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 8,
        "max_length": 8192,
        "logging_steps": 5,
    }
    if setting.tiny:
        options |= {
            "use_cpu": True,
            "bf16": False,
            "gradient_checkpointing": False,
            "max_steps": 80,
            "learning_rate": 1e-2,
            "adam_beta2": 0.98,
            "per_device_train_batch_size": 16,
            "gradient_accumulation_steps": 1,
            "logging_steps": 20,
            "save_strategy": "no",
        }
    trainer = SFTTrainer(
        model=model, args=SFTConfig(**options), train_dataset=Dataset.from_list(list(rows))
    )
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(folder)))
    _keep_the_model(trainer, folder)


def reinforce(setting: Setting, model: str, rows: Dataset, folder: Path) -> None:
    """GRPO with accuracy by source, format and language."""
    parts, weights = rewards()
    setting = replace(setting, overrides=setting.overrides | {"output_dir": str(folder)})
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=parts,
        args=setting.config(
            reward_weights=weights,
            learning_rate=3e-6,
            beta=0.001,
            num_generations=16,
            per_device_train_batch_size=16,
            gradient_accumulation_steps=4,
            max_completion_length=4096,
            temperature=1.0,
            max_steps=1700,
        ),
        train_dataset=rows,
        callbacks=[RefreshReference(every_steps=400), RewardPlot()],
    )
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(folder)))
    _keep_the_model(trainer, folder)


def _keep_the_model(trainer: Any, folder: Path) -> None:
    """Save the model; its checkpoints have done their part."""
    trainer.save_model()
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
