"""An objective of your own in ten lines.

Weighted REINFORCE (arXiv 2506.01347): wrong completions are pushed down at full strength and right
ones pulled up at a tenth of it, which keeps the policy diverse. The advantage is the reward itself,
+1 or -1, without a baseline.

    python examples/custom_objective.py --tiny
"""

from __future__ import annotations

import torch
from setting import read_setting, save_and_leave
from torch import Tensor

from grpo_plugin import GRPOTrainer, to_prompts
from grpo_plugin.batch import Batch
from grpo_plugin.callbacks import RewardPlot
from grpo_plugin.objectives import Aggregation, ObjectiveConfig, aggregate
from rewards import accuracy


def w_reinforce(logp: Tensor, batch: Batch, config: ObjectiveConfig) -> Tensor:  # noqa: ARG001
    """-w A log π, averaged over the tokens of the whole optimizer step."""
    weight = torch.where(batch.advantages > 0, 0.1, 1.0)
    return aggregate(-weight * batch.advantages * logp, batch, Aggregation.TOKEN_MEAN)


def plus_or_minus_one(rewards: Tensor, group: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG001
    """The reward of 1 or 0 as +1 or -1."""
    return 2 * rewards - 1


def main() -> None:
    """Train."""
    setting = read_setting(
        __doc__,
        model="Qwen/Qwen2.5-1.5B-Instruct",
        dataset="openai/gsm8k:main",
        tiny_rows="sums.jsonl",
    )
    trainer = GRPOTrainer(
        model=setting.model,
        reward_funcs=[accuracy],
        args=setting.config(
            objective=w_reinforce,
            advantage_estimator=plus_or_minus_one,
            learning_rate=1e-6,
            num_generations=8,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=8,
            max_completion_length=512,
        ),
        train_dataset=to_prompts(setting.rows),
        callbacks=[RewardPlot()],
    )
    trainer.train()
    save_and_leave(trainer)


if __name__ == "__main__":
    main()
