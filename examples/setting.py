"""What the examples share: their command line, where rows come from, and the tiny model.

Every example takes `--model` and `--dataset` (a name on the hub, with a configuration after a colon
where it has one, or a local file or folder). `--tiny` runs it on this CPU in seconds, on a random
model of 30,000 weights and a handful of rows: everything runs, and nothing is learnt, save where
the example warms the model up first (`warm_model.py`).
"""

from __future__ import annotations

import argparse
import atexit
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from datasets import Dataset, DatasetDict, load_dataset, load_from_disk

from grpo_plugin import GRPOConfig, GRPOTrainer

DATA = Path(__file__).parent / "data"
READERS = {".jsonl": "json", ".json": "json", ".parquet": "parquet", ".csv": "csv"}

TAGS = (
    *("<think>", "</think>", "<reasoning>", "</reasoning>", "<answer>", "</answer>"),
    *("\\boxed{", "```python", "```"),
)
"""One token each in the tiny model, so that a formatted answer is short."""

TINY = {
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "max_steps": 2,
    "per_device_train_batch_size": 8,
    "per_device_eval_batch_size": 4,
    "gradient_accumulation_steps": 1,
    "num_generations": 4,
    "max_completion_length": 24,
    "save_strategy": "no",
    "logging_steps": 1,
}


@dataclass(frozen=True)
class Setting:
    """What the command line asked for.

    Attributes:
        model: a name on the hub or a folder.
        dataset: as it was given.
        split: of the dataset, to train on.
        overrides: options of `GRPOConfig` that win over the example's own.
        tiny: whether it is to run in seconds.
        more: what the example's own options were given, by name.
    """

    model: str
    dataset: str
    split: str
    overrides: dict[str, Any]
    tiny: bool = False
    more: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def rows(self) -> Dataset:
        """The rows to train on."""
        return load_rows(self.dataset, self.split)

    def config(self, **options: Any) -> GRPOConfig:
        """The example's options, and what the command line says otherwise."""
        return GRPOConfig(**{"logging_steps": 5, **options, **self.overrides})


def read_setting(  # noqa: PLR0913 - what examples differ in
    about: str | None,
    *,
    model: str,
    dataset: str,
    tiny_rows: str,
    tiny: Mapping[str, Any] = MappingProxyType({}),
    more: Mapping[str, tuple[str | None, str]] = MappingProxyType({}),
    arguments: Sequence[str] | None = None,
) -> Setting:
    """Read the command line.

    Args:
        about: the example's docstring, shown by `--help`.
        model: the model by default.
        dataset: the dataset by default.
        tiny_rows: the file or folder in `data/` that takes its place with `--tiny`.
        tiny: options of `GRPOConfig` that an example wants otherwise than `TINY`.
        more: options of the example's own: each one's default, and what it means.
        arguments: instead of the command line's.
    """
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=about, formatter_class=style)
    parser.add_argument("--model", help=f"default: {model}")
    parser.add_argument("--dataset", help=f"default: {dataset}")
    parser.add_argument("--split", default="train")
    parser.add_argument(
        "--output", help="folder for checkpoints and curves; default: out, with --tiny one in /tmp"
    )
    parser.add_argument("--max-steps", type=int, help="optimizer steps")
    parser.add_argument("--report-to", default="none", help="wandb, trackio, tensorboard, …")
    parser.add_argument("--tiny", action="store_true", help="a few seconds on this CPU")
    for name, (default, meaning) in more.items():
        parser.add_argument(
            f"--{name}", dest=name, default=default, help=f"{meaning}; default: {default}"
        )
    chosen = parser.parse_args(arguments)
    overrides: dict[str, Any] = {**TINY, **tiny} if chosen.tiny else {}
    output = chosen.output or (tempfile.mkdtemp(prefix="rlvr-tiny-") if chosen.tiny else "out")
    overrides = overrides | {"output_dir": output, "report_to": chosen.report_to}
    if chosen.max_steps is not None:
        overrides["max_steps"] = chosen.max_steps
    if chosen.tiny:
        model, dataset = (chosen.model or make_tiny_model()), str(DATA / tiny_rows)
    return Setting(
        model=chosen.model or model,
        dataset=chosen.dataset or dataset,
        split=chosen.split,
        overrides=overrides,
        tiny=chosen.tiny,
        more={name: getattr(chosen, name) for name in more},
    )


def load_rows(name: str, split: str) -> Dataset:
    """Rows of a local file or folder, or of a dataset on the hub (`name` or `name:config`)."""
    path = Path(name)
    if path.suffix in READERS and path.is_file():
        return load_dataset(READERS[path.suffix], data_files=str(path), split="train")
    if path.is_dir():
        try:
            saved = load_from_disk(str(path))
        except FileNotFoundError:  # a folder of files rather than one of `save_to_disk`
            return load_dataset(str(path), split=split)
        return saved[split] if isinstance(saved, DatasetDict) else saved
    repository, _, config = name.partition(":")
    return load_dataset(repository, config or None, split=split)


def save_and_leave(trainer: GRPOTrainer) -> None:
    """Save the model, and part from the other processes when all are done."""
    trainer.save_model()
    trainer.accelerator.wait_for_everyone()
    if torch.distributed.is_initialized():
        # Else the last to hold the group is DistributedDataParallel, which ends gloo's threads with
        # the interpreter's lock in its hands; one that just then frees a tensor waits for it for
        # good. In a moment's sleep they can have the lock.
        atexit.register(id, torch.distributed.group.WORLD)
        time.sleep(0.2)
    trainer.accelerator.end_training()  # a process that just ends can abort another


def make_tiny_model() -> str:
    """A folder with a random Qwen3 of two layers; its tokens are bytes and the tags of formats."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import (
        PreTrainedTokenizerFast,
        Qwen3Config,
        Qwen3ForCausalLM,
    )

    pad, end = "<|pad|>", "<|end|>"
    words = [pad, end, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({word: place for place, word in enumerate(words)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=pad, eos_token=end)
    wrapped.add_tokens(list(TAGS))
    wrapped.chat_template = (
        "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}"
        "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}\n"
        "{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
    )
    torch.manual_seed(0)  # the same model in every process
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(wrapped),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=16,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
            initializer_range=0.2,  # so narrow a model learns faster than from 0.02
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=None,
        )
    )
    folder = tempfile.mkdtemp(prefix="tiny-model-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    model.save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder
