"""A task that a tiny model learns on this CPU in a minute: the demo's sums of two numbers.

`--tiny` of the examples that show an improvement starts from a model of 100,000 weights that has
copied a sloppy teacher: it answers one sum in five, and what it lacks can be learnt.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset

from grpo_plugin import to_prompts
from grpo_plugin.demo import DemoSettings
from grpo_plugin.demo.arithmetic import Problem
from grpo_plugin.demo.policy import imitate_teacher

SETTINGS = DemoSettings()
TRAINING = {
    "per_device_train_batch_size": 256,
    "per_device_eval_batch_size": 256,
    "num_generations": 8,
    "max_completion_length": SETTINGS.max_completion_tokens,
    "learning_rate": SETTINGS.grpo_rate,
    "adam_beta2": 0.95,
    "disable_tqdm": True,
    "logging_steps": 8,
}
"""What `GRPOConfig` needs for it."""


@dataclass(frozen=True)
class SmallSums:
    """The task: a folder with the model, and rows with `prompt` and `solution`."""

    model: str
    train: Dataset
    held_out: Dataset


def small_sums() -> SmallSums:
    """Make the model and the rows, the same ones each time."""
    torch.set_num_threads(SETTINGS.threads)
    policy = imitate_teacher(SETTINGS, 0, lambda *_: None)
    folder = tempfile.mkdtemp(prefix="small-sums-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    policy.model.save_pretrained(folder)
    policy.tokenizer.save_pretrained(folder)
    return SmallSums(folder, _rows(policy.train), _rows(policy.held_out))


def _rows(problems: list[Problem]) -> Any:
    rows = [{"question": problem.prompt, "answer": problem.solution} for problem in problems]
    return to_prompts(Dataset.from_list(rows), system=None, plain=True)
