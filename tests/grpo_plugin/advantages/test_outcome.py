"""Each advantage against a loop in plain Python, written from its paper."""

import math
from collections import defaultdict
from statistics import fmean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from grpo_plugin import advantages  # noqa: E402

QUICK = settings(max_examples=40, deadline=None)

REWARD = st.one_of(st.integers(-24, 24).map(lambda n: n / 7), st.sampled_from([0.0, 1.0, math.nan]))
GROUPS = st.lists(st.tuples(REWARD, st.integers(-2, 2), st.integers(1, 9)), min_size=1, max_size=12)


def columns(rows):
    rewards = torch.tensor([r for r, _, _ in rows], dtype=torch.float64)
    return rewards, torch.tensor([g for _, g, _ in rows]), torch.tensor([n for _, _, n in rows])


def members(rows):
    """Known (reward, length) pairs of each group."""
    found = defaultdict(list)
    for reward, group, length in rows:
        if not math.isnan(reward):
            found[group].append((reward, length))
    return found


def spread(values):
    return stdev(values) if len(values) > 1 else 0.0


def check(got, rows, one):
    assert got.shape == (len(rows),)
    of = members(rows)
    for value, (reward, group, length) in zip(got.tolist(), rows, strict=True):
        wanted = 0.0 if math.isnan(reward) else one(reward, length, of[group])
        assert value == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@QUICK
@given(GROUPS)
def test_grpo(rows):
    def one(reward, _, group):
        rewards = [r for r, _ in group]
        return (reward - fmean(rewards)) / (spread(rewards) + 1e-4)

    rewards, group, _ = columns(rows)
    check(advantages.grpo(rewards, group), rows, one)


@QUICK
@given(GROUPS)
def test_dr_grpo(rows):
    rewards, group, _ = columns(rows)
    check(advantages.dr_grpo(rewards, group), rows, lambda r, _, of: r - fmean([r for r, _ in of]))


@QUICK
@given(GROUPS)
def test_rloo(rows):
    def one(reward, _, group):
        others = [r for r, _ in group]
        others.remove(reward)
        return reward - fmean(others) if others else 0.0

    rewards, group, _ = columns(rows)
    check(advantages.rloo(rewards, group), rows, one)


@QUICK
@given(GROUPS)
def test_opo(rows):
    def one(reward, _, group):
        return reward - sum(n * r for r, n in group) / sum(n for _, n in group)

    rewards, group, lengths = columns(rows)
    check(advantages.opo(rewards, group, lengths), rows, one)


@QUICK
@given(GROUPS)
def test_batch_normalized(rows):
    everyone = spread([r for r, _, _ in rows if not math.isnan(r)])

    def one(reward, _, group):
        return (reward - fmean([r for r, _ in group])) / (everyone + 1e-4)

    rewards, group, _ = columns(rows)
    check(advantages.batch_normalized(rewards, group), rows, one)


@pytest.mark.parametrize("over_tokens", [False, True])
@QUICK
@given(rows=GROUPS)
def test_reinforce_plus_plus_baseline(over_tokens, rows):
    rewards, group, lengths = columns(rows)
    of = members(rows)
    centred = [
        (r - fmean([x for x, _ in of[g]]), n if over_tokens else 1)
        for r, g, n in rows
        if not math.isnan(r)
    ]
    counted = [value for value, times in centred for _ in range(times)]

    def one(reward, _, group):
        scale = spread(counted) + 1e-4
        return (reward - fmean([r for r, _ in group]) - fmean(counted)) / scale

    got = advantages.reinforce_plus_plus_baseline(
        rewards, group, lengths=lengths if over_tokens else None
    )
    check(got, rows, one)


@QUICK
@given(GROUPS)
def test_gpg(rows):
    of = members(rows)
    dead = sum(len({r for r, _ in of[group]}) < 2 for _, group, _ in rows)
    scale = len(rows) / max(len(rows) - dead, 1)

    def one(reward, _, group):
        return scale * (reward - fmean([r for r, _ in group])) / 2

    rewards, group, _ = columns(rows)
    check(advantages.gpg(rewards, group, scale=2.0), rows, one)


@QUICK
@given(GROUPS)
def test_dead_groups(rows):
    of = members(rows)
    wanted = [len({r for r, _ in of[group]}) < 2 for _, group, _ in rows]
    rewards, group, _ = columns(rows)
    assert advantages.dead_groups(rewards, group).tolist() == wanted


@QUICK
@given(GROUPS, st.randoms(use_true_random=False))
def test_order_of_completions_does_not_matter(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    rewards, group, lengths = columns(rows)
    for function in (advantages.grpo, advantages.rloo, advantages.batch_normalized):
        straight = function(rewards, group)[order]
        torch.testing.assert_close(straight, function(rewards[order], group[order]))
    straight = advantages.opo(rewards, group, lengths)[order]
    torch.testing.assert_close(
        straight, advantages.opo(rewards[order], group[order], lengths[order])
    )


def test_rloo_is_unbiased_by_enumeration():
    """E[A ∇log π] over all groups of three samples is the gradient of the expected reward."""
    reward = torch.tensor([1.0, 0.2, -0.5], dtype=torch.float64)
    theta = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64, requires_grad=True)
    logp = theta.log_softmax(0)
    (true,) = torch.autograd.grad((logp.exp() * reward).sum(), theta, retain_graph=True)
    surrogate = torch.zeros((), dtype=torch.float64)
    for triple in torch.cartesian_prod(*[torch.arange(3)] * 3):
        gain = advantages.rloo(reward[triple], torch.zeros(3, dtype=torch.long))
        chance = logp[triple].sum().exp().detach()
        surrogate = surrogate + chance * (gain * logp[triple]).mean()
    (got,) = torch.autograd.grad(surrogate, theta)
    torch.testing.assert_close(got, true)


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"values have shape \(2,\) and group \(3,\)"):
        advantages.grpo(torch.zeros(2), torch.zeros(3, dtype=torch.long))
    with pytest.raises(ValueError, match="group has dtype"):
        advantages.rloo(torch.zeros(2), torch.zeros(2))


def test_all_unknown_is_all_zero():
    rewards, group = torch.full((4,), torch.nan), torch.tensor([0, 0, 1, 1])
    for function in (
        advantages.grpo,
        advantages.dr_grpo,
        advantages.rloo,
        advantages.batch_normalized,
        advantages.reinforce_plus_plus_baseline,
        advantages.gpg,
    ):
        assert function(rewards, group).tolist() == [0.0] * 4


def test_maxrl_is_the_share_above_the_mean():
    rewards = torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, torch.nan, 0.0], dtype=torch.float64)
    group = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2, 2])
    got = advantages.maxrl(rewards, group)
    assert got.tolist() == pytest.approx([3, -1, -1, -1, 0, 0, 1, 0, -1])
    assert advantages.maxrl(torch.ones(1), torch.zeros(1).long()).tolist() == [0]
    with pytest.raises(ValueError, match=r"the least reward is -0.5; rewards must be at least 0"):
        advantages.maxrl(torch.tensor([1.0, -0.5]), torch.zeros(2).long())


def test_gdpo_by_hand():
    """Two rewards whose sums are equal in the first group: GRPO sees nothing, GDPO does."""
    nan = math.nan
    rewards = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 3.0], [0.0, nan], [nan, nan]]
    group, weights = [0, 0, 0, 1, 1, 1], [1.0, 0.5]

    def scaled(i, k):
        seen = [
            rewards[j][k]
            for j in range(6)
            if group[j] == group[i] and rewards[j][k] == rewards[j][k]
        ]
        if rewards[i][k] != rewards[i][k]:
            return 0.0
        spread = stdev(seen) if len(seen) > 1 else 0.0
        return (rewards[i][k] - fmean(seen)) / (spread + 1e-4)

    sums = [sum(w * scaled(i, k) for k, w in enumerate(weights)) for i in range(5)]
    expected = [(s - fmean(sums)) / (stdev(sums) + 1e-4) for s in sums] + [0.0]
    got = advantages.gdpo(
        torch.tensor(rewards, dtype=torch.float64),
        torch.tensor(group),
        weights=torch.tensor(weights, dtype=torch.float64),
    )
    assert got.tolist() == pytest.approx(expected)
    assert got[0] > 0 > got[1]
    with pytest.raises(ValueError, match=r"takes rewards \(B, K\)"):
        advantages.gdpo(torch.ones(3), torch.zeros(3).long())
