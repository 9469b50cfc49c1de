r"""Iterative GRPO with a reward model that is trained on, as in DeepSeekMath (section 4.1.4).

A classifier on top of the policy's first weights learns, from completions that a rule has labelled,
to tell right ones from wrong ones, and the policy is trained on what the classifier says. Every so
many steps the classifier learns from the policy's new completions and a replay of 10 % of old ones,
and the reference becomes the policy (algorithm 1, lines 3 and 12). The rule has no weight in the
policy's reward; it only labels.

    python examples/iterative.py --tiny
    accelerate launch --config_file examples/accelerate/ddp.yaml examples/iterative.py

`--tiny` starts from the demo's small model and shows held-out accuracy before and after.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from setting import Setting, load_rows, read_setting, save_and_leave
from small_sums import TRAINING, small_sums
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from grpo_plugin import GRPOTrainer, to_prompts
from grpo_plugin.callbacks import RefreshReference, RefreshRewards, RewardHistory
from rewards import accuracy

FIRST_PASSES, PASSES = 4, 6
BATCH = 64


class RewardModel:
    """A classifier of whole texts, right or wrong, and how it goes on learning.

    Args:
        folder: the weights it starts from, with a tokenizer beside them.
        saved: where it is kept between refreshes, so that a resumed run finds it.
        rate: its learning rate.
    """

    def __init__(self, folder: str, saved: Path, *, rate: float) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        start = str(saved) if saved.is_dir() else folder
        self.model = AutoModelForSequenceClassification.from_pretrained(start, num_labels=1)
        self.model.config.pad_token_id = self.tokenizer.pad_token_id
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=rate)
        self.saved = saved

    def learn(
        self, texts: Sequence[str], labels: Sequence[float], *, passes: int, seed: int
    ) -> float:
        """Fit the labels; the share that was told rightly in the first pass, each before its turn.

        The same in every process, given the same texts in the same order.
        """
        device = next(self.model.parameters()).device
        shuffle = torch.Generator().manual_seed(seed)
        right = 0
        self.model.train()
        with torch.enable_grad():
            for turn in range(passes):
                for at in torch.randperm(len(texts), generator=shuffle).split(BATCH):
                    inputs = self.tokenizer(
                        [texts[i] for i in at],
                        padding=True,
                        padding_side="right",
                        truncation=True,
                        max_length=2048,
                        return_tensors="pt",
                    ).to(device)
                    wanted = torch.tensor([labels[i] for i in at], device=device)
                    logits = self.model(**inputs).logits[:, 0].float()
                    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted)
                    loss.backward()
                    self.optimizer.step()
                    self.optimizer.zero_grad(set_to_none=True)
                    if turn == 0:
                        right += int(((logits > 0) == (wanted > 0.5)).sum())
        self.model.eval()
        return right / max(len(texts), 1)

    def frozen(self) -> torch.nn.Module:
        """What the trainer scores with until the next refresh."""
        return copy.deepcopy(self.model).requires_grad_(requires_grad=False)

    def refresh(self, trainer: GRPOTrainer, history: RewardHistory) -> dict[str, Any]:
        """Learn from the samples since the last refresh and the replayed ones."""
        self.model.to(trainer.accelerator.device)
        if not history.resumed:  # else it was loaded as it was after this very lesson
            known = [row for row in history.rows if row.rewards["accuracy"] is not None]
            texts = [as_text(row.prompt, row.completion, self.tokenizer) for row in known]
            labels = [float(row.rewards["accuracy"]) for row in known]
            told = self.learn(texts, labels, passes=PASSES, seed=history.step)
            if trainer.accelerator.is_main_process:
                self.model.save_pretrained(self.saved)
                print(
                    f"step {history.step}: {len(texts)} completions, {sum(labels):.0f} of them "
                    f"right; the reward model told {told:.0%} before it learnt from them"
                )
        return {trainer.reward_func_names[0]: self.frozen()}


def as_text(prompt: Any, completion: Any, tokenizer: Any) -> str:
    """Prompt and completion as the trainer hands them to a reward model."""
    if isinstance(prompt, str):
        return prompt + completion
    return str(tokenizer.apply_chat_template(prompt + completion, tokenize=False))


@torch.no_grad()
def answered(setting: Setting, rows: Sequence[Any], length: int) -> list[Any]:
    """One sampled completion to each prompt, in the form the prompts have."""
    tokenizer = AutoTokenizer.from_pretrained(setting.model, padding_side="left")
    device = "cuda" if torch.cuda.is_available() and not setting.tiny else "cpu"
    model = AutoModelForCausalLM.from_pretrained(setting.model).to(device)
    completions: list[Any] = []
    torch.manual_seed(0)
    for at in range(0, len(rows), 64):
        prompts = [row["prompt"] for row in rows[at : at + 64]]
        texts = [
            p
            if isinstance(p, str)
            else tokenizer.apply_chat_template(p, tokenize=False, add_generation_prompt=True)
            for p in prompts
        ]
        inputs = tokenizer(texts, padding=True, return_tensors="pt").to(device)
        written = model.generate(
            **inputs, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, max_new_tokens=length
        )
        said = tokenizer.batch_decode(
            written[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True
        )
        completions += [
            text if isinstance(p, str) else [{"role": "assistant", "content": text}]
            for p, text in zip(prompts, said, strict=True)
        ]
    return completions


def share_right(rows: Sequence[Any], completions: Sequence[Any]) -> list[float]:
    """1.0 where the answer is right, else 0.0; a reference that cannot be used counts as wrong."""
    scores = accuracy(completions=completions, solution=[row["solution"] for row in rows])
    return [score or 0.0 for score in scores]


def main() -> None:
    """Teach the reward model, then train, refreshing it and the reference."""
    setting = read_setting(
        __doc__,
        model="Qwen/Qwen2.5-1.5B-Instruct",
        dataset="openai/gsm8k:main",
        tiny_rows="sums.jsonl",
        tiny={**TRAINING, "max_steps": 12, "learning_rate": 3e-4, "beta": 0.1},
        more={"first": ("4096", "questions answered for the classifier's first lesson")},
    )
    every = 3 if setting.tiny else 100
    if setting.tiny:
        task = small_sums()
        setting, train, held_out = replace(setting, model=task.model), task.train, task.held_out
    else:
        train = to_prompts(setting.rows)
        held_out = to_prompts(load_rows(setting.dataset, "test").select(range(240)))
    config = setting.config(
        reward_weights=[1.0, 0.0],  # the rule only labels
        objective="grpo",
        beta=0.04,
        learning_rate=1e-6,
        max_steps=500,
        num_generations=8,
        num_generations_eval=1,
        per_device_train_batch_size=8,
        gradient_accumulation_steps=8,
        max_completion_length=512,
        bf16=True,
    )
    judge = RewardModel(
        setting.model,
        Path(config.output_dir) / "reward_model",
        rate=1e-3 if setting.tiny else 1e-5,
    )
    if not judge.saved.is_dir():
        first = list(train.select(range(min(int(setting.more["first"] or 0), len(train)))))
        completions = answered(setting, first, config.max_completion_length)
        texts = [
            as_text(row["prompt"], said, judge.tokenizer)
            for row, said in zip(first, completions, strict=True)
        ]
        judge.learn(texts, share_right(first, completions), passes=FIRST_PASSES, seed=0)
    trainer = GRPOTrainer(
        model=setting.model,
        reward_funcs=[judge.frozen(), accuracy],
        reward_processing_classes=[judge.tokenizer, None],
        args=config,
        train_dataset=train,
        eval_dataset=held_out,
        callbacks=[
            RefreshReference(every_steps=every),
            RefreshRewards(judge.refresh, every_steps=every),
        ],
    )
    before = trainer.evaluate()["eval_rewards/accuracy/mean"]
    trainer.train()
    after = trainer.evaluate()["eval_rewards/accuracy/mean"]
    if trainer.accelerator.is_main_process:
        print(
            f"right of {len(held_out)} held-out questions: {before:.1%} before, {after:.1%} after"
        )
    save_and_leave(trainer)


if __name__ == "__main__":
    main()
