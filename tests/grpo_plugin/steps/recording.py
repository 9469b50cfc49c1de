"""A trainer that keeps what reaches the loss, and step rewards for it."""

import math

import torch
from datasets import Dataset

from grpo_plugin import GRPOConfig, GRPOTrainer
from grpo_plugin.demo.tiny_model import build_model, build_tokenizer
from grpo_plugin.steps import ProcessSupervision
from grpo_plugin.steps.cutting import cut_completions
from grpo_plugin.steps.scoring import score_steps
from grpo_plugin.training.rollout import outcome_advantages


def spread(completions, **_):
    return [float(len(set(text))) for text in completions]


def three_characters(text):
    return [(start, min(start + 3, len(text))) for start in range(0, len(text), 3)]


def digit_steps(steps, log_extra, log_metric, **_):
    """The share of digits; nothing is said of a step that begins with a tag."""
    log_metric("digits_seen", 2.0)
    log_extra("steps_seen", [len(row) for row in steps])
    return [
        [None if s[0] in "<\\" else sum(map(str.isdigit, s)) / len(s) for s in row] for row in steps
    ]


def plus_steps(steps, **_):
    return [[float("+" in step) if len(step) > 1 else math.nan for step in row] for row in steps]


ROWS = [{"prompt": f"{n}+1=", "solution": str(n + 1)} for n in range(12)]
WEIGHTS = {"weights": (1.0, 0.5), "step_weight": 1.5, "outcome_weight": 0.5}


def make(
    folder, step_reward_funcs, *, trainer_class=GRPOTrainer, reward_funcs=(spread,), **options
):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = build_tokenizer()
    defaults = {
        "output_dir": str(folder),
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "max_steps": 2,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
        "num_generations": 4,
        "max_completion_length": 12,
        "learning_rate": 1e-2,
        "logging_steps": 1,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
    }
    own = {name: options.pop(name) for name in ("rollout_func",) if name in options}
    return trainer_class(
        model=build_model(tokenizer, hidden_size=16, layers=1),
        reward_funcs=reward_funcs and list(reward_funcs),
        args=GRPOConfig(**(defaults | options)),
        train_dataset=Dataset.from_list(ROWS),
        processing_class=tokenizer,
        step_reward_funcs=step_reward_funcs,
        **own,
    )


def both():
    return ProcessSupervision(
        functions=[digit_steps, plus_steps], splitter=three_characters, **WEIGHTS
    )


class Recorder(GRPOTrainer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.micro_batches = []
        self.generations = []
        self.first_inputs = None

    def advantages_of(self, rollout):
        advantages = super().advantages_of(rollout)
        outcome = outcome_advantages(self, rollout)
        self.generations.append(self.describe(rollout.tensors, advantages, outcome))
        return advantages

    def describe(self, output, advantages, outcome):
        cuts = cut_completions(
            output["completion_ids"],
            output["completion_mask"],
            decode=lambda ids: self.processing_class.decode(list(ids), skip_special_tokens=True),
            splitter=three_characters,
        )
        silent = {"log_extra": lambda *_: None, "log_metric": lambda *_: None}
        scores = score_steps([digit_steps, plus_steps], [list(c.steps) for c in cuts], silent)
        return [
            {
                "ids": output["completion_ids"][row].tolist(),
                "live": output["completion_mask"][row].tolist(),
                "advantages": advantages[row].tolist(),
                "outcome": outcome[row].item(),
                "ends": list(cut.ends),
                "rewards": [list(pair) for pair in zip(*(s[row] for s in scores), strict=True)],
            }
            for row, cut in enumerate(cuts)
        ]

    def _compute_loss(self, model, inputs):
        if self.first_inputs is None:
            self.first_inputs = inputs
            self.first_weights = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.micro_batches.append(
            (inputs["completion_ids"].tolist(), inputs["advantages"].tolist())
        )
        return super()._compute_loss(model, inputs)

    def training_step(self, *args, **kwargs):
        loss = super().training_step(*args, **kwargs)
        if not hasattr(self, "first_gradients"):
            self.first_gradients = {
                name: weight.grad.clone() for name, weight in self.model.named_parameters()
            }
        return loss
