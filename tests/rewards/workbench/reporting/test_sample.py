"""Which rows are kept of many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.reporting.sample import Sample


def draw(ranks, limit):
    sample = Sample(limit)
    for number, rank in enumerate(ranks):
        place = sample.place(rank)
        if place is not None:
            sample.put(place, number)
    return sample


@given(st.lists(st.integers(0, 3)), st.integers(1, 20))
def test_the_lowest_ranks_are_kept_in_order(ranks, limit):
    sample = draw(ranks, limit)
    kept = sample.items()
    assert kept == sorted(kept)
    assert len(kept) == min(limit, len(ranks))
    assert sorted(ranks[number] for number in kept) == sorted(ranks)[:limit]
    assert sample.left_out == len(ranks) - len(kept)


def test_among_equals_all_have_a_chance():
    kept = draw([0] * 10_000, 1000).items()
    assert 350 < sum(number < 5000 for number in kept) < 650
    assert kept == draw([0] * 10_000, 1000).items()
