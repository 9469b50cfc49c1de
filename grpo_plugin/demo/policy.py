"""The demo's policy before any reward: a tiny model that has copied a sloppy teacher."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from grpo_plugin.demo.arithmetic import Problem, split_problems
from grpo_plugin.demo.settings import DemoSettings
from grpo_plugin.demo.tiny_model import build_model, build_tokenizer

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps there are."""

IGNORED = -100  # the label that cross-entropy leaves out


@dataclass(frozen=True)
class Policy:
    """A model with its tokenizer, the problems it may train on and those it may not."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    train: list[Problem]
    held_out: list[Problem]

    @property
    def parameters(self) -> int:
        """How many weights the model has."""
        return sum(weight.numel() for weight in self.model.parameters())


def imitate_teacher(settings: DemoSettings, seed: int, progress: Progress) -> Policy:
    """A fresh model trained on the teacher's demonstrations (SFT) until it writes as it does."""
    torch.manual_seed(seed)
    rng = random.Random(seed)  # noqa: S311 - no secrets here
    train, held_out = split_problems(settings.held_out, rng)
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, hidden_size=settings.hidden_size, layers=settings.layers)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.imitation_rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.imitation_rate, total_steps=settings.imitation_steps, pct_start=0.1
    )
    for step in range(settings.imitation_steps):
        problems = rng.choices(train, k=settings.imitation_batch)
        completions = [settings.teacher.demonstrate(problem, rng) for problem in problems]
        batch = _demonstrations(problems, completions, tokenizer)
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        progress(step + 1, settings.imitation_steps)
    return Policy(model, tokenizer, train, held_out)


def _demonstrations(
    problems: list[Problem], completions: list[str], tokenizer: PreTrainedTokenizerBase
) -> dict[str, torch.Tensor]:
    """Model inputs for a batch; only completions and the end token are learnt."""
    texts = [
        problem.prompt + completion + str(tokenizer.eos_token)
        for problem, completion in zip(problems, completions, strict=True)
    ]
    tokens = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
    labels = tokens["input_ids"].masked_fill(tokens["attention_mask"] == 0, IGNORED)
    labels[:, : len(problems[0].prompt)] = IGNORED  # one token per character, all as long
    return {
        "input_ids": tokens["input_ids"],
        "attention_mask": tokens["attention_mask"],
        "labels": labels,
    }
