"""A recipe's name gives its paper's update, written out here in float64 from the papers."""

from __future__ import annotations

import copy
import dataclasses
import logging

import pytest

trl = pytest.importorskip("trl")
import torch  # noqa: E402
from training_runs import GRPOTrainer, distance, make  # noqa: E402
from transformers import HfArgumentParser  # noqa: E402

from grpo_plugin import GRPOConfig, recipes  # noqa: E402
from grpo_plugin.errors import ConfigurationError  # noqa: E402

CPU = {"output_dir": "out", "use_cpu": True, "bf16": False, "report_to": "none"}
RATES = {"gspo": 2e-4}  # its clip range is narrow: a larger step leaves it with every output
LENGTH = 8


def config(**options):
    return GRPOConfig(**(CPU | options))


class Watched(GRPOTrainer):
    """Keeps each generation batch, and the weights before each optimizer step."""

    def _generate_and_score_completions(self, inputs):
        self.generated = super()._generate_and_score_completions(inputs)
        return self.generated

    def _compute_loss(self, model, inputs):
        if self._step % self.args.gradient_accumulation_steps == 0:
            self.before.append(weights(self.model))
        self.inputs.append(inputs)
        return super()._compute_loss(model, inputs)


def weights(model):
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def logps(model, inputs):
    """(B, T) log-probs of the completions' tokens, by the model's own forward pass."""
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
    mask = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1)
    length = inputs["completion_ids"].shape[1]
    logits = model(input_ids=ids, attention_mask=mask).logits[:, -length - 1 : -1]
    return logits.log_softmax(-1).gather(2, inputs["completion_ids"][:, :, None]).squeeze(2)


def group_scaled(reward, ddof=1):
    """(r − mean)/(std + 1e-4) in groups of four neighbours; TRL's floor."""
    of = reward.view(-1, 4)
    return ((of - of.mean(1, keepdim=True)) / (of.std(1, keepdim=True) + 1e-4)).flatten()


def clipped(r, a, low, high):
    return torch.minimum(r * a, r.clamp(1 - low, 1 + high) * a)


# What each paper maximises, of one optimizer step: live tokens m (B, T) as 0 and 1, log-probs of
# the policy p, of the one that sampled o, of the reference q, rewards r of all completions.


def deepseekmath(p, o, q, m, r, a):
    k3 = (q - p).exp() - (q - p) - 1
    term = clipped((p - o).exp(), a[:, None], 0.2, 0.2) - 0.04 * k3
    return ((term * m).sum(1) / m.sum(1)).mean()


def r1_zero(p, o, q, m, r, a):
    policy, old, reference = ((x * m).sum(1) for x in (p, o, q))
    k3 = (reference - policy).exp() - (reference - policy) - 1
    return (clipped((policy - old).exp(), a, 10, 10) - 0.001 * k3).mean()


def dr_grpo(p, o, q, m, r, a):
    centred = (r.view(-1, 4) - r.view(-1, 4).mean(1, keepdim=True)).flatten()
    term = clipped((p - o).exp(), centred[:, None], 0.2, 0.2)
    return (term * m).sum() / (len(p) * LENGTH)


def dapo(p, o, q, m, r, a):
    return (clipped((p - o).exp(), a[:, None], 0.2, 0.28) * m).sum() / m.sum()


def gspo(p, o, q, m, r, a):
    s = (((p - o) * m).sum(1) / m.sum(1)).exp()
    return clipped(s, a, 3e-4, 4e-4).mean()


def cispo(p, o, q, m, r, a):
    weight = (p - o).exp().clamp(max=5).detach()
    return (weight * a[:, None] * p * m).sum() / m.sum()


def rloo(p, o, q, m, r, a):
    penalised = r - 0.03 * ((o - q) * m).sum(1)
    groups = penalised.view(-1, 4)
    baseline = (groups.sum(1, keepdim=True) - groups) / 3
    return ((groups - baseline).flatten() * (p * m).sum(1)).mean()


def reinforce_pp(p, o, q, m, r, a):
    future = ((o - q) * m).flip(1).cumsum(1).flip(1)
    returns = r[:, None] - 0.001 * future
    live = returns[m != 0]
    scaled = (returns - live.mean()) / (live.std() + 1e-4)
    return (clipped((p - o).exp(), scaled, 0.2, 0.2) * m).sum() / m.sum()


def ppo(p, o, q, m, r, a):
    """Of a value model that has no opinion yet: its head starts at zero."""
    rewards = -0.02 * (o - q) * m
    last = (m * torch.arange(1, m.shape[1] + 1)).argmax(1)
    rewards[torch.arange(len(m)), last] += r
    advantages, carried = torch.zeros_like(rewards), torch.zeros(len(m)).double()
    for t in reversed(range(m.shape[1])):
        carried = torch.where(m[:, t] != 0, rewards[:, t] + 0.95 * carried, carried)
        advantages[:, t] = carried
    live = advantages[m != 0]
    scaled = (advantages - live.mean()) / (live.std() + 1e-4)
    return (clipped((p - o).exp(), scaled, 0.2, 0.2) * m).sum() / m.sum()


PAPERS = {
    "cispo": cispo,
    "dapo": dapo,
    "deepseekmath": deepseekmath,
    "dr_grpo": dr_grpo,
    "gspo": gspo,
    "ppo": ppo,
    "r1_zero": r1_zero,
    "reinforce_pp": reinforce_pp,
    "rloo": rloo,
}


def lengthy(completions, **_):
    """Rewards that differ within every group, so that no group is dead."""
    return [len(set(text)) + 0.37 * index for index, text in enumerate(completions)]


def test_every_recipe_has_its_paper_here():
    assert set(PAPERS) == set(recipes.available())


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("name", sorted(PAPERS))
def test_an_sgd_step_is_the_papers(tmp_path, name, fused):
    rate = RATES.get(name, 0.05)
    """The second step on the same completions, so that ratios are not 1 and clips hold."""
    trainer = make(
        tmp_path, trainer_class=Watched, rewards=(lengthy,), reference=True, recipe=name,
        optim="sgd", learning_rate=rate, lr_scheduler_type="constant", num_iterations=2,
        max_steps=2, num_generations=4, max_completion_length=LENGTH, fused_loss=fused,
        sync_ref_model=False,
    )  # fmt: skip
    trainer.before, trainer.inputs = [], []
    reference = getattr(trainer, "ref_model", None) or trainer.model
    sampler, reference = copy.deepcopy(trainer.model).double(), copy.deepcopy(reference).double()
    trainer.train()
    policy = copy.deepcopy(sampler)
    with torch.no_grad():
        for key, value in policy.named_parameters():
            value.copy_(trainer.before[1][key])
    window = trainer.inputs[2:]  # two micro-batches a step: the second step's
    rewards = torch.cat([part["rewards"] for part in window]).double()
    # A generation batch is shuffled before it is cut: put the completions back in order.
    order = torch.cat([part["group"] for part in window]).argsort(stable=True)
    rewards = rewards[order]
    parts = []
    for model in (policy, sampler, reference):
        found = [logps(model, part) for part in window]
        parts.append(torch.cat(found)[order])
    p, o, q = parts[0], parts[1].detach(), parts[2].detach()
    live = torch.cat([part["completion_mask"] for part in window])[order].double()
    objective = PAPERS[name](p, o, q, live, rewards, group_scaled(rewards))
    objective.backward()
    expected = torch.cat([value.grad.flatten() for value in policy.parameters()])
    assert expected.norm() > 1e-3, "nothing is compared"
    assert distance(-trainer.gradients.steps[1].double(), expected) <= 1e-4
    moved = torch.cat([value.flatten() for value in trainer.model.parameters()]) - torch.cat(
        [value.flatten() for value in policy.parameters()]
    )
    torch.testing.assert_close(moved, rate * expected, rtol=1e-4, atol=2e-6)


def test_a_field_that_is_set_wins_and_is_named(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="grpo_plugin.recipes"):
        trainer = make(tmp_path, recipe="dapo", epsilon_high=0.3, max_steps=1)
    assert trainer.args.epsilon_high == 0.3
    assert trainer.plan.options.clip_high == 0.3
    assert "epsilon_high = 0.3, set by you (the recipe: 0.28)" in caplog.text
    assert "epsilon = 0.2\n" in caplog.text
    assert "dynamic_sampling_rounds = 10" in caplog.text


def test_a_field_set_to_its_default_is_set():
    assert config(recipe="gspo", epsilon_high=None).epsilon_high is None
    assert config(recipe="gspo").epsilon_high == 4e-4


@pytest.mark.parametrize("name", recipes.available())
def test_trackers_are_told_every_field(name):
    made = config(recipe=name, num_generations=4)
    logged = made.to_dict()
    assert logged["recipe"] == name
    for field, value in made.applied_recipe.recipe.settings.items():
        assert logged[field] == (4 if field == "num_generations" else value)
        assert field in str(made.applied_recipe)


def test_a_command_line_and_a_changed_copy_keep_the_recipe():
    (parsed,) = HfArgumentParser(GRPOConfig).parse_args_into_dataclasses(
        [
            *("--output_dir", "out", "--use_cpu", "True", "--bf16", "False"),
            *("--report_to", "none", "--recipe", "gspo", "--epsilon", "0.01"),
        ]
    )
    assert (parsed.epsilon, parsed.epsilon_high) == (0.01, 4e-4)
    assert parsed.applied_recipe.overridden == {"epsilon": 0.01}
    changed = dataclasses.replace(
        config(recipe="dr_grpo"), learning_rate=1.0, generation_batch_size=None
    )
    assert (changed.scale_rewards, changed.num_generations) == ("none", 8)
    assert changed.applied_recipe.overridden == {}


def test_what_cannot_work_is_said_with_the_recipe():
    with pytest.raises(ConfigurationError, match=r"'dap' is unknown; choose one of cispo, dapo"):
        config(recipe="dap")
    with pytest.raises(ConfigurationError, match=r"num_generations \(64\)[\s\S]*'deepseekmath'"):
        config(recipe="deepseekmath")
    with pytest.raises(ConfigurationError, match="needs an advantage_estimator that works on"):
        config(objective="grpo", kl_in="token_reward", beta=0.1)
    with pytest.raises(ConfigurationError, match="a multiple of gradient_accumulation_steps"):
        config(
            objective="dapo",
            tokens_counted_over="window",
            gradient_accumulation_steps=4,
            steps_per_generation=2,
        )
    with pytest.raises(ConfigurationError, match="tokens_counted_over is 'step'; choose"):
        config(objective="dapo", tokens_counted_over="step")


def test_a_copied_configuration_keeps_what_was_applied():
    made = config(recipe="dapo", num_generations=4)
    for twin in (copy.copy(made), copy.deepcopy(made)):
        assert str(twin.applied_recipe) == str(made.applied_recipe)


@pytest.mark.parametrize("over", ["generation", "window"])
def test_a_windows_own_tokens_are_counted_where_generation_is_ahead(tmp_path, over):
    """Two optimizer steps from one generation batch, with different numbers of tokens."""
    trainer = make(
        tmp_path, trainer_class=Watched, rewards=(lengthy,), objective="dapo", fused_loss=False,
        tokens_counted_over=over, steps_per_generation=4, max_steps=2, optim="sgd",
        learning_rate=1.0, lr_scheduler_type="constant", skip_dead_completions=False,
    )  # fmt: skip
    trainer.before, trainer.inputs = [], []
    counts = []
    objective = trainer.plan.objective

    def noted(logp, batch, options):
        counts.append(float(batch.window_tokens))
        return objective.function(logp, batch, options)

    trainer.plan = dataclasses.replace(
        trainer.plan, objective=dataclasses.replace(objective, function=noted)
    )
    trainer.train()
    live = [float(part["completion_mask"].sum()) for part in trainer.inputs]
    windows = [sum(live[:2]), sum(live[2:])]
    assert windows[0] != windows[1], "nothing is compared"
    if over == "generation":
        windows = [sum(live) / 2] * 2
    assert counts == pytest.approx([windows[0]] * 2 + [windows[1]] * 2)
