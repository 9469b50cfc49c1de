"""Process supervision: a reward for every step, beside the one for the answer.

A step is right when the sums written in it are right: `3 * 4 = 12` earns 1, `3 * 4 = 11` earns 0,
and a step without a sum earns nothing and loses nothing. Steps of a group are normalised together,
and a token's advantage is that of the answer plus those of the steps that end at or after it
(DeepSeekMath, section 4.1.3). A process reward model would take the place of `right_sums`.

    python examples/process_supervision.py --tiny
    accelerate launch --config_file examples/accelerate/ddp.yaml examples/process_supervision.py
"""

from __future__ import annotations

import operator
import re
from fractions import Fraction

from setting import read_setting, save_and_leave

from grpo_plugin import GRPOTrainer, to_prompts
from grpo_plugin.callbacks import RewardPlot
from grpo_plugin.steps import ProcessSupervision
from rewards import accuracy

NUMBER = r"\$?(\d[\d,]*(?:\.\d+)?)"
SUM = re.compile(rf"{NUMBER} ?([-+*/×÷]) ?{NUMBER} ?= ?{NUMBER}")
SIGNS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "×": operator.mul,
    "/": operator.truediv,
    "÷": operator.truediv,
}


def is_right(left: str, sign: str, right: str, result: str) -> bool:
    """Whether a sum comes out, exactly.

    >>> is_right("1,200", "/", "3", "400")
    True
    """
    a, b, c = (Fraction(number.replace(",", "")) for number in (left, right, result))
    return not (b == 0 and sign in "/÷") and SIGNS[sign](a, b) == c


def right_sums(steps: list[list[str]], **_: object) -> list[list[float | None]]:
    """For each step the share of its sums that are right; None where it has none."""
    return [[judge(step) for step in completion] for completion in steps]


def judge(step: str) -> float | None:
    """The reward of one step."""
    verdicts = [is_right(*found) for found in SUM.findall(step)]
    return sum(verdicts) / len(verdicts) if verdicts else None


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
        step_reward_funcs=ProcessSupervision(functions=[right_sums], step_weight=0.3),
        args=setting.config(
            learning_rate=1e-6,
            num_generations=8,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=8,
            max_completion_length=512,
        ),
        train_dataset=to_prompts(
            setting.rows, system=r"Write one step per line. End with \boxed{the answer}."
        ),
        callbacks=[RewardPlot()],
    )
    trainer.train()
    save_and_leave(trainer)


if __name__ == "__main__":
    main()
