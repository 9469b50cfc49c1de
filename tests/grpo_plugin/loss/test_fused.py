"""Every objective through the fused loss is the objective on log-probs from all logits."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from grpo_plugin.loss import fused_logps, fused_policy_loss, tiling  # noqa: E402
from grpo_plugin.objectives import (  # noqa: E402
    Coupling,
    Dependence,
    Objective,
    ObjectiveConfig,
    available,
    resolve,
)

EXACT = 1e-11
TINY_MB = 0.02  # three rows of 301 float64 exponentials and the rest


@pytest.mark.parametrize("full_head", [False, True])
@pytest.mark.parametrize("memory_mb", [None, TINY_MB])
@pytest.mark.parametrize("name", available())
def test_equals_the_plain_way(pose, assert_same, name, memory_mb, full_head):
    problem = pose(1, full_head=full_head)
    assert_same(*problem.solve_both(name, memory_mb=memory_mb), EXACT)


@pytest.mark.parametrize("memory_mb", [None, TINY_MB])
@pytest.mark.parametrize("name", available())
def test_equals_it_with_kl_and_entropy_terms(pose, assert_same, name, memory_mb):
    objective = resolve(name)
    options = {"beta": 0.3, "kl": "k3", "entropy_coef": 0.1, "kl_weighted": True}
    options = {key: value for key, value in options.items() if key in objective.options}
    config = replace(objective.defaults, **options)
    assert_same(*pose(2, full_head=True).solve_both(name, config, memory_mb=memory_mb), EXACT)


@pytest.mark.parametrize("memory_mb", [None, TINY_MB])
@pytest.mark.parametrize("name", available())
def test_equals_it_on_policy_with_dead_completions(pose, assert_same, name, memory_mb):
    problem = pose(3, on_policy=True, dead=(0, 4))
    assert_same(*problem.solve_both(name, memory_mb=memory_mb), EXACT)


@pytest.mark.parametrize("level", ["sequence_mean", "sequence_sum"])
def test_options_that_couple_are_recognised(pose, assert_same, level):
    config = ObjectiveConfig(ratio_level=level, beta=0.1, kl_level="sequence")
    assert_same(*pose(4).solve_both("grpo", config, memory_mb=TINY_MB), EXACT)
    config = ObjectiveConfig(off_policy_threshold=0.01)
    assert_same(*pose(4).solve_both("dapo", config, memory_mb=TINY_MB), EXACT)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    vocabulary=st.integers(1, 5000),
    width=st.integers(1, 20),
    memory_mb=st.sampled_from([None, 0.2, 0.6]),
    name=st.sampled_from(["grpo", "sequence_grpo", "gspo", "kl_cov", "dpo", "gpg"]),
    entropy=st.booleans(),
)
def test_any_shape(pose, assert_same, seed, vocabulary, width, memory_mb, name, entropy):
    problem = pose(seed, vocabulary=vocabulary, width=width)
    assert_same(
        *problem.solve_both(name, memory_mb=memory_mb, entropy=entropy, every_row=True), 1e-9
    )


def own(logp, batch, config):
    live = batch.live.to(logp.dtype)
    return (live * batch.advantages * logp.exp()).sum() ** 2 / config.dpo_beta


def own_entropy(logp, batch, config):
    return (batch.live * (batch.entropy**2 - batch.advantages * logp)).sum()


@pytest.mark.parametrize("memory_mb", [None, TINY_MB])
def test_an_objective_of_ones_own(pose, assert_same, memory_mb):
    assert_same(*pose(5).solve_both(own, memory_mb=memory_mb), EXACT)
    declared = Objective(
        name="own_entropy",
        function=own_entropy,
        coupling=Coupling.TOKEN,
        dependence=Dependence.NOTHING,
        needs=frozenset({"entropy"}),
    )
    assert_same(*pose(5).solve_both(declared, memory_mb=memory_mb), EXACT)


def test_a_constant_objective_has_no_gradient(pose):
    found = pose(6).fused(lambda logp, batch, config: logp.new_ones(()))
    assert found.loss == 1
    assert found.output.with_gradient == 0
    assert not any(gradient.any() for gradient in found.gradients)


def test_dead_rows_are_not_projected_when_known_beforehand(pose):
    problem = pose(7, on_policy=True, dead=(0, 4))
    found = problem.fused("grpo")
    alive = torch.repeat_interleave(
        torch.tensor([0, 1, 1, 0, 1]).bool(), torch.tensor([5, 1, 3, 3, 4])
    )
    assert torch.equal(found.output.computed, alive)
    assert found.output.with_gradient == int(alive.sum())
    every = problem.fused("grpo", every_row=True)
    assert every.output.computed.all()
    assert every.output.with_gradient == int(alive.sum())
    assert problem.fused("grpo", entropy=True).output.computed.all()


@pytest.mark.parametrize("memory_mb", [None, TINY_MB])
def test_dead_rows_found_on_the_way_cost_no_gradient(pose, assert_same, memory_mb):
    problem = pose(8, dead=(0, 4))
    plain, fused = problem.solve_both("grpo", ObjectiveConfig(clip_low=0.01), memory_mb=memory_mb)
    assert_same(plain, fused, EXACT)
    assert fused.output.computed.all()
    assert fused.output.with_gradient == int((plain.gradients[0] != 0).any(dim=1).sum()) < 8


@pytest.mark.parametrize("on_policy", [False, True])
@pytest.mark.parametrize("name", ["grpo", "sequence_grpo", "dpo"])
def test_all_rows_dead(pose, name, on_policy):
    problem = pose(9, dead=range(6), on_policy=on_policy, rewards=torch.zeros(6).double())
    found = problem.fused(name)
    assert found.output.with_gradient == 0
    assert torch.isfinite(found.loss)
    assert not any(gradient.any() for gradient in found.gradients)


@pytest.mark.parametrize("name", available())
def test_no_rows_at_all(pose, name):
    problem = pose(10)
    problem.batch = replace(problem.batch, mask=torch.zeros(6, 5))
    problem.hidden, problem.targets = problem.hidden[:0], problem.targets[:0]
    found = problem.fused(name, entropy=True)
    assert torch.isfinite(found.loss)
    assert found.logp.shape == found.entropy.shape == (0,)
    assert found.gradients[0].shape == (0, 16)
    assert not found.gradients[1].any()


def test_log_probs_alone(pose):
    problem = pose(11, full_head=True)
    plain = problem.plain("grpo")
    found = fused_logps(
        problem.hidden,
        problem.weight.requires_grad_(),
        problem.targets,
        bias=problem.bias,
        entropy=True,
        square_sum=True,
        memory_mb=0.2,
        **problem.head,
    )
    assert torch.allclose(found.logp, plain.logp, rtol=0, atol=1e-12)
    assert torch.allclose(found.entropy, plain.entropy, rtol=0, atol=1e-12)
    assert torch.allclose(found.square_sum, plain.square_sum, rtol=1e-12, atol=0)
    assert not found.logp.requires_grad


def test_impossible_tokens_take_no_part(pose, assert_same):
    problem = pose(12)
    problem.bias = torch.zeros(301).double()
    problem.bias[:150] = -torch.inf
    problem.targets.clamp_(min=150)
    found = problem.fused("grpo", entropy=True)
    assert all(torch.isfinite(gradient).all() for gradient in found.gradients)
    assert not found.gradients[1][:150].any()
    found.gradients[1:] = [gradient[150:] for gradient in found.gradients[1:]]
    possible = replace(
        problem,
        weight=problem.weight[150:],
        bias=problem.bias[150:],
        targets=problem.targets - 150,
    )
    assert_same(possible.plain("grpo"), found, EXACT)


class Largest(TorchDispatchMode):
    """Notes the largest tensor that any operation returns."""

    def __init__(self):
        super().__init__()
        self.numel = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            self.numel = max(self.numel, result.numel())
        return result


@pytest.mark.parametrize("name", ["grpo", "sequence_grpo", "kl_cov"])
def test_no_tensor_of_all_logits_is_ever_made(pose, name):
    problem = pose(13, vocabulary=9000, width=2)
    with Largest() as seen:
        problem.fused(name, memory_mb=0.3, entropy=True)
    assert seen.numel < len(problem.targets) * 9000 / 2
    with Largest() as seen:
        problem.plain(name)
    assert seen.numel >= len(problem.targets) * 9000


def test_the_ratio_of_a_policy_to_itself_is_one(pose):
    problem = pose(14, dtype=torch.bfloat16, on_policy=True, vocabulary=5000)
    alone = fused_logps(problem.hidden, problem.weight, problem.targets, memory_mb=0.3)
    batch = replace(problem.batch, old_logp=problem.unflatten(alone.logp))
    found = fused_policy_loss(
        problem.hidden, problem.weight, problem.targets, "grpo", batch, entropy=True
    )
    assert torch.allclose(found.logp, alone.logp, rtol=0, atol=2e-6)


@pytest.mark.parametrize("memory_mb", [None, TINY_MB])
@pytest.mark.parametrize("name", ["grpo", "sequence_grpo", "kl_cov"])
def test_equals_it_in_slices_that_a_cache_holds(pose, assert_same, monkeypatch, name, memory_mb):
    asked = []

    def small(device):
        asked.append(device)
        return 2 * 3 * 8 * 2048  # three rows of a block, and as much again

    monkeypatch.setattr(tiling, "cache_of", small)
    problem = pose(5)
    assert_same(*problem.solve_both(name, memory_mb=memory_mb), EXACT)
    assert asked
    logp = problem.plain(name).logp
    found = fused_logps(problem.hidden, problem.weight, problem.targets, memory_mb=memory_mb)
    torch.testing.assert_close(found.logp, logp, rtol=1e-9, atol=1e-9)
