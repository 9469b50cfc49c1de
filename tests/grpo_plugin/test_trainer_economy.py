"""Leaving out dead completions and padding changes nothing but the work."""

from __future__ import annotations

from dataclasses import replace

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
from training_runs import distance, flat, logs, make, train  # noqa: E402

from grpo_plugin import GRPOConfig  # noqa: E402
from grpo_plugin.errors import ConfigurationError  # noqa: E402
from grpo_plugin.objectives import (  # noqa: E402
    Coupling,
    ObjectiveConfig,
    available,
    gradient_coefficient,
    resolve,
)
from grpo_plugin.training.foresight import Foreseen  # noqa: E402
from grpo_plugin.training.microbatch import contributing, microbatch  # noqa: E402
from grpo_plugin.training.plan import TrainingPlan, plan_from  # noqa: E402
from grpo_plugin.training.window import Window  # noqa: E402

WINDOW = Window(accumulation=2, steps_per_generation=4, world_size=2, max_length=9, seed=3)


@pytest.mark.parametrize("name", available())
@pytest.mark.parametrize("on_policy", [False, True])
def test_what_is_left_out_has_no_gradient(draw, name, on_policy):
    objective = resolve(name)
    for seed in range(3):
        logp, batch = draw(seed, on_policy=on_policy)
        zero = torch.tensor([[1.0], [0.0], [0.0], [1.0], [1.0], [0.0]], dtype=torch.float64)
        batch = replace(batch, advantages=batch.advantages * zero)
        kept = contributing(objective, batch, objective.defaults)
        slope = gradient_coefficient(objective, logp, batch, objective.defaults)
        assert (slope[~kept] == 0).all()
        if objective.zero_without_advantage:
            assert kept.tolist() == [True, False, False, False, True, False]


def test_objectives_that_couple_a_micro_batch_leave_nothing_out(draw):
    _, batch = draw(0)
    batch = replace(batch, advantages=torch.zeros_like(batch.advantages))
    for name in ("clip_cov", "kl_cov", "dpo"):
        assert resolve(name).coupling is Coupling.BATCH
        assert contributing(resolve(name), batch, resolve(name).defaults).all()
    own = resolve(lambda logp, batch, config: logp.sum())
    assert contributing(own, batch, own.defaults).all()


def test_kl_and_entropy_keep_what_they_need(draw):
    _, batch = draw(0)
    batch = replace(batch, advantages=torch.zeros_like(batch.advantages))
    grpo = resolve("grpo")
    live = batch.live.any(1).tolist()
    assert contributing(grpo, batch, replace(grpo.defaults, beta=0.1)).tolist() == live
    assert contributing(grpo, batch, replace(grpo.defaults, entropy_coef=0.1)).all()
    assert not contributing(grpo, batch, grpo.defaults).any()


def test_rejection_sampling_leaves_wrong_completions_out(draw):
    _, batch = draw(0)
    rft = resolve("rft")
    right = torch.nan_to_num(batch.rewards) > 0.5
    assert contributing(rft, batch, rft.defaults).tolist() == (right & batch.live.any(1)).tolist()


def inputs_of(mask, advantages):
    mask = torch.tensor(mask)
    size, length = mask.shape
    return {
        "prompt_ids": torch.ones(size, 2, dtype=torch.long),
        "prompt_mask": torch.ones(size, 2, dtype=torch.long),
        "completion_ids": torch.arange(size * length).view(size, length),
        "completion_mask": mask,
        "advantages": torch.tensor(advantages),
        "old_per_token_logps": torch.zeros(size, length),
        "num_items_in_batch": torch.tensor(40),
    }


MASK = [[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0], [1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0]]


def choose(inputs, *, keep_all=False, multiple=None, **plan):
    plan = TrainingPlan(objective=resolve("grpo"), **plan)
    return microbatch(inputs, plan, WINDOW, Foreseen(), keep_all=keep_all, multiple=multiple)


def test_rows_and_columns_are_cut_and_counts_are_those_of_the_whole():
    found = choose(inputs_of(MASK, [1.0, 0.0, -1.0, 0.0]))
    assert found.inputs["completion_ids"].tolist() == [[0, 1], [12, 13]]
    assert found.inputs["prompt_ids"].shape == (2, 2)
    assert found.batch.mask.tolist() == [[True, True], [True, False]]
    assert found.batch.old_logp.shape == (2, 2)
    assert found.batch.window_sequences == 4 * 2 * 2
    assert found.batch.window_tokens == 40 * 2 / 4
    assert found.batch.local_tokens == 11
    assert (found.rows, found.positions) == (4, 24)


def test_lengths_stay_multiples():
    inputs = inputs_of(MASK, [1.0, 0.0, -1.0, 0.0])
    assert choose(inputs, multiple=4).batch.mask.shape == (2, 4)
    assert choose(inputs, multiple=8).batch.mask.shape == (2, 6)


def test_one_row_remains_and_it_is_the_shortest():
    found = choose(inputs_of(MASK, [0.0] * 4))
    assert found.inputs["completion_ids"].tolist() == [[12]]
    nothing = choose(inputs_of([[0, 0, 0], [0, 0, 0]], [1.0, 1.0]))
    assert nothing.batch.mask.shape == (1, 1)


def test_all_stay_where_something_else_needs_them_or_nobody_wants_it():
    inputs = inputs_of(MASK, [0.0] * 4)
    assert choose(inputs, keep_all=True).batch.mask.shape == (4, 5)
    whole = choose(inputs, skip_dead_completions=False, trim_padding=False)
    assert whole.batch.mask.shape == (4, 6)
    assert choose(inputs | {"pixel_values": torch.ones(9)}).batch.mask.shape == (4, 6)


def test_an_advantage_for_each_token():
    advantages = [[0.0] * 6, [0, 0, 0, 0, 2.0, 0], [0] * 6, [0, 0, 0, 0, 0, 3.0]]
    found = choose(inputs_of(MASK, advantages))  # the last one's stands outside its mask
    assert found.batch.advantages.tolist() == [[0, 0, 0, 0, 2.0]]


RUNS = {
    "on_policy": {},
    "off_policy": {"num_iterations": 2, "max_steps": 4},
    "truncated": {"mask_truncated_completions": True},
    "kl_truncated": {"beta": 0.3, "reference": True, "mask_truncated_completions": True},
}


@pytest.mark.parametrize(
    ("name", "case"),
    [("dapo", "on_policy"), ("sequence_grpo", "off_policy"), ("bnpo", "truncated")]
    + [
        pytest.param(name, case, marks=pytest.mark.slow)
        for name in ("grpo", "sequence_grpo", "bnpo", "dapo", "rft", "gmpo", "sapo")
        for case in RUNS
    ],
)
def test_training_is_the_same_with_and_without(tmp_path, name, case):
    whole = train(
        tmp_path / "whole",
        objective=name,
        skip_dead_completions=False,
        trim_padding=False,
        **RUNS[case],
    )
    less = train(tmp_path / "less", objective=name, **RUNS[case])
    compared = 0
    for own, theirs in zip(less.gradients.steps, whole.gradients.steps, strict=True):
        if theirs.norm() > 1e-5:
            compared += 1
            assert distance(own, theirs) <= 1e-5
    assert compared
    assert (flat(less.model) - flat(whole.model)).abs().max() <= 2e-5
    assert logs(whole, "kept_completions")[0] == 1
    assert min(logs(less, "kept_tokens")) < min(logs(whole, "kept_tokens")) or case != "on_policy"


def test_dead_completions_do_not_enter_the_model(tmp_path):
    trainer = make(tmp_path, objective="dapo", max_steps=4)
    seen = []
    trainer.model.register_forward_pre_hook(
        lambda module, args, kwargs: (
            seen.append(kwargs["input_ids"].shape[0]) if torch.is_grad_enabled() else None
        ),
        with_kwargs=True,
    )
    trainer.train()
    assert len(seen) == 8
    assert sum(seen) < 8 * 4
    assert min(logs(trainer, "kept_completions")) < 1
    assert max(logs(trainer, "dead_groups")) > 0


@pytest.mark.parametrize("fused", [False, True])
def test_options_are_settled_once_a_run(tmp_path, monkeypatch, fused):
    trainer = make(tmp_path, objective="sequence_grpo", fused_loss=fused, max_steps=2)
    made = []
    checked = ObjectiveConfig.__post_init__

    def counted(self):
        made.append(self)
        checked(self)

    monkeypatch.setattr(ObjectiveConfig, "__post_init__", counted)
    trainer.train()
    assert trainer.state.global_step == 2
    assert made == []
    assert trainer.plan.objective.settle(trainer.plan.options) is trainer.plan.options


def test_a_sampler_correction_takes_the_place_of_trls():
    plan = plan_from(
        GRPOConfig(
            "out", use_cpu=True, bf16=False, objective="dapo", sampler_correction="icepop",
            sampler_options={"upper": 2.0},
        )
    )  # fmt: skip
    inputs = {
        "prompt_ids": torch.ones(3, 1).long(),
        "prompt_mask": torch.ones(3, 1).long(),
        "completion_ids": torch.ones(3, 2).long(),
        "completion_mask": torch.ones(3, 2).long(),
        "advantages": torch.ones(3),
        "old_per_token_logps": torch.tensor([[-1.0, -1.0], [-1.0, -1.0], [-1.0, -1.0]]),
        "sampling_per_token_logps": torch.tensor([[-1.0, -2.0], [-0.5, -0.2], [-1.5, -1.0]]),
        "importance_sampling_ratio": torch.full((3, 2), 9.0),
    }
    window = replace(WINDOW, accumulation=1, steps_per_generation=1)
    made = microbatch(inputs, plan, window, Foreseen(), keep_all=True, multiple=None)
    ratio = torch.exp(inputs["old_per_token_logps"] - inputs["sampling_per_token_logps"])
    expected = torch.where((ratio >= 0.5) & (ratio <= 2.0), ratio, torch.zeros_like(ratio))
    assert (expected == 0).sum() == 2
    torch.testing.assert_close(made.batch.sampling_ratio, expected)
    for missing, message in (
        ("sampling_per_token_logps", "TRL's batch has none; use vLLM"),
        ("old_per_token_logps", "needs log-probs of the policy that sampled"),
    ):
        less = {key: value for key, value in inputs.items() if key != missing}
        with pytest.raises(ConfigurationError, match=message):
            microbatch(less, plan, window, Foreseen(), keep_all=True, multiple=None)
