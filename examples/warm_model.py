"""The tiny model after some lessons: it has copied a sloppy teacher, so that there is a signal.

A random model never writes a right answer, so no reward tells its completions apart. One that
copies demonstrations of which some are wrong and some break the format starts near the teacher's
own hit rate, and what it learns from rewards shows in seconds.
"""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import torch
from setting import make_tiny_model
from transformers import AutoModelForCausalLM, AutoTokenizer

RATE = 1e-2  # at its peak
IGNORED = -100  # the label that cross-entropy leaves out

Teacher = Callable[[dict[str, Any], random.Random], str]
"""(row, generator) to a completion, good or bad."""


def warm_tiny_model(
    rows: Sequence[dict[str, Any]], teacher: Teacher, *, steps: int = 120, batch: int = 16
) -> str:
    """A folder with the tiny model, trained on a teacher's demonstrations.

    Every process that calls it makes the same model.

    Args:
        rows: with a `prompt` of chat messages, and whatever the teacher looks at.
        teacher: writes a completion for a row.
        steps: optimizer steps.
        batch: demonstrations a step.
    """
    folder = make_tiny_model()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.1
    )
    rng = random.Random(0)  # noqa: S311 - no secrets here
    for _ in range(steps):
        shown = rng.choices(rows, k=batch)
        loss = model(**_lesson(shown, [teacher(row, rng) for row in shown], tokenizer)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    warm = tempfile.mkdtemp(prefix="warm-model-")
    atexit.register(shutil.rmtree, warm, ignore_errors=True)
    model.save_pretrained(warm)
    tokenizer.save_pretrained(warm)
    return warm


def _lesson(
    rows: Sequence[dict[str, Any]], completions: Sequence[str], tokenizer: Any
) -> dict[str, torch.Tensor]:
    """Model inputs for a batch; only completions and the end token are learnt."""
    prompts = [
        tokenizer.apply_chat_template(row["prompt"], tokenize=False, add_generation_prompt=True)
        for row in rows
    ]
    texts = [
        prompt + completion + tokenizer.eos_token
        for prompt, completion in zip(prompts, completions, strict=True)
    ]
    tokens = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
    labels = tokens["input_ids"].masked_fill(tokens["attention_mask"] == 0, IGNORED)
    for row, prompt in zip(labels, prompts, strict=True):
        row[: len(tokenizer(prompt)["input_ids"])] = IGNORED
    return {
        "input_ids": tokens["input_ids"],
        "attention_mask": tokens["attention_mask"],
        "labels": labels,
    }
