"""Cohen's κ."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.disagreement.agreement import cohen_kappa

TABLES = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), st.integers(0, 10**6)
)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # Worked by hand from the definition: p_o = 0.7, p_e = 0.5.
        ({("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}, Fraction(2, 5)),
        # Independent raters: what chance gives.
        ({("y", "y"): 1, ("y", "n"): 1, ("n", "y"): 1, ("n", "n"): 1}, 0),
        ({("y", "n"): 1, ("n", "y"): 1}, -1),
        ({("y", "y"): 3, ("n", "n"): 4}, 1),
        # p_o = 60/100, p_e = (60·70 + 30·20 + 10·10)/10,000.
        (
            {("a", "a"): 45, ("a", "b"): 10, ("a", "c"): 5, ("b", "a"): 20, ("b", "b"): 10,
             ("c", "a"): 5, ("c", "c"): 5},
            (Fraction(60, 100) - Fraction(4900, 10000)) / (1 - Fraction(4900, 10000)),
        ),
        ({}, None),
        ({("y", "y"): 9}, None),
        ({("y", "n"): 9}, 0),
    ],
)  # fmt: skip
def test_worked_examples(table, expected):
    found = cohen_kappa(table)
    assert found == (None if expected is None else pytest.approx(float(expected), abs=1e-15))


@given(TABLES)
def test_range_and_symmetry(table):
    found = cohen_kappa(table)
    assert found is None or -1 <= found <= 1
    assert cohen_kappa({(b, a): count for (a, b), count in table.items()}) == found
    assert cohen_kappa({pair: 7 * count for pair, count in table.items()}) == found


@given(TABLES)
def test_one_means_that_they_always_agree(table):
    found = cohen_kappa(table)
    agree = all(count == 0 for (a, b), count in table.items() if a != b)
    if found is not None:
        assert (found == 1) == agree
