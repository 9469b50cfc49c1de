"""Advantages of a generation batch: estimators, KL in the reward, dynamic sampling."""

from __future__ import annotations

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
from process_runs import launch  # noqa: E402
from training_runs import GRPOTrainer, flat, logs, make, spread, train  # noqa: E402

from grpo_plugin import advantages as functions  # noqa: E402
from grpo_plugin.errors import ConfigurationError  # noqa: E402
from grpo_plugin.kl import penalize_advantages, penalize_rewards, token_kl  # noqa: E402
from grpo_plugin.training.steering import current_options  # noqa: E402

ONE_BATCH = {"max_steps": 1, "num_iterations": 2}  # with π_old in the batch


class Kept(GRPOTrainer):
    """Keeps the last rollout and the batch that came of it."""

    def advantages_of(self, rollout):
        self.rollout = rollout
        return super().advantages_of(rollout)

    def _generate_and_score_completions(self, inputs):
        self.batch = super()._generate_and_score_completions(inputs)
        return self.batch


@pytest.mark.parametrize(
    "name",
    [
        name if name in ("rloo", "pass_at_k") else pytest.param(name, marks=pytest.mark.slow)
        for name in functions.available()
    ],
)
def test_estimators_are_applied_to_all_rewards(tmp_path, name):
    options = {"advantage_options": {"k": 2}} if name == "pass_at_k" else {}
    trainer = train(
        tmp_path, trainer_class=Kept, rewards=(spread,), advantage_estimator=name,
        **options, **ONE_BATCH,
    )  # fmt: skip
    rollout = trainer.rollout
    lengths = rollout.mask.sum(1)
    kept = options.get("advantage_options", {})
    rewards = rollout.rewards_per_func if name == "gdpo" else rollout.rewards
    expected = functions.resolve(name, **kept)(rewards, rollout.group, lengths)
    assert torch.equal(trainer.batch["advantages"], expected)
    assert rollout.group.tolist() == [0] * 4 + [1] * 4
    assert rollout.rewards.tolist() == pytest.approx(
        [float(value) for value in trainer._logs["rewards"]["spread"]]
    )


def test_grpo_estimator_is_trls_own_and_trains_without_an_objective(tmp_path):
    stock = train(tmp_path / "stock", ours=False)
    ours = train(tmp_path / "ours", advantage_estimator="grpo")
    torch.testing.assert_close(flat(ours.model), flat(stock.model), rtol=0, atol=2e-5)


def test_weights_and_rewards_that_do_not_apply(tmp_path):
    def half(completions, **_):
        return [None if index % 2 else 1.0 for index in range(len(completions))]

    def never(completions, **_):
        return [None] * len(completions)

    trainer = train(
        tmp_path,
        trainer_class=Kept,
        rewards=(half, never),
        reward_weights=[0.5, 1.0],
        advantage_estimator="dr_grpo",
        max_steps=1,
    )
    rewards = trainer.rollout.rewards
    assert rewards[0::2].tolist() == [0.5] * 4
    assert rewards[1::2].isnan().all()
    assert trainer.batch["advantages"].tolist() == [0.0] * 8


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize(
    "scale",
    [
        "group",
        pytest.param("batch", marks=pytest.mark.slow),
        pytest.param("none", marks=pytest.mark.slow),
    ],
)
def test_kl_in_the_reward_precedes_normalisation(tmp_path, scale, aligned):
    trainer = train(
        tmp_path,
        trainer_class=Kept,
        rewards=(spread,),
        objective="grpo",
        kl_in="reward",
        beta=0.2,
        reference=True,
        scale_rewards=scale,
        **(ONE_BATCH | {"num_iterations": 1 if aligned else 2}),
    )
    batch, rollout = trainer.batch, trainer.rollout
    assert ("old_per_token_logps" in batch) != aligned
    if not aligned:
        penalised = penalize_rewards(
            rollout.rewards,
            batch["old_per_token_logps"],
            batch["ref_per_token_logps"],
            batch["completion_mask"],
            coefficient=0.2,
        )
        assert not torch.equal(penalised, rollout.rewards)
        estimator = {"group": "grpo", "batch": "batch_normalized", "none": "dr_grpo"}[scale]
        expected = functions.resolve(estimator)(penalised, rollout.group, None)
        torch.testing.assert_close(batch["advantages"], expected)
    assert current_options(trainer).beta == 0  # and not in the loss again
    assert "kl/k3" in trainer.state.log_history[0]
    assert torch.equal(batch["rewards"], rollout.rewards)


def test_aligned_and_misaligned_generation_agree_on_the_kl(tmp_path):
    found = []
    for iterations in (1, 2):
        trainer = train(
            tmp_path / str(iterations),
            trainer_class=Kept,
            rewards=(spread,),
            objective="grpo",
            kl_in="reward",
            beta=0.2,
            reference=True,
            **(ONE_BATCH | {"num_iterations": iterations}),
        )
        found.append(trainer.batch["advantages"])
    torch.testing.assert_close(*found)


def test_kl_in_the_advantage_follows_normalisation(tmp_path):
    trainer = train(
        tmp_path, trainer_class=Kept, rewards=(spread,), objective="ppo_clip", kl_in="advantage",
        advantage_estimator="reinforce_plus_plus", beta=0.2, reference=True, **ONE_BATCH,
    )  # fmt: skip
    batch, rollout = trainer.batch, trainer.rollout
    mask = batch["completion_mask"]
    divergence = token_kl(batch["old_per_token_logps"], batch["ref_per_token_logps"], mask)
    outcome = functions.reinforce_plus_plus_outcome(rollout.rewards, rollout.group, mask.sum(1))
    expected = penalize_advantages(outcome[:, None].expand(mask.shape), divergence, coefficient=0.2)
    torch.testing.assert_close(batch["advantages"], expected)


@pytest.mark.parametrize("place", ["loss", "reward"])
def test_an_adaptive_coefficient_moves_towards_its_target(tmp_path, place):
    def coefficients(target):
        trainer = train(
            tmp_path / str(target), objective="grpo", beta=0.2, reference=True, kl_in=place,
            kl_target=target, kl_horizon=40,
        )  # fmt: skip
        return logs(trainer, "kl/coefficient"), trainer.kl_controller.coefficient

    rising, last = coefficients(1e-4)
    assert rising == sorted(rising)
    assert last > rising[0] >= 0.2
    falling, last = coefficients(1e4)
    assert falling == sorted(falling, reverse=True)
    assert last < falling[0] <= 0.2


def test_an_estimator_of_a_wrong_shape_is_named(tmp_path):
    trainer = make(tmp_path, advantage_estimator=lambda rewards, group, lengths: rewards[:1])
    with pytest.raises(ConfigurationError, match="one advantage per completion"):
        trainer.train()


def test_an_advantage_for_each_token_trains(tmp_path):
    class Later(GRPOTrainer):
        """The same advantage as ever, for the second half of each completion only."""

        def advantages_of(self, rollout):
            whole = super().advantages_of(rollout)[:, None].expand(rollout.mask.shape).clone()
            whole[:, : whole.shape[1] // 2] = 0
            return whole

    half = train(tmp_path / "half", trainer_class=Later, rewards=(spread,), objective="dapo")
    whole = train(tmp_path / "whole", rewards=(spread,), objective="dapo")
    assert half.state.global_step == 3
    assert not torch.allclose(half.gradients.steps[0], whole.gradients.steps[0])


DYNAMIC = {"objective": "dapo", "dynamic_sampling_rounds": 4, "max_steps": 4}


def test_dead_groups_are_sampled_anew(tmp_path):
    without = train(tmp_path / "without", **(DYNAMIC | {"dynamic_sampling_rounds": 0}))
    trainer = train(tmp_path / "with", trainer_class=Kept, **DYNAMIC)
    assert max(logs(without, "dead_groups")) > 0
    assert sum(logs(trainer, "dead_groups")) < sum(logs(without, "dead_groups"))
    assert sum(logs(trainer, "dynamic_sampling/refilled_groups")) > 0
    assert max(logs(trainer, "dynamic_sampling/rounds")) <= 4
    rollout, batch = trainer.rollout, trainer.batch
    expected = functions.grpo(rollout.rewards, rollout.group)
    torch.testing.assert_close(batch["advantages"], expected)
    assert batch["num_items_in_batch"] == batch["completion_mask"].sum()


def test_what_replaces_a_group_is_whole(tmp_path):
    """Prompt, tokens, log-probs and reward of a completion still belong together."""
    trainer = make(tmp_path, trainer_class=Kept, num_iterations=2, **DYNAMIC)
    tokenizer = trainer.processing_class
    checked = 0
    for _ in range(4):
        rows = [dict(row) for row in list(trainer.train_dataset)[:2] for _ in range(4)]
        batch = trainer._generate_and_score_completions(rows)
        rollout = trainer.rollout
        checked += rollout.refilled
        for index, row in enumerate(rollout.rows):
            prompt = tokenizer.decode(batch["prompt_ids"][index], skip_special_tokens=True)
            text = tokenizer.decode(batch["completion_ids"][index], skip_special_tokens=True)
            assert prompt == row["prompt"]
            worth = float(len(set(text))) * (int(prompt.partition("+")[0]) % 2)
            assert batch["rewards"][index] == rollout.rewards[index] == worth
        again = trainer._get_per_token_logps_and_entropies(
            trainer.model,
            torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1),
            torch.cat([batch["prompt_mask"], batch["completion_mask"]], 1),
            batch["completion_ids"].shape[1],
        )[0]
        live = batch["completion_mask"] != 0
        torch.testing.assert_close(
            again[live], batch["old_per_token_logps"][live], rtol=1e-4, atol=1e-4
        )
    assert checked


def test_rounds_are_bounded(tmp_path):
    calls = []

    def worthless(completions, **_):
        calls.append(len(completions))
        return [0.0] * len(completions)

    trainer = train(
        tmp_path, rewards=(worthless,), **(DYNAMIC | {"dynamic_sampling_rounds": 2, "max_steps": 1})
    )
    assert calls == [8, 8, 8]
    assert logs(trainer, "dynamic_sampling/rounds") == [2]
    assert logs(trainer, "dynamic_sampling/refilled_groups") == [0]
    assert logs(trainer, "dead_groups") == [1]


def test_a_stream_of_prompts_is_refused(tmp_path):
    # Old releases of TRL take no streams at all.
    refusals = (ConfigurationError, NotImplementedError)
    with pytest.raises(refusals, match=r"streamed train_dataset|Iterable datasets"):
        make(tmp_path, stream=True, **DYNAMIC)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [4, 2])
def test_dynamic_sampling_in_two_processes(tmp_path, rows):
    """Also where a group lies on both processes (two rows each, groups of four)."""
    jobs = [
        DYNAMIC | {"per_device_train_batch_size": rows, "num_iterations": 2, "max_steps": 6},
        DYNAMIC
        | {"per_device_train_batch_size": rows, "advantage_estimator": "rloo", "beta": 0.1}
        | {"kl_in": "reward", "reference": True},
    ]
    for found in launch(tmp_path, jobs):
        refilled = [e.get("dynamic_sampling/refilled_groups", 0) for e in found["logs"]]
        assert sum(refilled) > 0
        assert found["weights"].isfinite().all()


def shape(completions, **_):
    """A second reward, against `spread`: their sum is the same for every completion."""
    return [9.0 - float(len(set(text))) for text in completions]


def test_gdpo_is_trls_own_and_sees_what_sums_hide(tmp_path):
    options = {"rewards": (spread, shape), "reward_weights": [1.0, 0.5]}
    stock = train(
        tmp_path / "stock", ours=False, multi_objective_aggregation="normalize_then_sum", **options
    )
    ours = train(tmp_path / "ours", advantage_estimator="gdpo", **options)
    torch.testing.assert_close(flat(ours.model), flat(stock.model), rtol=0, atol=2e-5)
    summed = options | {"reward_weights": [1.0, 1.0], "max_steps": 1, "dynamic_sampling_rounds": 1}
    apart = train(tmp_path / "apart", advantage_estimator="gdpo", objective="dapo", **summed)
    together = train(tmp_path / "together", objective="dapo", **summed)
    assert logs(apart, "dead_groups") == [0]
    assert logs(together, "dead_groups") == [1]
    with pytest.raises(ConfigurationError, match="keeps them apart"):
        make(advantage_estimator="gdpo", objective="grpo", kl_in="reward", beta=0.1)
