"""PPO's value model: what it predicts, what it is trained on, and that it is saved."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
from process_runs import launch  # noqa: E402
from training_runs import GRPOTrainer, distance, flat, logs, make, spread, train  # noqa: E402

from grpo_plugin import advantages  # noqa: E402
from grpo_plugin.errors import ConfigurationError, StepError  # noqa: E402
from grpo_plugin.training.critic import ValueModel  # noqa: E402
from grpo_plugin.training.sharding import spread_out  # noqa: E402

PPO = {"recipe": "ppo", "num_generations": 4, "reference": True, "rewards": (spread,)}


class Watched(GRPOTrainer):
    """Keeps each generation batch, and the gradients of the value model before each step."""

    def _generate_and_score_completions(self, inputs):
        self.generated = super()._generate_and_score_completions(inputs)
        return self.generated

    def watch(self):
        self.gradients_of_values, self.windows = [], []
        step, update = self.critic.optimizer.step, self.critic.update

        def stepped():
            model = self.critic.model
            self.gradients_of_values.append(flat(model, "grad"))
            self.model_of_values = copy.deepcopy(model)
            step()

        def updated(trainer, inputs, batch):
            self.windows.append(inputs)
            return update(trainer, inputs, batch)

        self.critic.optimizer.step, self.critic.update = stepped, updated


def predicted(model, inputs):
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
    mask = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1)
    length = inputs["completion_ids"].shape[1]
    return model(ids, mask)[:, -length - 1 : -1]


def test_values_are_regressed_on_returns_with_a_clip(tmp_path):
    trainer = make(
        tmp_path, trainer_class=Watched, num_iterations=2, max_steps=2, value_clip=0.01,
        value_learning_rate=0.05, max_grad_norm=0.0, **PPO,
    )  # fmt: skip
    trainer.watch()
    trainer.train()
    model = trainer.model_of_values.double()  # before the second step on the same completions
    model.zero_grad()
    window = trainer.windows[2:]
    tokens = sum(int(part["completion_mask"].sum()) for part in window)
    moved = 0
    for part in window:
        live = part["completion_mask"] != 0
        now, old, goal = predicted(model, part), part["values"].double(), part["returns"].double()
        near = torch.minimum(torch.maximum(now, old - 0.01), old + 0.01)
        loss = torch.maximum((now - goal) ** 2, (near - goal) ** 2) / 2
        moved += int(((near != now) & live).sum())
        (loss[live].sum() / tokens).backward()
    assert moved, "nothing is clipped"
    assert distance(trainer.gradients_of_values[1].double(), flat(model, "grad")) < 1e-4


def test_advantages_and_returns_are_gaes(tmp_path):
    trainer = train(
        tmp_path, trainer_class=Watched, max_steps=3, value_learning_rate=0.05, gae_lambda=0.7,
        gae_gamma=0.9, **PPO,
    )  # fmt: skip
    batch = trainer.generated
    mask = batch["completion_mask"] != 0
    assert batch["values"].abs().max() > 0.1, "the value model has learnt nothing"
    rewards = torch.zeros_like(batch["values"])
    rewards[torch.arange(len(mask)), mask.sum(1) - 1] = batch["rewards"]
    found = advantages.gae(rewards, batch["values"], mask, gamma=0.9, lam=0.7)
    # The KL is small beside the reward: compare where it is not what is looked at.
    assert distance(batch["returns"], found.returns) < 0.05
    live = batch["advantages"][mask]
    assert float(live.mean()) == pytest.approx(0, abs=1e-5)
    assert float(live.std()) == pytest.approx(1, abs=1e-3)
    assert (batch["advantages"][~mask] == 0).all()


def test_a_value_model_learns_what_completions_are_worth(tmp_path):
    def constant(completions, **_):
        return [2.0] * len(completions)

    options = PPO | {"rewards": (constant,), "beta": 0.0, "reference": False, "kl_in": "loss"}
    options |= {"gae_lambda": 1.0}  # the return then is the reward itself
    trainer = train(tmp_path, max_steps=12, value_learning_rate=0.03, value_clip=10.0, **options)
    losses = logs(trainer, "value_loss")
    assert losses[0] == pytest.approx(2.0, rel=1e-3)  # predictions of 0 for returns of 2
    assert losses[-1] < 0.3 * losses[0]


def test_resumed_as_if_never_stopped(tmp_path):
    options = PPO | {"save_strategy": "steps", "save_steps": 2, "max_steps": 4}
    options |= {"value_learning_rate": 0.01}
    whole = train(tmp_path, **options)
    resumed = train(tmp_path, resume=str(tmp_path / "checkpoint-2"), **options)
    assert torch.equal(flat(whole.model), flat(resumed.model))
    assert torch.equal(flat(whole.critic.model), flat(resumed.critic.model))


def test_a_value_model_of_ones_own(tmp_path):
    class Flat(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.level = torch.nn.Parameter(torch.tensor(0.25))

        def forward(self, ids, mask):
            return self.level.expand(ids.shape)

    class Given(Watched):
        def __init__(self, **kwargs):
            super().__init__(value_model=Flat(), **kwargs)

    trainer = train(tmp_path, trainer_class=Given, max_steps=2, value_learning_rate=0.1, **PPO)
    assert float(trainer.critic.model.level) > 0.25
    assert isinstance(make(tmp_path, **PPO).critic.model, ValueModel)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kl_in": "reward"}, "a value model predicts the rewards of tokens"),
        ({"objective": None, "kl_in": "loss"}, "needs an objective"),
        ({"gae_lambda": 1.5}, r"gae_lambda is 1.5; it must be in \[0, 1\]"),
        ({"advantage_options": {"lam": 1}}, "are not read by advantage_estimator='gae'"),
    ],
)
def test_what_cannot_work(tmp_path, options, message):
    with pytest.raises(ConfigurationError, match=message):
        make(tmp_path, **(PPO | options))


def test_steps_and_values_exclude_each_other(tmp_path):
    class Stepped(GRPOTrainer):
        def __init__(self, **kwargs):
            super().__init__(
                step_reward_funcs=lambda steps, **_: [[0.0] * len(s) for s in steps], **kwargs
            )

    with pytest.raises(StepError, match="leave one of them out"):
        make(tmp_path, trainer_class=Stepped, **PPO)


@pytest.mark.parametrize(
    ("deepspeed", "plugin"),
    [(True, None), (False, SimpleNamespace()), (False, SimpleNamespace(fsdp_version=1))],
)
def test_what_shards_otherwise_is_refused(deepspeed, plugin):
    trainer = SimpleNamespace(
        is_deepspeed_enabled=deepspeed,
        is_fsdp_enabled=not deepspeed,
        accelerator=SimpleNamespace(state=SimpleNamespace(fsdp_plugin=plugin)),
    )
    with pytest.raises(ConfigurationError, match="use DDP or FSDP2"):
        spread_out(trainer, torch.nn.Linear(1, 1))


def in_two_processes(jobs, folder):
    """What two processes make of the jobs; the value models of both are one."""
    found = launch(folder, [PPO_IN_PROCESSES | job for job in jobs])
    for one in found:
        assert torch.equal(*one["values"])
        assert all("value_loss" in entry for entry in one["logs"] if "loss" in entry)
    return found


PPO_IN_PROCESSES = {name: value for name, value in PPO.items() if name != "rewards"} | {
    "max_steps": 4,
    "value_learning_rate": 0.05,
}


@pytest.mark.slow
def test_a_sharded_value_model_learns_what_a_replicated_one_does(tmp_path):
    replicated, sharded = in_two_processes([{}, {"sharded": True}], tmp_path)
    assert sharded["sharded"]
    assert sharded["values"][0].abs().sum() > 0
    assert (sharded["values"] - replicated["values"]).abs().max() <= 1e-4
    assert (sharded["weights"] - replicated["weights"]).abs().max() <= 2e-5


@pytest.mark.slow
@pytest.mark.parametrize("sharded", [False, True])
def test_two_processes_resume_one_value_model(tmp_path, sharded):
    saved = {"sharded": sharded, "save_strategy": "steps", "save_steps": 1, "max_steps": 2}
    # Within an epoch: in the next one TRL's own resumed run shuffles anew in several processes.
    resume = {"resume": str(tmp_path / "run_0" / "checkpoint-1")}
    whole, resumed = in_two_processes([saved, saved | resume], tmp_path)
    assert torch.equal(whole["values"], resumed["values"])
    assert torch.equal(whole["weights"], resumed["weights"])
