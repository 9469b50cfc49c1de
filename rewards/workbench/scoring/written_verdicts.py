"""Verdicts read back from a file that was scored: which columns hold them, what they say."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from rewards.errors import DataFileError
from rewards.verdict import Status, Verdict
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
    if not isinstance(value, Mapping) or not {"score", "status"} <= value.keys():
        return None
    score = value["score"]
    if isinstance(score, bool) or not isinstance(score, int | float | None):
        return None
    try:
        number = None if score is None else float(score)
        status = Status(value["status"])
        if number is not None and not math.isfinite(number):
            return None
        return Verdict(
            number,
            status,
            extracted=_text(value.get("extracted")),
            expected=_text(value.get("expected")),
            reason=_text(value.get("reason")) or "",
            found_in=_text(value.get("found_in")),
        )
    except (ValueError, OverflowError):
        return None


def verdict_columns(rows: Iterable[Mapping[str, object]]) -> list[str]:
    """The names of the columns that hold verdicts in any of these rows, in order."""
    found = (name for row in rows for name, value in row.items() if read_verdict(value))
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


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)
