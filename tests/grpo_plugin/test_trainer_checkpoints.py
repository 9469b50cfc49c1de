"""Checkpoints resume bit for bit, at a window's boundary and in the middle of one."""

from __future__ import annotations

import json
import pickle

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
from process_runs import launch  # noqa: E402
from training_runs import flat, make, train  # noqa: E402

from grpo_plugin import GRPOConfig  # noqa: E402
from grpo_plugin.objectives import resolve  # noqa: E402

SAVING = {"save_strategy": "steps", "save_steps": 1, "max_steps": 5, "learning_rate": 1e-2}


def interrupted(folder, at, **options):
    """The weights of an uninterrupted run, and of one resumed from the checkpoint of step `at`."""
    whole = train(folder, **(SAVING | options))
    resumed = train(folder, resume=str(folder / f"checkpoint-{at}"), **(SAVING | options))
    return whole, resumed


@pytest.mark.parametrize("objective", ["grpo", pytest.param(None, marks=pytest.mark.slow)])
def test_at_a_boundary(tmp_path, objective):
    whole, resumed = interrupted(tmp_path, 2, objective=objective)
    assert not list(tmp_path.glob("checkpoint-*/rollouts_*"))
    assert torch.equal(flat(whole.model), flat(resumed.model))


@pytest.mark.parametrize("at", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "window",
    [{"num_iterations": 2}, {"steps_per_generation": 6, "per_device_train_batch_size": 2}],
    ids=["iterations", "long_generation"],
)
def test_in_the_middle_of_a_window(tmp_path, window, at):
    whole, resumed = interrupted(tmp_path, at, objective="dapo", **window)
    assert torch.equal(flat(whole.model), flat(resumed.model))


def test_trls_own_loss_profits_too(tmp_path):
    whole, resumed = interrupted(tmp_path, 1, num_iterations=2)
    assert torch.equal(flat(whole.model), flat(resumed.model))


def test_without_the_rollouts_it_differs(tmp_path):
    """What the file is for; and that the tests above can fail."""
    whole, resumed = interrupted(tmp_path, 1, num_iterations=2, save_rollouts=False)
    assert not list(tmp_path.glob("checkpoint-*/rollouts_*"))
    assert not torch.equal(flat(whole.model), flat(resumed.model))


def test_an_adaptive_coefficient_is_resumed(tmp_path):
    options = {"objective": "grpo", "beta": 0.3, "kl_target": 1e-3, "kl_horizon": 20}
    whole, resumed = interrupted(tmp_path, 2, reference=True, **options)
    assert whole.kl_controller.coefficient > 0.3
    assert resumed.kl_controller.coefficient == whole.kl_controller.coefficient
    assert torch.equal(flat(whole.model), flat(resumed.model))


@pytest.mark.parametrize(
    "change",
    [
        {"steps_per_generation": 4},
        {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4},
        {"per_device_train_batch_size": 8},
        {"num_iterations": 3},
    ],
)
def test_another_window_drops_the_rollouts(tmp_path, caplog, change):
    options = SAVING | {"objective": "grpo", "num_iterations": 2}
    train(tmp_path, **options)
    changed = options | change
    train(tmp_path, resume=str(tmp_path / "checkpoint-1"), **changed)
    assert "dropped and sampled anew" in caplog.text


@pytest.mark.slow
def test_two_processes_resume_in_the_middle(tmp_path):
    options = SAVING | {"objective": "grpo", "num_iterations": 2, "folder": str(tmp_path / "run")}
    (whole,) = launch(tmp_path / "first", [options])
    resume = str(tmp_path / "run" / "checkpoint-1")
    (resumed,) = launch(tmp_path / "second", [options | {"resume": resume}])
    assert len(list((tmp_path / "run" / "checkpoint-1").glob("rollouts_*.pt"))) == 2
    assert torch.equal(whole["weights"], resumed["weights"])


def test_a_lambda_as_objective_survives_logs_and_checkpoints(tmp_path):
    def loss(logp, batch, config):
        return -(logp * batch.advantages).sum() / batch.window_tokens

    trainer = train(
        tmp_path,
        objective=loss,
        advantage_estimator=lambda rewards, group, lengths: rewards - rewards.mean(),
        **(SAVING | {"max_steps": 1}),
    )
    named = json.loads(trainer.args.to_json_string())
    assert named["objective"].endswith("loss")
    saved = torch.load(tmp_path / "checkpoint-1" / "training_args.bin", weights_only=False)
    assert isinstance(saved.objective, str)
    assert trainer.args.objective is loss
    assert trainer.plan.objective.function is loss


def test_what_can_be_pickled_stays_a_function(tmp_path):
    config = GRPOConfig(str(tmp_path), objective=resolve("grpo"), use_cpu=True, bf16=False)
    assert pickle.loads(pickle.dumps(config)).objective is resolve("grpo")
    assert make(tmp_path, objective="training_runs:example_objective").plan.objective is not None
