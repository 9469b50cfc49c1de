"""Our trainer is TRL's, bit for bit, plus what it says it adds."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import time

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
from datasets import Dataset  # noqa: E402
from transformers import TrainerCallback  # noqa: E402

from grpo_plugin import GRPOConfig, GRPOTrainer  # noqa: E402
from grpo_plugin.demo.tiny_model import build_model, build_tokenizer  # noqa: E402
from grpo_plugin.errors import UnsupportedTRLError  # noqa: E402
from grpo_plugin.training.extensions import keep_names_apart  # noqa: E402
from rewards import Accuracy, accuracy, format  # noqa: E402

ROWS = [{"prompt": f"{n}+1=", "solution": str(n + 1)} for n in range(12)]


def spread(completions, **_):
    """A reward that tells completions apart, so that there is something to learn."""
    return [float(len(set(text))) for text in completions]


def make(
    trainer_class,
    config_class,
    folder,
    *,
    reward_funcs=(accuracy, format, spread),
    callbacks=None,
    **options,
):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = build_tokenizer()
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
        "learning_rate": 1e-2,
        "logging_steps": 1,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
    }
    return trainer_class(
        model=build_model(tokenizer, hidden_size=16, layers=1),
        reward_funcs=list(reward_funcs),
        args=config_class(**(defaults | options)),
        train_dataset=Dataset.from_list(ROWS),
        processing_class=tokenizer,
        callbacks=callbacks,
    )


@pytest.mark.parametrize("iterations", [1, 2])
def test_three_steps_equal_stock_trl_bit_for_bit(tmp_path, iterations):
    stock = make(trl.GRPOTrainer, trl.GRPOConfig, tmp_path, num_iterations=iterations)
    stock.train()
    ours = make(GRPOTrainer, GRPOConfig, tmp_path, num_iterations=iterations)  # seeds anew
    untrained = [weight.clone() for weight in ours.model.parameters()]
    ours.train()
    for theirs, weight in zip(stock.model.parameters(), ours.model.parameters(), strict=True):
        assert torch.equal(theirs, weight)
    moved = zip(untrained, ours.model.parameters(), strict=True)
    assert any(not torch.equal(old, new) for old, new in moved)
    timed = {"train_runtime", "train_samples_per_second", "train_steps_per_second", "step_time"}
    for entry, own in zip(stock.state.log_history, ours.state.log_history, strict=True):
        extra = {name for name in own if name.startswith("timing/")}
        assert set(own) - extra == set(entry)
        same = {name: value for name, value in entry.items() if name not in timed}
        assert same == pytest.approx({name: own[name] for name in same}, nan_ok=True)


def test_nothing_of_ours_bears_a_name_that_trl_uses(tmp_path):
    stock = make(trl.GRPOTrainer, trl.GRPOConfig, tmp_path)
    tree = ast.parse(inspect.getsource(GRPOTrainer))
    ours = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    assert {"plan", "critic", "objective_step"} <= ours
    assert not [name for name in ours if hasattr(stock, name)]


def test_stock_configuration_is_accepted(tmp_path):
    trainer = make(GRPOTrainer, trl.GRPOConfig, tmp_path, max_steps=1)
    trainer.train()
    assert trainer.state.global_step == 1


def test_the_configuration_has_every_field_with_trls_default():
    theirs = {field.name: field for field in dataclasses.fields(trl.GRPOConfig)}
    ours = {field.name: field for field in dataclasses.fields(GRPOConfig)}
    assert set(theirs) <= set(ours)
    for name, field in theirs.items():
        assert ours[name].default == field.default


def test_seconds_in_rewards_are_logged(tmp_path):
    def slow(completions, **_):
        time.sleep(0.05)
        return [0.0] * len(completions)

    trainer = make(GRPOTrainer, GRPOConfig, tmp_path, reward_funcs=[slow], max_steps=2)
    trainer.train()
    seconds = [e["timing/reward_s"] for e in trainer.state.log_history if "reward" in e]
    assert len(seconds) == 2
    assert all(second >= 0.05 for second in seconds)


def test_workers_start_when_the_trainer_is_made(tmp_path):
    class Warmed:
        __name__ = "warmed"
        calls = 0

        def warm_up(self):
            self.calls += 1

        def __call__(self, completions, **_):
            return [0.0] * len(completions)

    reward = Warmed()
    make(GRPOTrainer, GRPOConfig, tmp_path, reward_funcs=[reward, spread])
    assert reward.calls == 1


def test_a_trl_without_what_we_build_on_is_refused_at_construction(tmp_path, monkeypatch):
    monkeypatch.delattr(trl.GRPOTrainer, "_compute_loss")
    with pytest.raises(UnsupportedTRLError, match="_compute_loss"):
        make(GRPOTrainer, GRPOConfig, tmp_path)


class Scale:
    """A reward with an option; instances share its name."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, completions, **_):
        return [self.factor * len(set(text)) for text in completions]


@pytest.mark.skipif(
    not hasattr(trl.trainer.utils, "get_callable_name"), reason="this TRL takes functions only"
)
def test_two_rewards_of_one_name_are_kept_apart(tmp_path, caplog):
    """As TRL itself would train them: a drop-in must."""
    rewards = [
        *(Scale(1.0), Scale(2.0), functools.partial(spread), functools.partial(spread)),
        *(lambda completions, **_: [3.0] * len(completions) for _ in range(2)),
        *(accuracy, Accuracy(tolerance=0.1)),
    ]
    ours = make(GRPOTrainer, GRPOConfig, tmp_path, reward_funcs=rewards, max_steps=2)
    assert ours.reward_func_names == [
        *("Scale", "Scale_2", "spread", "spread_2"),
        *("<lambda>", "<lambda>_2", "accuracy", "accuracy_2"),
    ]
    assert "Two rewards are called 'Scale'; one is logged as 'Scale_2'" in caplog.text
    ours.train()
    entry = ours.state.log_history[0]
    assert entry["rewards/Scale_2/mean"] == pytest.approx(2 * entry["rewards/Scale/mean"])
    stock = make(trl.GRPOTrainer, trl.GRPOConfig, tmp_path, reward_funcs=rewards, max_steps=2)
    stock.train()
    for theirs, weight in zip(stock.model.parameters(), ours.model.parameters(), strict=True):
        assert torch.equal(theirs, weight)


def test_a_name_made_up_collides_with_none():
    names = ["a", "a_2", "a", "a", "b"]
    keep_names_apart(names)
    assert names == ["a", "a_2", "a_3", "a_4", "b"]


class Foreign(TrainerCallback):
    """Another library's callback, with methods that are called like ours."""

    def attach(self):
        raise AssertionError("not meant for us")

    def on_rewards(self, sink, rows, rewards):
        raise AssertionError("not meant for us")


class Own(TrainerCallback):
    def attach(self, trainer):
        self.trainer = trainer

    def on_rewards(self, trainer, rows, rewards):
        self.shape = rewards.shape


def test_callbacks_of_other_libraries_are_left_alone(tmp_path):
    own = Own()
    trainer = make(GRPOTrainer, GRPOConfig, tmp_path, max_steps=1, callbacks=[Foreign(), own])
    trainer.train()
    assert own.trainer is trainer
    assert own.shape == (8, 3)
