import math
from statistics import fmean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from grpo_plugin.advantages import gae, reinforce_plus_plus, spread_outcomes  # noqa: E402

QUICK = settings(max_examples=40, deadline=None)


@QUICK
@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_gae_is_the_discounted_sum_of_temporal_differences(seed, gamma, lam):
    gen = torch.Generator().manual_seed(seed)
    rewards, values = torch.randn(2, 3, 5, generator=gen, dtype=torch.float64)
    mask = torch.rand(3, 5, generator=gen) < 0.7
    got = gae(rewards, values, mask, gamma=gamma, lam=lam)
    for row in range(3):
        live = [t for t in range(5) if mask[row, t]]
        r, v = [float(rewards[row, t]) for t in live], [float(values[row, t]) for t in live]
        v.append(0.0)
        delta = [r[k] + gamma * v[k + 1] - v[k] for k in range(len(live))]
        for t in range(5):
            wanted = 0.0
            if t in live:
                k = live.index(t)
                wanted = sum((gamma * lam) ** n * d for n, d in enumerate(delta[k:]))
            assert float(got.advantages[row, t]) == pytest.approx(wanted, abs=1e-10)
            value = wanted + float(values[row, t]) if t in live else 0.0
            assert float(got.returns[row, t]) == pytest.approx(value, abs=1e-10)


def test_gae_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="must have one shape"):
        gae(torch.zeros(2, 3), torch.zeros(2, 4), torch.ones(2, 3))
    with pytest.raises(ValueError, match="lam is 2"):
        gae(torch.zeros(2, 3), torch.zeros(2, 3), torch.ones(2, 3), lam=2)


@QUICK
@given(st.integers(0, 10_000))
def test_reinforce_plus_plus(seed):
    gen = torch.Generator().manual_seed(seed)
    rewards = torch.randn(4, generator=gen, dtype=torch.float64)
    rewards[seed % 4] = math.nan
    divergence = torch.randn(4, 5, generator=gen, dtype=torch.float64)
    mask = torch.rand(4, 5, generator=gen) < 0.7
    divergence = divergence * mask
    got = reinforce_plus_plus(rewards, mask, divergence=divergence, coefficient=0.2)
    raw = {}
    for i in range(4):
        for t in range(5):
            if mask[i, t] and not math.isnan(rewards[i]):
                raw[i, t] = float(rewards[i]) - 0.2 * float(divergence[i, t:].sum())
    scale = (stdev(raw.values()) if len(raw) > 1 else 0.0) + 1e-4
    for i in range(4):
        for t in range(5):
            wanted = (raw[i, t] - fmean(raw.values())) / scale if (i, t) in raw else 0.0
            assert float(got[i, t]) == pytest.approx(wanted, abs=1e-8)


def test_spread_outcomes():
    got = spread_outcomes(torch.tensor([2.0, -1.0]), torch.tensor([[1, 0], [1, 1]]))
    assert got.tolist() == [[2.0, 0.0], [-1.0, -1.0]]
