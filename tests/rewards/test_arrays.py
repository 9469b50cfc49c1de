"""A row out of parquet holds arrays where one out of JSON holds lists; verdicts do not differ."""

from __future__ import annotations

import pytest
from exported_rewards import every_case, judge

from rewards.columns import without_arrays

np = pytest.importorskip("numpy")


def with_arrays(cell):
    """As a data frame gives it: lists are arrays, of objects where they hold more lists."""
    if isinstance(cell, dict):
        return {name: with_arrays(value) for name, value in cell.items()}
    if not isinstance(cell, list):
        return cell
    array = np.empty(len(cell), dtype=object)
    for at, value in enumerate(cell):
        array[at] = with_arrays(value)
    return array


@pytest.mark.parametrize(("name", "case"), every_case())
def test_arrays_are_lists(name, case):
    cells = {key: with_arrays(case[key]) for key in ("reference", "row") if key in case}
    one, other = judge(name, case), judge(name, case | cells)
    assert (one.score, one.status, one.reason) == (other.score, other.status, other.reason)


def test_lists_come_back():
    cell = [[1, "a", None], {"x": [True, [2.5]]}]
    assert without_arrays(with_arrays(cell)) == cell


def test_what_holds_itself_is_left():
    cell: list[object] = []
    cell.append(cell)
    assert without_arrays(cell)
