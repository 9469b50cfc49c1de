"""A language model small enough to train in a second, and a trainer around it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for releases

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}={% endif %}"
)


@pytest.fixture
def tokenizer():
    pytest.importorskip("trl")
    from grpo_plugin.demo.tiny_model import build_tokenizer

    tokenizer = build_tokenizer()
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


@pytest.fixture
def model(tokenizer):
    import torch

    from grpo_plugin.demo.tiny_model import build_model

    torch.set_num_threads(1)
    torch.manual_seed(0)
    return build_model(tokenizer, hidden_size=16, layers=1)


@pytest.fixture
def make_trainer(model, tokenizer, tmp_path):
    """Make `trainer_class` (stock TRL's by default) around the tiny model."""
    import trl
    from datasets import Dataset

    def make(reward_funcs, rows, *, trainer_class=trl.GRPOTrainer, **options):
        defaults = {
            "output_dir": str(tmp_path),
            "use_cpu": True,
            "bf16": False,
            "gradient_checkpointing": False,
            "max_steps": 2,
            "per_device_train_batch_size": 8,
            "num_generations": 4,
            "max_completion_length": 8,
            "learning_rate": 1e-2,
            "logging_steps": 1,
            "report_to": "none",
            "save_strategy": "no",
            "disable_tqdm": True,
        }
        dataset = Dataset.from_list(rows) if isinstance(rows, list) else rows
        return trainer_class(
            model=model,
            reward_funcs=reward_funcs,
            args=trl.GRPOConfig(**(defaults | options)),
            train_dataset=dataset,
            processing_class=tokenizer,
        )

    return make
