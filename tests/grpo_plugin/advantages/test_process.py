"""Process supervision against loops written from DeepSeekMath section 4.1.3."""

import math
from statistics import fmean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from grpo_plugin.advantages import (  # noqa: E402
    normalize_steps,
    process_supervision,
    spread_steps,
)

QUICK = settings(max_examples=40, deadline=None)

LENGTH, STEPS = 6, 3
STEP = st.tuples(st.sampled_from([0.0, 1.0, 0.3, -2.0, math.nan]), st.integers(-1, LENGTH - 1))
COMPLETION = st.tuples(st.lists(STEP, min_size=STEPS, max_size=STEPS), st.integers(0, 2))


def reference(completions):
    pools = {}
    for steps, group in completions:
        pool = pools.setdefault(group, [])
        pool.extend(r for r, end in steps if end >= 0 and not math.isnan(r))
    wanted = []
    for steps, group in completions:
        pool = pools[group]
        row = []
        for t in range(LENGTH):
            total = 0.0
            for reward, end in steps:
                if end >= t and end >= 0 and not math.isnan(reward):
                    scale = (stdev(pool) if len(pool) > 1 else 0.0) + 1e-4
                    total += (reward - fmean(pool)) / scale
            row.append(total)
        wanted.append(row)
    return wanted


def tensors(completions):
    rewards = torch.tensor([[r for r, _ in s] for s, _ in completions], dtype=torch.float64)
    ends = torch.tensor([[end for _, end in steps] for steps, _ in completions])
    return rewards, ends, torch.tensor([group for _, group in completions])


@QUICK
@given(st.lists(COMPLETION, min_size=1, max_size=6))
def test_is_the_sum_of_normalised_later_steps(completions):
    rewards, ends, group = tensors(completions)
    got = process_supervision(rewards, ends, group, length=LENGTH)
    wanted = torch.tensor(reference(completions), dtype=torch.float64)
    torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-8)


def test_one_step_at_the_end_is_outcome_supervision():
    rewards = torch.tensor([[1.0], [0.0], [0.0]], dtype=torch.float64)
    got = process_supervision(rewards, torch.full((3, 1), 3), torch.zeros(3).long(), length=4)
    flat = rewards.flatten()
    wanted = (flat - flat.mean()) / (flat.std() + 1e-4)
    torch.testing.assert_close(got, wanted[:, None].expand(3, 4))


def test_processes_can_normalise_together_and_spread_apart():
    gen = torch.Generator().manual_seed(1)
    rewards = torch.randn(6, 3, generator=gen)
    ends = torch.randint(-1, LENGTH, (6, 3), generator=gen)
    group = torch.tensor([0, 1, 0, 1, 0, 1])
    whole = process_supervision(rewards, ends, group, length=LENGTH)
    known = rewards.masked_fill(ends < 0, torch.nan)
    scores = normalize_steps(known, group)
    parts = [spread_steps(scores[rows], ends[rows], LENGTH) for rows in (slice(0, 3), slice(3, 6))]
    torch.testing.assert_close(torch.cat(parts), whole)


def test_a_step_that_was_cut_off_counts_at_the_last_token():
    got = spread_steps(torch.tensor([[2.0]]), torch.tensor([[9]]), 3)
    assert got.tolist() == [[2.0, 2.0, 2.0]]
    assert spread_steps(torch.ones(2, 1), torch.zeros(2, 1).long(), 0).shape == (2, 0)


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"step_rewards has shape \(3,\); it must be \(B, K\)"):
        normalize_steps(torch.zeros(3), torch.zeros(3).long())
    with pytest.raises(ValueError, match=r"both must be \(B, K\)"):
        spread_steps(torch.zeros(2, 3), torch.zeros(2, 2).long(), 4)
    with pytest.raises(ValueError, match="step_ends has dtype"):
        spread_steps(torch.zeros(2, 3), torch.zeros(2, 3), 4)
