"""Qwen2.5-1.5B-Instruct learns GSM8K on several GPUs: accuracy before, training, accuracy after.

The set-up follows theLMbook's "GRPO from scratch" notebook: reasoning and answer in tags, 2 points
for a right answer and up to 0.8 for the form, 12 completions a question, β = 0.04, 500 steps.
The same script runs under data parallelism, FSDP2 and ZeRO-3; the file says which:

    accelerate launch --config_file examples/accelerate/ddp.yaml   examples/gsm8k.py
    accelerate launch --config_file examples/accelerate/fsdp2.yaml examples/gsm8k.py
    accelerate launch --config_file examples/accelerate/zero3.yaml examples/gsm8k.py
    accelerate launch --config_file examples/accelerate/cpu.yaml   examples/gsm8k.py --tiny
"""

from __future__ import annotations

import random
from typing import Any

from setting import load_rows, read_setting, save_and_leave
from warm_model import warm_tiny_model

from grpo_plugin import GRPOTrainer, to_prompts
from grpo_plugin.callbacks import RewardPlot
from rewards import Accuracy, Format

SYSTEM = """Respond in the following format:
<reasoning>
...
</reasoning>
<answer>
...
</answer>"""

HELD_OUT = 240  # of the 1,319 test questions: ± 6 points


def sloppy(row: dict[str, Any], rng: random.Random) -> str:
    """What the teacher of the tiny model writes: two thirds are wrong, half lack the reasoning."""
    answer = rng.choice((row["solution"], "1", "3"))
    reasoning = rng.choice(("<reasoning>\nI count\n</reasoning>\n", ""))
    return f"{reasoning}<answer>\n{answer}\n</answer>"


def held_out_scores(trainer: GRPOTrainer) -> dict[str, float]:
    """What is logged when the held-out questions are answered."""
    trainer.evaluate()
    return dict(trainer.state.log_history[-1])


def main() -> None:
    """Evaluate, train, evaluate."""
    setting = read_setting(
        __doc__,
        model="Qwen/Qwen2.5-1.5B-Instruct",
        dataset="openai/gsm8k:main",
        tiny_rows="twos",
        tiny={"max_steps": 40, "per_device_train_batch_size": 32, "learning_rate": 2e-3},
    )
    held_out = load_rows(setting.dataset, "test")
    held_out = held_out.select(range(min(HELD_OUT, len(held_out))))
    train = to_prompts(setting.rows, system=SYSTEM)
    trainer = GRPOTrainer(
        model=warm_tiny_model(list(train), sloppy) if setting.tiny else setting.model,
        reward_funcs=[
            Accuracy(answer_in=("answer_tag", "box")),
            Format(think_tag="reasoning", answer_tag="answer"),
        ],
        args=setting.config(
            reward_weights=[2.0, 0.8],
            objective="grpo",
            epsilon=0.1,
            beta=0.04,
            learning_rate=5e-6,
            max_steps=500,
            num_generations=12,
            per_device_train_batch_size=12,
            gradient_accumulation_steps=2,
            num_generations_eval=1,
            max_completion_length=400,
            bf16=True,
        ),
        train_dataset=train,
        eval_dataset=to_prompts(held_out, system=SYSTEM),
        callbacks=[RewardPlot()],
    )
    before = held_out_scores(trainer)
    trainer.train()
    after = held_out_scores(trainer)
    if trainer.accelerator.is_main_process:
        for name in ("accuracy", "format"):
            key = f"eval_rewards/{name}/mean"
            print(
                f"{name} on {len(held_out)} held-out questions: {before[key]:.1%} before, "
                f"{after[key]:.1%} after"
            )
    save_and_leave(trainer)


if __name__ == "__main__":
    main()
