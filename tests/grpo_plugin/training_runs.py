"""Trainers around a model of a few thousand weights, for the tests that train."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, TrainerCallback

from grpo_plugin import GRPOConfig, GRPOTrainer
from grpo_plugin.demo.tiny_model import build_model, build_tokenizer

ROWS = [{"prompt": f"{n}+1=", "solution": str(n + 1)} for n in range(10)]


def spread(completions, **_):
    """A reward that tells completions apart, so that there is something to learn."""
    return [float(len(set(text))) for text in completions]


def patchy(prompts, completions, **_):
    """The same, but every other prompt's completions are all worth nothing: dead groups."""
    return [
        float(len(set(text))) * (int(prompt.partition("+")[0]) % 2)
        for prompt, text in zip(prompts, completions, strict=True)
    ]


def example_objective(logp, batch, config):
    """REINFORCE, as a user would write it."""
    return -(logp * batch.advantages * batch.mask).sum() / batch.window_tokens


class Gradients(TrainerCallback):
    """Keeps the gradient of every optimizer step, flat."""

    def __init__(self):
        self.steps = []

    def on_pre_optimizer_step(self, args, state, control, model=None, **_):
        self.steps.append(flat(model, "grad"))


def flat(model, what="data"):
    found = []
    for weight in model.parameters():
        value = weight.grad if what == "grad" else weight
        if weight.requires_grad:
            value = torch.zeros_like(weight) if value is None else value
            found.append(value.full_tensor() if hasattr(value, "full_tensor") else value)
    return torch.cat([value.detach().flatten().clone() for value in found])


def saved_model(folder, seed, *, scale=1.0):
    """A model that TRL can load again by its path, to be the reference."""
    torch.manual_seed(seed)
    model = build_model(build_tokenizer(), hidden_size=16, layers=1)
    with torch.no_grad():  # a new model is all but uniform, and so would any two be alike
        model.get_input_embeddings().weight.mul_(scale)
    model.save_pretrained(folder)
    return folder


def save_models(folder):
    """A policy and a reference, unless they are there: only a first process may save."""
    if not (folder / "policy").exists():
        saved_model(folder / "policy", seed=0)
        saved_model(folder / "reference", seed=1, scale=20)


def make(
    folder=None,
    *,
    ours=True,
    trainer_class=None,
    rewards=(patchy,),
    model=None,
    reference=False,
    **options,
):
    """A trainer of ours, or stock TRL's, seeded so that two of the same options agree."""
    torch.set_num_threads(1)
    tokenizer = build_tokenizer()
    folder = Path(folder or tempfile.mkdtemp())
    if model is None and reference:  # another model than the policy, so that KL is not zero
        save_models(folder)
        policy = AutoModelForCausalLM.from_pretrained(folder / "policy")
        policy.config._name_or_path = str(folder / "reference")
    else:
        torch.manual_seed(0)
        policy = model or build_model(tokenizer, hidden_size=16, layers=1)
    torch.manual_seed(0)
    defaults = {
        "output_dir": str(folder),
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "max_steps": 3,
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
        "num_generations": 4,
        "max_completion_length": 8,
        "learning_rate": 1e-3,
        "max_grad_norm": 0.0,
        "logging_steps": 1,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
    }
    trainer_class = trainer_class or (GRPOTrainer if ours else trl.GRPOTrainer)
    config_class = GRPOConfig if ours else trl.GRPOConfig
    data = Dataset.from_list(options.pop("rows", ROWS))
    data = data.to_iterable_dataset() if options.pop("stream", False) else data
    peft = options.pop("peft_config", None)
    trainer = trainer_class(
        model=policy,
        reward_funcs=list(rewards),
        args=config_class(**(defaults | options)),
        train_dataset=data,
        processing_class=tokenizer,
        peft_config=peft,
    )
    trainer.gradients = Gradients()
    trainer.add_callback(trainer.gradients)
    return trainer


def train(folder=None, *, resume=None, **options):
    trainer = make(folder, **options)
    trainer.train(resume_from_checkpoint=resume)
    return trainer


def distance(one, other):
    """The relative distance of two vectors."""
    return float((one - other).norm() / other.norm().clamp(min=1e-30))


def logs(trainer, name):
    return [entry[name] for entry in trainer.state.log_history if name in entry]
