import math
from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from grpo_plugin.advantages import pass_at_k  # noqa: E402

QUICK = settings(max_examples=40, deadline=None)


def reference(rewards, k):
    """All subsets of k attempts, each worth its best; a completion gets the mean over its own."""
    known = [i for i, r in enumerate(rewards) if not math.isnan(r)]
    wanted = [0.0] * len(rewards)
    if len(known) < k:
        return wanted
    subsets = list(combinations(known, k))
    worth = [float(any(rewards[i] > 0.5 for i in subset)) for subset in subsets]
    mean = fmean(worth)
    sigma = math.sqrt(fmean([(w - mean) ** 2 for w in worth]))
    if sigma == 0:
        return wanted
    for i in known:
        wanted[i] = fmean(
            [(w - mean) / sigma for w, subset in zip(worth, subsets, strict=True) if i in subset]
        )
    return wanted


@QUICK
@given(
    st.lists(st.sampled_from([0.0, 1.0, math.nan]), min_size=1, max_size=8),
    st.integers(min_value=1, max_value=4),
)
def test_is_the_mean_over_subsets(rewards, k):
    got = pass_at_k(torch.tensor(rewards, dtype=torch.float64), torch.full((len(rewards),), 5), k=k)
    assert got.tolist() == pytest.approx(reference(rewards, k), abs=1e-12)


def test_groups_are_apart():
    first, second = [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0]
    rewards = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    group = torch.tensor([4, 9, 4, 9, 4, 9, 4])
    got = pass_at_k(rewards, group, k=2)
    assert got[group == 4].tolist() == pytest.approx(reference(first, 2))
    assert got[group == 9].tolist() == pytest.approx(reference(second, 2))


def test_pass_at_1_is_grpo_with_the_population_std():
    rewards = torch.tensor([1.0, 0.0, 0.0, 1.0, 1.0], dtype=torch.float64)
    got = pass_at_k(rewards, torch.zeros(5, dtype=torch.long), k=1)
    torch.testing.assert_close(got, (rewards - 0.6) / math.sqrt(0.24))


def test_large_groups_do_not_overflow():
    rewards = torch.zeros(5000)
    rewards[:3] = 1.0
    got = pass_at_k(rewards, torch.zeros(5000, dtype=torch.long), k=64)
    assert torch.isfinite(got).all()
    assert got[0] > 0 > got[-1]


def test_needs_an_attempt():
    with pytest.raises(ValueError, match="k is 0"):
        pass_at_k(torch.zeros(2), torch.zeros(2, dtype=torch.long), k=0)
