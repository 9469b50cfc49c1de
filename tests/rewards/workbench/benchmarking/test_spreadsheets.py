"""The CSV files of a benchmark: no cell is a formula."""

from __future__ import annotations

import csv
import io

import pytest

from rewards.workbench.benchmarking.spreadsheets import _csv


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start):
    cell = f"{start}HYPERLINK(1)"
    rows = list(csv.reader(io.StringIO(_csv([cell], [[cell, -1.5]]), newline="")))
    wanted = "'" + cell.replace("\r", "\n")
    assert rows[0] == [wanted]
    assert rows[1] == [wanted, "-1.5"]  # a number may be below zero
