"""Process supervision: rewards for the steps of a completion (DeepSeekMath, section 4.1.3).

`GRPOTrainer(step_reward_funcs=[…])` cuts each completion into steps, asks the functions for one
reward per step, normalises all steps of a group together and gives every token the sum of the
rewards of the steps that end at or after it. `ProcessSupervision` holds the options, `SplitSteps`
the default way to cut; the errors are in `grpo_plugin.errors`.
"""

from __future__ import annotations

from grpo_plugin.steps.alignment import AlignedText, align
from grpo_plugin.steps.scoring import StepReward
from grpo_plugin.steps.splitting import SplitSteps, Splitter
from grpo_plugin.steps.supervision import ProcessSupervision

__all__ = [
    "AlignedText",
    "ProcessSupervision",
    "SplitSteps",
    "Splitter",
    "StepReward",
    "align",
]
