"""DeepSeek-R1-Zero's recipe: a base model, a template, and rewards made of rules alone.

The template asks for <think> and <answer>; the rewards are the answer's correctness, the format
and, where this installation has it, that the reasoning keeps to one language. As in the paper
(arXiv 2501.12948) there are 16 completions a question at temperature 1, a KL coefficient of 0.001,
and every 400 steps the policy becomes its own reference.

    python examples/r1_zero.py --tiny
    accelerate launch --config_file examples/accelerate/ddp.yaml examples/r1_zero.py \
        --model Qwen/Qwen2.5-1.5B --dataset openai/gsm8k:main
"""

from __future__ import annotations

from typing import Any

from setting import read_setting, save_and_leave

import rewards
from grpo_plugin import GRPOTrainer, to_prompts
from grpo_plugin.callbacks import RefreshReference, RewardPlot
from rewards import Format, accuracy


def main() -> None:
    """Train."""
    setting = read_setting(
        __doc__, model="Qwen/Qwen2.5-1.5B", dataset="openai/gsm8k:main", tiny_rows="sums.jsonl"
    )
    weighted: list[tuple[Any, float]] = [(accuracy, 1.0), (Format(answer_tag="answer"), 0.2)]
    if "language" in rewards.__all__:
        weighted.append((rewards.language, 0.1))  # type: ignore[attr-defined]
    trainer = GRPOTrainer(
        model=setting.model,
        reward_funcs=[reward for reward, _ in weighted],
        args=setting.config(
            reward_weights=[weight for _, weight in weighted],
            learning_rate=1e-6,
            beta=0.001,
            num_generations=16,
            per_device_train_batch_size=16,
            gradient_accumulation_steps=4,
            max_completion_length=1024,
            temperature=1.0,
            log_completions=True,
            num_completions_to_print=2,
        ),
        train_dataset=to_prompts(setting.rows, plain=True),  # a base model has no chat template
        callbacks=[RefreshReference(every_steps=400), RewardPlot()],
    )
    trainer.train()
    save_and_leave(trainer)


if __name__ == "__main__":
    main()
