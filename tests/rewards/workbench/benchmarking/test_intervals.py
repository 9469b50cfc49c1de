"""Intervals that draw whole prompts say how sure a figure is."""

from __future__ import annotations

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.benchmarking.intervals import (
    BINS,
    ClusteredMean,
    cluster_interval,
    cluster_of,
    merge_clusters,
    share_interval,
    wilson_interval,
)


def prompts(count, size, rng):
    """Prompts of which each has its own chance of being answered rightly."""
    for _ in range(count):
        chance = rng.betavariate(0.5, 0.5)
        yield [float(rng.random() < chance) for _ in range(size)]


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = random.Random(1)
    by_prompt = by_row = 0
    for _ in range(150):
        drawn = list(prompts(60, 8, rng))
        low, high = cluster_interval([(sum(one), 8.0) for one in drawn], resamples=300)
        by_prompt += low <= 0.5 <= high
        rows = [(score, 1.0) for one in drawn for score in one]
        low, high = cluster_interval(rows[:: len(rows) // 240], resamples=20)
        hits = sum(map(sum, drawn))
        low, high = wilson_interval(round(hits), 480)
        by_row += low <= 0.5 <= high
    assert by_prompt > 0.88 * 150
    # Rows drawn one by one would be much too sure: that is why prompts are.
    assert by_row < 0.75 * 150


def test_margin_and_interval_agree():
    rng = random.Random(2)
    mean = ClusteredMean()
    for prompt, scores in enumerate(prompts(400, 4, rng)):
        for score in scores:
            mean.add(score, cluster_of(str(prompt)))
    low, high = mean.interval
    assert mean.margin == pytest.approx((high - low) / 2, rel=0.15)
    assert low < mean.value < high


def test_bunches_of_prompts_say_the_same_as_prompts():
    rng = random.Random(3)
    parts = [(sum(one), 4.0) for one in prompts(5000, 4, rng)]
    merged = merge_clusters((cluster_of(str(n)) for n in range(5000)), parts)
    assert len(merged) <= BINS
    assert sum(above for above, _ in merged) == sum(above for above, _ in parts)
    one, other = (cluster_interval(some, resamples=300) for some in (parts, merged))
    assert one[1] - one[0] == pytest.approx(other[1] - other[0], rel=0.25)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=60))
def test_an_interval_lies_where_scores_do_and_is_the_same_again(scores):
    parts = [(score, 1.0) for score in scores]
    found = cluster_interval(parts, resamples=50)
    assert (found is None) == (len(set(scores)) == 1)
    if found:
        assert 0.0 <= found[0] <= found[1] <= 1.0
        assert found == cluster_interval(parts, resamples=50)


def test_prompts_that_agree_leave_wilsons_interval_of_as_many():
    assert share_interval([(8.0, 8.0)] * 20) == pytest.approx(wilson_interval(20, 20))
    assert share_interval([(0.0, 8.0)] * 20) == pytest.approx(wilson_interval(0, 20))
    low, high = share_interval([(4.0, 8.0)] * 3)
    assert low < 0.5 < high
    assert share_interval([]) == share_interval([(0.0, 0.0)]) == (0.0, 1.0)


def test_prompts_without_weight_count_for_nothing():
    parts = [(1.0, 2.0), (2.0, 2.0), (0.0, 0.0)]
    assert cluster_interval(parts) == cluster_interval(parts[:2])


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 20)), min_size=1))
def test_means_that_are_merged_are_the_mean_of_all(rows):
    whole, parts = ClusteredMean(), [ClusteredMean(), ClusteredMean()]
    for number, (score, cluster) in enumerate(rows):
        whole.add(score, cluster)
        parts[number % 2].add(score, cluster)
    parts[0].merge(parts[1])
    assert parts[0].value == pytest.approx(whole.value, abs=1e-9)
    assert parts[0].value == pytest.approx(statistics.fmean(s for s, _ in rows), abs=1e-9)
    assert (parts[0].margin or 0.0) == pytest.approx(whole.margin or 0.0, abs=1e-6)
