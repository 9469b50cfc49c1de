"""Values and gradients in exact expectation: every outcome of a small policy is enumerated."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from grpo_plugin.kl import (  # noqa: E402
    AdaptiveKL,
    FixedKL,
    KLEstimator,
    estimate_kl,
    penalize_advantages,
    penalize_rewards,
    token_kl,
)

VOCABULARY = 4


class OneToken:
    """A policy over single tokens."""

    def __init__(self, seed):
        gen = torch.Generator().manual_seed(seed)
        self.theta = torch.randn(VOCABULARY, generator=gen, dtype=torch.float64)
        self.ref = torch.randn(VOCABULARY, generator=gen, dtype=torch.float64).log_softmax(0)
        self.old = torch.randn(VOCABULARY, generator=gen, dtype=torch.float64).log_softmax(0)

    def logp(self, theta):
        return theta.log_softmax(0)


class TwoTokens:
    """A policy over outputs of two tokens, whose log-probs are summed."""

    def __init__(self, seed):
        gen = torch.Generator().manual_seed(seed)
        size = VOCABULARY + VOCABULARY**2
        self.theta = torch.randn(size, generator=gen, dtype=torch.float64)
        self.ref = self.logp(torch.randn(size, generator=gen, dtype=torch.float64))
        self.old = self.logp(torch.randn(size, generator=gen, dtype=torch.float64))

    def logp(self, theta):
        first = theta[:VOCABULARY].log_softmax(0)
        second = theta[VOCABULARY:].view(VOCABULARY, VOCABULARY).log_softmax(1)
        return (first[:, None] + second).flatten()


def gradient(function, at):
    at = at.clone().requires_grad_()
    function(at).backward()
    return at.grad


def reverse_kl(policy):
    return lambda theta: (policy.logp(theta).exp() * (policy.logp(theta) - policy.ref)).sum()


def forward_kl(policy):
    return lambda theta: (policy.ref.exp() * (policy.ref - policy.logp(theta))).sum()


def expected(policy, estimator, *, weighted=False):
    """E[estimate] over samples of π_θ (or of π_old, times the ratio), as autograd sees samples."""

    def value(theta):
        logp = policy.logp(theta)
        each = estimate_kl(logp, policy.ref, estimator)
        if weighted:
            return (policy.old.exp() * (logp - policy.old).exp() * each).sum()
        return (logp.detach().exp() * each).sum()

    return value


LEVELS = pytest.mark.parametrize("level", [OneToken, TwoTokens])
SEEDS = pytest.mark.parametrize("seed", range(3))


@LEVELS
@SEEDS
@pytest.mark.parametrize("estimator", list(KLEstimator))
def test_values(level, seed, estimator):
    policy = level(seed)
    got = float(expected(policy, estimator)(policy.theta))
    true = float(reverse_kl(policy)(policy.theta))
    unbiased = estimator not in (KLEstimator.K2, KLEstimator.ABS)
    assert math.isclose(got, true, rel_tol=1e-12) == unbiased


@LEVELS
@SEEDS
@pytest.mark.parametrize("estimator", list(KLEstimator))
def test_gradients_without_ratio(level, seed, estimator):
    policy = level(seed)
    got = gradient(expected(policy, estimator), policy.theta)
    wanted = {
        KLEstimator.K1: torch.zeros_like(got),
        KLEstimator.K2: gradient(reverse_kl(policy), policy.theta),
        KLEstimator.K3: gradient(forward_kl(policy), policy.theta),
        KLEstimator.K1_STRAIGHT_THROUGH: gradient(reverse_kl(policy), policy.theta),
        KLEstimator.K3_STRAIGHT_THROUGH: gradient(reverse_kl(policy), policy.theta),
    }
    if estimator in wanted:
        torch.testing.assert_close(got, wanted[estimator], rtol=1e-10, atol=1e-14)
    else:
        for other in (reverse_kl, forward_kl):
            assert not torch.allclose(got, gradient(other(policy), policy.theta), rtol=1e-3)


@LEVELS
@SEEDS
@pytest.mark.parametrize("estimator", list(KLEstimator))
def test_gradients_times_the_ratio_off_policy(level, seed, estimator):
    policy = level(seed)
    got = gradient(expected(policy, estimator, weighted=True), policy.theta)
    true = gradient(reverse_kl(policy), policy.theta)
    exact = estimator in (KLEstimator.K1, KLEstimator.K3)
    assert torch.allclose(got, true, rtol=1e-10) == exact


@SEEDS
def test_kl_in_the_reward_gives_the_gradient_of_kl(seed):
    """The policy gradient of −β k1 used as a reward is −β ∇KL(π‖ref), π_old = π_θ."""
    policy = TwoTokens(seed)
    old = policy.logp(policy.theta)
    rewards = penalize_rewards(
        torch.zeros_like(old),
        old[:, None],
        policy.ref[:, None],
        torch.ones(old.numel(), 1),
        coefficient=0.3,
    )
    got = gradient(lambda theta: (old.exp() * rewards * policy.logp(theta)).sum(), policy.theta)
    true = gradient(reverse_kl(policy), policy.theta)
    torch.testing.assert_close(got, -0.3 * true, rtol=1e-10, atol=1e-14)


@settings(deadline=None)
@given(st.floats(-600, 600), st.sampled_from(list(KLEstimator)))
def test_finite_and_pulling_back_however_far(difference, estimator):
    logp = torch.tensor(difference, requires_grad=True)
    value = estimate_kl(logp, torch.zeros(()), estimator)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logp.grad)
    if abs(difference) > 1e-3 and estimator is not KLEstimator.K1:
        assert math.copysign(1, logp.grad) == math.copysign(1, difference)


@pytest.mark.parametrize(
    "estimator", [KLEstimator.K1, KLEstimator.K2, KLEstimator.K3, KLEstimator.ABS]
)
def test_gradcheck(estimator):
    gen = torch.Generator().manual_seed(0)
    logp = torch.randn(8, generator=gen, dtype=torch.float64, requires_grad=True)
    ref = torch.randn(8, generator=gen, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: estimate_kl(x, ref, estimator, cap=0.7), logp)


def test_token_kl_ignores_masked_positions():
    old = torch.tensor([[-1.0, -2.0, torch.nan]])
    ref = torch.tensor([[-1.5, -1.0, torch.nan]])
    mask = torch.tensor([[1, 1, 0]])
    assert token_kl(old, ref, mask).tolist() == [[0.5, -1.0, 0.0]]
    rewards = torch.tensor([1.0])
    assert penalize_rewards(rewards, old, ref, mask, coefficient=0.1).tolist() == [
        pytest.approx(1.05)
    ]
    assert penalize_rewards(torch.tensor([torch.nan]), old, ref, mask, coefficient=0.1).isnan()


def test_a_token_answers_for_the_divergence_from_itself_on():
    advantages, divergence = torch.ones(1, 3), torch.tensor([[1.0, 2.0, 3.0]])
    got = penalize_advantages(advantages, divergence, coefficient=0.1)
    torch.testing.assert_close(got, torch.tensor([[1 - 0.6, 1 - 0.5, 1 - 0.3]]))


def test_coefficients_fixed_and_adaptive():
    fixed = FixedKL(coefficient=0.2)
    assert fixed.updated(100.0, samples=64) == fixed
    control = AdaptiveKL(coefficient=0.2, target=6.0, horizon=1000)
    assert control.updated(6.0, samples=64).coefficient == 0.2
    assert control.updated(60.0, samples=50).coefficient == pytest.approx(0.2 * (1 + 0.2 * 0.05))
    assert control.updated(0.0, samples=50).coefficient == pytest.approx(0.2 * (1 - 0.2 * 0.05))
    assert control.updated(6.6, samples=50).coefficient == pytest.approx(0.2 * (1 + 0.1 * 0.05))
    with pytest.raises(ValueError, match="target is 0"):
        AdaptiveKL(coefficient=0.1, target=0.0)
    with pytest.raises(ValueError, match="horizon is 0"):
        AdaptiveKL(coefficient=0.1, target=1.0, horizon=0)


def test_unknown_names_list_the_choices():
    with pytest.raises(ValueError, match="k4"):
        estimate_kl(torch.zeros(1), torch.zeros(1), "k4")
