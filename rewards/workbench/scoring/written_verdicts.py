"""Verdicts read back from a file that was scored: which columns hold them, what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from rewards.errors import DataFileError
from rewards.verdict import Verdict
from rewards.workbench.rows.json_text import escape_halves, write_json
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row
from rewards.workbench.scoring.completion_lists import unfold_named
from rewards.workbench.scoring.row_columns import HEAD_ROWS


def read_verdict(value: object) -> Verdict | None:
    """The verdict that a column holds, or `None` when it holds something else.

    >>> read_verdict({"score": 1, "status": "correct", "reason": "same text"}).score
    1.0
    >>> read_verdict({"score": 1, "status": "error"}) is None
    True
    """
    try:
        return Verdict.from_dict(value)
    except ValueError:
        return None


def verdict_columns(rows: Iterable[Mapping[str, object]]) -> list[str]:
    """The names of the columns that hold verdicts in any of these rows, in order."""
    found = (name for row in rows for name, value in row.items() if read_verdict(value) is not None)
    return list(dict.fromkeys(found))


def read_head(
    path: Path, completion: str | None = None, *, count: int = HEAD_ROWS
) -> list[dict[str, object]]:
    """Those of a file's first rows that can be read, one for each of their completions.

    Args:
        path: the file.
        completion: the column of the completions, if the user named it.
        count: how many rows to look at.

    Raises:
        DataFileError: the file cannot be opened, or is plainly in no known format.
    """
    with open_rows(path) as reader:
        parsed = [parse_row(raw) for raw in islice(reader, count)]
    rows = (row for row in parsed if isinstance(row, dict))
    return [one for row in rows for one in unfold_named(row, completion)]


def dump_row(row: Mapping[str, object]) -> str:
    r"""A row as one line of JSON that UTF-8 can hold.

    >>> print(dump_row({"a": "é"}), dump_row({"a": "\ud800"}))
    {"a": "é"} {"a": "\ud800"}

    Raises:
        DataFileError: it is nested too deeply.
    """
    try:
        return escape_halves(write_json(row))
    except RecursionError:
        raise DataFileError("a row is nested too deeply to be written; take it out") from None
