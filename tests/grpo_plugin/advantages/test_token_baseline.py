"""The optimal token baseline against loops in float64, and against what it is best at."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from grpo_plugin.advantages import optimal_token_baseline  # noqa: E402


def batch(seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(5, 4, 7, generator=generator, dtype=torch.float64)
    tokens = torch.randint(0, 7, (5, 4), generator=generator)
    log_all = logits.log_softmax(-1)
    logp = log_all.gather(2, tokens[..., None]).squeeze(2)
    mask = torch.tensor([[1, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]])
    rewards = torch.tensor([1.0, 0.0, 0.5, math.nan, 1.0], dtype=torch.float64)
    return logits, tokens, logp, log_all.exp().square().sum(-1), mask, rewards


@pytest.mark.parametrize("seed", range(3))
def test_against_loops(seed):
    _, _, logp, squares, mask, rewards = batch(seed)
    group = [3, 3, 3, 3, 1]
    got = optimal_token_baseline(rewards, torch.tensor(group), logp, squares, mask)

    def energy(i, t):
        return sum(
            1 - 2 * math.exp(logp[i, j]) + float(squares[i, j]) for j in range(t + 1) if mask[i, j]
        )

    for i in range(5):
        for t in range(4):
            if not mask[i, t] or math.isnan(rewards[i]):
                assert got[i, t] == 0
                continue
            peers = [
                j
                for j in range(5)
                if group[j] == group[i] and mask[j, t] and rewards[j] == rewards[j]
            ]
            weights = [energy(j, t) for j in peers]
            mean = sum(w * float(rewards[j]) for w, j in zip(weights, peers, strict=True))
            expected = float(rewards[i]) - mean / sum(weights)
            assert float(got[i, t]) == pytest.approx(expected)


def test_the_energy_is_the_squared_norm_of_the_logits_gradient():
    logits, tokens, logp, squares, _, _ = batch(0)
    logits = logits.requires_grad_()
    chosen = logits.log_softmax(-1).gather(2, tokens[..., None]).squeeze(2)
    (slope,) = torch.autograd.grad(chosen.sum(), logits)
    torch.testing.assert_close(slope.square().sum(-1), 1 - 2 * logp.exp() + squares)


def test_shapes():
    with pytest.raises(ValueError, match="must have one shape"):
        optimal_token_baseline(
            torch.ones(2),
            torch.zeros(2).long(),
            torch.ones(2, 3),
            torch.ones(2, 2),
            torch.ones(2, 3),
        )
