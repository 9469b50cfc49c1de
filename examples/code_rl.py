"""Programs as answers: the reward runs the model's code against tests, in the sandbox.

MBPP gives a task and assert statements. The model sees the task and one of the tests, so that it
knows the function's name; the reward runs all of them, confined, and scores 1 when all pass.

    python examples/code_rl.py --tiny
    accelerate launch --config_file examples/accelerate/fsdp2.yaml examples/code_rl.py \
        --model Qwen/Qwen2.5-Coder-1.5B-Instruct
"""

from __future__ import annotations

from typing import Any

from setting import read_setting, save_and_leave

from grpo_plugin import GRPOTrainer
from grpo_plugin.callbacks import RewardPlot
from rewards import Code, code

ASK = "{task}\n\nAnswer with one Python code block. It must pass tests such as:\n{test}"


def to_prompt(row: dict[str, Any]) -> dict[str, Any]:
    """The task as a question; `test_list` and `test_setup_code` stay for the reward."""
    question = ASK.format(task=row["text"], test=row["test_list"][0])
    return {"prompt": [{"role": "user", "content": question}]}


def main() -> None:
    """Train."""
    setting = read_setting(
        __doc__,
        model="Qwen/Qwen2.5-Coder-1.5B-Instruct",
        dataset="google-research-datasets/mbpp",
        tiny_rows="functions.jsonl",
    )
    trainer = GRPOTrainer(
        model=setting.model,
        # The share of tests passed tells programs apart in groups where none passes all of them.
        reward_funcs=[code, Code(name="share_passed", partial=True)],
        args=setting.config(
            reward_weights=[1.0, 0.2],
            objective="dapo",
            learning_rate=1e-6,
            num_generations=8,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=8,
            max_completion_length=512,
            dynamic_sampling_rounds=2,  # tasks that all or no programs solve teach nothing
        ),
        train_dataset=setting.rows.map(to_prompt),
        callbacks=[RewardPlot()],
    )
    trainer.train()
    save_and_leave(trainer)


if __name__ == "__main__":
    main()
