"""Tables on a screen of any width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.benchmarking.narrow_tables import fit_to
from rewards.workbench.benchmarking.tables import TextTable

WIDE = "97.5 % (95.1 to 99.0)"
TABLE = TextTable(
    "t",
    ["reward", "FN", "no score", "accuracy", "precision", "recall", "F1"],
    [["accuracy", "0", "0", *[WIDE] * 4], ["math-verify", "12", "0", *[WIDE] * 4]],
)


def intervals(table):
    return [cell.count("(") for cell in table.rows[0][3:]]


def test_a_wide_screen_has_all_intervals():
    assert fit_to(TABLE, 200).rows == TABLE.rows
    assert fit_to(TABLE, 200).notes == ()


def test_at_80_columns_each_cell_stands_on_one_line():
    fitted = fit_to(TABLE, 80)
    width = sum(
        2 + max(len(part) for cell in column for part in cell.split("\n"))
        for column in zip(fitted.headings, *fitted.rows, strict=True)
    )
    assert width <= 80
    assert fitted.notes  # it says that something is left out


@given(st.integers(1, 250))
def test_intervals_go_from_the_right(width):
    kept = intervals(fit_to(TABLE, width))
    assert kept == sorted(kept, reverse=True)
    assert [[cell.split(" (")[0] for cell in row] for row in fit_to(TABLE, width).rows] == [
        [cell.split(" (")[0] for cell in row] for row in TABLE.rows
    ]
