"""What a model answers, and how much of it is right."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from r1.sources import CHECKS
from rewards import Format, Reward

BATCH = 64


@torch.no_grad()
def answers(folder: str, prompts: Sequence[Any], *, max_tokens: int, seed: int) -> list[str]:
    """One sampled completion (temperature 1) for each prompt."""
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = AutoModelForCausalLM.from_pretrained(folder).to(device).eval()
    torch.manual_seed(seed)
    texts: list[str] = []
    for start in range(0, len(prompts), BATCH):
        shown = [
            tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
            for prompt in prompts[start : start + BATCH]
        ]
        tokens = tokenizer(shown, padding=True, add_special_tokens=False, return_tensors="pt")
        written = model.generate(
            input_ids=tokens["input_ids"].to(device),
            attention_mask=tokens["attention_mask"].to(device),
            max_new_tokens=max_tokens,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
        )
        ours = written[:, tokens["input_ids"].shape[1] :]
        texts += tokenizer.batch_decode(ours, skip_special_tokens=True)
    return texts


def figures(
    folder: str, rows: Sequence[dict[str, Any]], *, max_tokens: int, samples: int
) -> dict[str, float]:
    """The share of right answers in each source, and of answers in the format.

    Args:
        folder: of the model.
        rows: held out.
        max_tokens: of an answer.
        samples: answers to each row.
    """
    asked = [row for row in rows for _ in range(samples)]
    texts = answers(folder, [row["prompt"] for row in asked], max_tokens=max_tokens, seed=1)
    found: dict[str, float] = {}
    for source, reward in CHECKS.items():
        places = [at for at, row in enumerate(asked) if row["source"] == source]
        if places:
            found[source] = _mean(
                reward, [asked[at] for at in places], [texts[at] for at in places]
            )
    found["format"] = _mean(Format(), asked, texts)
    return found


def _mean(reward: Reward, rows: Sequence[dict[str, Any]], texts: list[str]) -> float:
    """The mean score of the rows that the reward can judge."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    columns["prompts"] = columns.pop("prompt")
    scores = [score for score in reward(completions=texts, **columns) if score is not None]
    return fmean(scores) if scores else float("nan")


def table(by_stage: dict[str, dict[str, float]]) -> str:
    """The figures as text, a line for each stage."""
    heads = list(next(iter(by_stage.values())))
    lines = [f"{'stage':<20}" + "".join(f"{head:>14}" for head in heads)]
    for stage, found in by_stage.items():
        lines.append(f"{stage:<20}" + "".join(f"{found[head]:>14.1%}" for head in heads))
    return "\n".join(lines)
