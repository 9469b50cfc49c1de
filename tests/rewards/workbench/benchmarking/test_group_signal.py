"""What a reward would teach."""

import json
import math
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.workbench.benchmarking.group_signal import measure_signal
from rewards.workbench.benchmarking.judging import Judgement

score = st.none() | st.sampled_from([0.0, 1.0, 0.5, 0.25, -1.0])
groups_of_scores = st.lists(
    st.lists(st.tuples(score, st.integers(1, 900)), min_size=1, max_size=6), min_size=1, max_size=8
)


def said(value, status=None):
    return Judgement(
        value, status or ("not_applicable" if value is None else "scored"), None, "", 0.0
    )


def measured(groups):
    """The signal of groups of (score, length), one after another."""
    rows = [row for group in groups for row in group]
    places, before = [], 0
    for group in groups:
        places.append(range(before, before + len(group)))
        before += len(group)
    lengths = {"characters": [length for _, length in rows], "tokens": "no ids"}
    return measure_signal([said(value) for value, _ in rows], places, lengths)


def of_scores(*groups):
    return measured([[(value, 10 * at) for at, value in enumerate(group)] for group in groups])


def test_an_example_by_hand():
    found = of_scores(
        [0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0], [0.5, 0.5, 0.5, 0.5], [0, 0.5, 1, 0.5]
    )
    assert (found.groups, found.all_zero, found.all_one, found.all_same) == (5, 1, 1, 1)
    assert found.zero_variance == 3 / 5
    assert found.with_advantage == 4 + 2  # of the last group two are its mean
    assert found.effective_share == 6 / 20
    assert found.mean == pytest.approx((4 + 2 + 2 + 2) / 20)
    # (n - 1): deviations of ½ four times; of ½ twice
    assert found.group_std == pytest.approx((math.sqrt(1 / 3) + math.sqrt(0.5 / 3)) / 5)


def test_rows_without_a_score_are_no_part_of_a_group():
    found = measured([[(None, 1), (1.0, 2)], [(0.0, 3), (1.0, 4), (None, 5)], [(None, 6)] * 2])
    assert (found.rows, found.scored, found.groups) == (7, 3, 1)
    assert found.no_score == {"not_applicable": 4}
    assert found.no_score_share == pytest.approx(4 / 7)
    assert found.with_advantage == 2
    assert found.effective_share == 2 / 7


def test_nothing_scored():
    found = of_scores([None, None], [None])
    assert (found.mean, found.std, found.group_std, found.zero_variance) == (None,) * 4
    assert found.effective_share == 0
    assert found.length["characters"].pearson.reason == "fewer than two scores"
    empty = measure_signal([], [], {})
    assert (empty.effective_share, empty.no_score_share) == (0, 0)


def test_a_constant_reward_has_reasons_instead_of_correlations():
    found = of_scores([1, 1], [1, 1]).to_dict()
    for one in found["length"]["characters"].values():
        assert one["value"] is None
        assert one["reason"]
    assert found["length"]["tokens"]["pearson"]["reason"] == "no ids"
    json.dumps(found, allow_nan=False)


@settings(deadline=None)
@given(groups_of_scores)
def test_every_figure_is_its_definition(groups):
    found = measured(groups)
    scores = [[s for s, _ in group if s is not None] for group in groups]
    every = [s for group in scores for s in group]
    taught = [group for group in scores if len(group) > 1]
    flat = [group for group in taught if len(set(group)) == 1]
    assert found.scored == len(every)
    assert found.groups == len(taught)
    assert found.all_zero + found.all_one + found.all_same == len(flat)
    assert found.all_zero == sum(set(group) == {0.0} for group in flat)
    assert found.all_one == sum(set(group) == {1.0} for group in flat)
    if every:
        assert found.mean == pytest.approx(mean(every))
    if len(every) > 1:
        assert found.std == pytest.approx(stdev(every))
    if taught:
        assert found.group_std == pytest.approx(mean(map(stdev, taught)))
    # GRPO's advantages, DeepSeekMath section 4.1.2
    advantages = [(s - mean(group)) / (stdev(group) + 1e-4) for group in taught for s in group]
    assert found.with_advantage == sum(abs(one) > 1e-6 for one in advantages)


@settings(deadline=None)
@given(groups_of_scores, st.data())
def test_the_order_of_groups_and_of_rows_does_not_matter(groups, data):
    mixed = [data.draw(st.permutations(group)) for group in data.draw(st.permutations(groups))]
    same(measured(groups), measured(mixed))


@settings(deadline=None)
@given(groups_of_scores)
def test_every_group_twice_keeps_the_shares(groups):
    once, twice = measured(groups), measured(groups + groups)
    for name in ("zero_variance", "effective_share", "no_score_share", "mean", "group_std"):
        one, other = getattr(once, name), getattr(twice, name)
        assert other == (None if one is None else pytest.approx(one))
    for name in ("pearson_within", "spearman_within"):
        close(getattr(once.length["characters"], name), getattr(twice.length["characters"], name))


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4), max_size=4))
def test_no_number_is_too_large(groups):
    json.dumps(of_scores(*groups).to_dict(), allow_nan=False)


def same(one, other):
    for name in ("scored", "groups", "all_zero", "all_one", "all_same", "with_advantage"):
        assert getattr(one, name) == getattr(other, name)
    assert one.no_score == other.no_score
    for name in ("pearson", "spearman", "pearson_within", "spearman_within"):
        close(getattr(one.length["characters"], name), getattr(other.length["characters"], name))


def close(one, other):
    assert one.reason == other.reason
    assert other.value == (None if one.value is None else pytest.approx(one.value, abs=1e-9))
