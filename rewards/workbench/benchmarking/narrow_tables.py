"""Tables for a narrow screen: intervals go first, the last column's before the others'."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace

from rewards.workbench.benchmarking.tables import TextTable

_INTERVAL = re.compile(r" \([\d.]+ to [\d.]+\)")
_BETWEEN = 2  # blanks on both sides of a column, as they are printed
_NOTE = "intervals are left out where there is no room: a wider terminal or --output has them all"


def fit_to(table: TextTable, width: int) -> TextTable:
    """The table with as many of its intervals as `width` characters have room for.

    Where there is too little room, headings break between words.

    >>> wide = TextTable("t", ["reward", "recall"], [["accuracy", "50.0 % (1.0 to 99.0)"]])
    >>> fit_to(wide, 24).rows
    [['accuracy', '50.0 %']]
    >>> fit_to(wide, 80).rows
    [['accuracy', '50.0 % (1.0 to 99.0)']]
    """
    rows = [list(row) for row in table.rows]
    left_out = False
    for column in reversed(range(len(table.headings))):
        if _natural_width(table.headings, rows) <= width:
            break
        for row in rows:
            shorter = _INTERVAL.sub("", row[column])
            left_out = left_out or shorter != row[column]
            row[column] = shorter
    fits = (
        sum(max(len(h), _cell_width(rows, at)) + _BETWEEN for at, h in enumerate(table.headings))
        <= width
    )
    headings = (
        list(table.headings)
        if fits
        else [
            "\n".join(textwrap.wrap(heading, max(_cell_width(rows, at), 1), break_long_words=False))
            for at, heading in enumerate(table.headings)
        ]
    )
    notes = [*table.notes, _NOTE] if left_out else table.notes
    return replace(table, headings=headings, rows=rows, notes=notes)


def _cell_width(rows: list[list[str]], column: int) -> int:
    return max((len(row[column]) for row in rows), default=0)


def _natural_width(headings: Sequence[str], rows: list[list[str]]) -> int:
    """What a table takes where its headings break between words and its cells do not."""
    total = 0
    for at, heading in enumerate(headings):
        words = max((len(word) for word in heading.split()), default=0)
        total += max(words, _cell_width(rows, at)) + _BETWEEN
    return total
