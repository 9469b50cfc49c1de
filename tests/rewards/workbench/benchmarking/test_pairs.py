"""Two rewards on the same rows."""

import math
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.benchmarking.pairs import compare_pair, mcnemar


def test_mcnemar_counts_splits():
    for one, other in ((0, 0), (1, 0), (7, 2), (3, 9)):
        count = one + other
        at_least = sum(
            abs(sum(side) - count / 2) >= abs(one - count / 2)
            for side in product((0, 1), repeat=count)
        )
        assert math.isclose(mcnemar(one, other), min(1, at_least / 2**count))


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=50))
def test_the_order_of_a_pair_only_swaps_its_sides(rows):
    one, other, truths = ([row[at] for row in rows] for at in range(3))
    there = compare_pair(("a", "b"), (one, other), truths)
    back = compare_pair(("b", "a"), (other, one), truths)
    assert (there.first_only, there.second_only) == (back.second_only, back.first_only)
    assert there.p_value == back.p_value
    assert there.kappa == back.kappa
    assert there.first_only + there.second_only == sum(a != b for a, b, _ in rows)
