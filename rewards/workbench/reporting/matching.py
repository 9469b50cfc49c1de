"""Which rows of several files belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rewards.errors import InputError
from rewards.workbench.reporting.scored_rows import (
    ID_COLUMN,
    ReportColumns,
    ScoredRow,
    as_text,
    read_scored,
)


@dataclass(frozen=True)
class MatchBy:
    """What says which rows of two files belong together.

    Attributes:
        kind: `column`, `prompt`, or `number` for the row's number in its file.
        column: the column's name.
    """

    kind: Literal["column", "prompt", "number"]
    column: str = ""

    @property
    def words(self) -> str:
        """The same in words."""
        said = {"prompt": "their prompt", "number": "their number in the file"}
        return said.get(self.kind, f"the column {self.column!r}")

    def key(self, row: ScoredRow, number: int) -> str:
        """What the row shares with those that belong to it."""
        if self.kind == "column":
            return as_text(row.columns.get(self.column))
        return str(number if self.kind == "number" else row.prompt)


def find_match(files: Sequence[Path], match: str | None, named: ReportColumns) -> MatchBy:
    """What to match by: the named column; else `id`, else the prompt, where every first row has it.

    Raises:
        InputError: the named column is not there.
        DataFileError: a file cannot be read.
    """
    firsts = []
    for path in files:
        rows = read_scored(path, named)
        firsts.append(next((row for row in rows if isinstance(row, ScoredRow)), None))
    if match is not None:
        for path, first in zip(files, firsts, strict=True):
            if first is None or match not in first.columns:
                seen = ", ".join(first.columns) if first else "none"
                raise InputError(
                    f"{path}: has no column {match!r} to match rows by. Columns seen: "
                    f"{seen}. Name another one with --match, or leave it out to match by prompt"
                )
        return MatchBy("column", match)
    if all(first is not None and ID_COLUMN in first.columns for first in firsts):
        return MatchBy("column", ID_COLUMN)
    if all(first is not None and first.prompt is not None for first in firsts):
        return MatchBy("prompt")
    return MatchBy("number")
