"""Run by two processes: write down the history that each gets."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from datasets import Dataset

from grpo_plugin import GRPOConfig, GRPOTrainer
from grpo_plugin.callbacks import RefreshRewards
from grpo_plugin.demo.tiny_model import build_model, build_tokenizer

folder = Path(sys.argv[1])
histories = []


def spread(completions, **_):
    return [float(len(set(text))) for text in completions]


def refresh(trainer, history):
    histories.append(asdict(history))
    best = max(history.rows, key=lambda row: row.reward).completion
    return lambda completions, **_: [float(text[:1] == best[:1]) for text in completions]


torch.manual_seed(0)
tokenizer = build_tokenizer()
trainer = GRPOTrainer(
    model=build_model(tokenizer, hidden_size=16, layers=1),
    reward_funcs=spread,
    args=GRPOConfig(
        output_dir=str(folder / "out"),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        max_steps=4,
        per_device_train_batch_size=6,
        num_generations=4,  # the second of three groups lies on both processes
        max_completion_length=6,
        report_to="none",
        save_strategy="no",
    ),
    train_dataset=Dataset.from_list([{"prompt": f"{n}+1="} for n in range(12)]),
    processing_class=tokenizer,
    callbacks=[RefreshRewards(refresh, every_steps=2, replay_share=0.25)],
)
trainer.train()
rank = trainer.accelerator.process_index
(folder / f"rank{rank}.json").write_text(json.dumps(histories))
trainer.accelerator.wait_for_everyone()
trainer.accelerator.end_training()  # a process that just ends can abort the other
# The interpreter's end would abort where one of gloo's threads still wants its lock.
os._exit(0)
