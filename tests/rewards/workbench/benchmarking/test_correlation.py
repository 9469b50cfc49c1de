"""Correlations against their definitions."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.workbench.benchmarking.correlation import (
    pearson,
    pearson_within,
    ranks,
    spearman,
    spearman_within,
    varies,
)

scores = st.sampled_from([0.0, 0.25, 0.5, 1.0, -1.0])
lengths = st.integers(0, 5000)
columns = st.lists(st.tuples(scores, lengths), min_size=2, max_size=40)
grouped = st.lists(columns, min_size=1, max_size=8)


def by_definition(xs, ys):
    count, mean_x, mean_y = len(xs), sum(xs) / len(xs), sum(ys) / len(ys)
    both = sum(x * y for x, y in zip(xs, ys, strict=True)) - count * mean_x * mean_y
    spreads = [sum(v * v for v in vs) - count * m * m for vs, m in ((xs, mean_x), (ys, mean_y))]
    return both / math.sqrt(spreads[0] * spreads[1])


def split(pairs):
    return [one for one, _ in pairs], [other for _, other in pairs]


@settings(deadline=None)
@given(columns)
def test_pearson_is_its_definition(pairs):
    xs, ys = split(pairs)
    found = pearson(xs, ys)
    if varies(xs) and varies(ys):
        assert math.isclose(found.value, by_definition(xs, ys), abs_tol=1e-6)
        assert found.reason == ""
    else:
        assert found.value is None
        assert "same everywhere" in found.reason


@pytest.fixture(scope="module")
def numpy():
    return pytest.importorskip("numpy")


@settings(deadline=None)
@given(pairs=columns)
def test_both_are_what_numpy_says(numpy, pairs):
    xs, ys = split(pairs)
    if varies(xs) and varies(ys):
        assert math.isclose(pearson(xs, ys).value, numpy.corrcoef(xs, ys)[0, 1], abs_tol=1e-9)
        placed = [
            [sum(v < w for v in vs) + sum(v == w for v in vs) / 2 for w in vs] for vs in (xs, ys)
        ]
        assert math.isclose(spearman(xs, ys).value, numpy.corrcoef(*placed)[0, 1], abs_tol=1e-9)


@settings(deadline=None)
@given(st.permutations(range(12)))
def test_spearman_without_ties_is_the_closed_form(order):
    squares = sum((at - value) ** 2 for at, value in enumerate(order))
    expected = 1 - 6 * squares / (12 * (12**2 - 1))
    assert math.isclose(spearman(range(12), order).value, expected, abs_tol=1e-12)


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_a_rank_is_the_mean_of_the_places_of_equal_values(values):
    below = [sum(v < value for v in values) for value in values]
    same = [values.count(value) for value in values]
    assert ranks(values) == [b + (s + 1) / 2 for b, s in zip(below, same, strict=True)]


def test_published_ranks():
    # Wikipedia, "Spearman's rank correlation coefficient": IQ and hours of television
    quotients = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    assert math.isclose(spearman(quotients, hours).value, -29 / 165, abs_tol=1e-12)


@settings(deadline=None)
@given(columns, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(pairs, shuffler):
    mixed = random.Random(shuffler.random()).sample(pairs, len(pairs))
    for measure in (pearson, spearman):
        there, back = measure(*split(pairs)), measure(*split(mixed))
        assert there.reason == back.reason
        assert there.value is None or math.isclose(there.value, back.value, abs_tol=1e-9)


@settings(deadline=None)
@given(grouped, st.data())
def test_what_is_common_to_a_group_does_not_matter_within_it(groups, data):
    moved = [
        ([x + 8 * shift for x in xs], [y + 100 * shift for y in ys])
        for xs, ys in map(split, groups)
        for shift in [data.draw(st.integers(0, 9))]
    ]
    for measure in (pearson_within, spearman_within):
        there, back = measure(map(split, groups)), measure(moved)
        assert there.reason == back.reason
        assert there.value is None or math.isclose(there.value, back.value, abs_tol=1e-6)


def test_within_groups_can_be_the_opposite_of_over_all():
    easy, hard = ([1, 1, 0], [10, 20, 30]), ([1, 0, 0], [110, 120, 130])
    over_all = spearman(easy[0] + hard[0], easy[1] + hard[1])
    assert pearson_within([easy, hard]).value == pytest.approx(-math.sqrt(3) / 2)
    steep = ([0, 0, 1], [10, 20, 30]), ([1, 1, 2], [1, 2, 3])
    assert pearson(steep[0][0] + steep[1][0], steep[0][1] + steep[1][1]).value < 0
    assert spearman_within(steep).value == pytest.approx(math.sqrt(3) / 2)
    assert over_all.value < 0


def test_groups_that_teach_nothing_are_left_out():
    informative = ([0, 1], [10, 20])
    assert pearson_within([informative, ([1, 1], [500, 3])]) == pearson_within([informative])
    assert pearson_within([([1, 1], [5, 9])]).reason == "no group with different scores"
    assert pearson_within([]).value is None
    assert pearson([1.0], [3]).reason == "fewer than two scores"


@settings(deadline=None)
@given(st.floats(-10, 10), st.integers(2, 30), st.data())
def test_a_constant_reward_has_no_correlation_however_it_is_rounded(value, count, data):
    noise = [value + data.draw(st.floats(-1e-12, 1e-12)) for _ in range(count)]
    for measure in (pearson, spearman):
        found = measure(noise, range(count))
        assert (found.value, found.reason) == (None, "the reward is the same everywhere")


@settings(deadline=None)
@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=20))
def test_never_a_nan(values):
    for measure in (pearson, spearman):
        found = measure(values, range(len(values)))
        assert (found.value is None) == bool(found.reason)
        assert found.value is None or -1 <= found.value <= 1
