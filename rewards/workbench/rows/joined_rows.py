"""Rows with the columns of another file's rows of the same id: completions and their references.

What servers write of a batch (OpenAI, vLLM) holds an id and the reply; what is right stands in the
file that the batch was made of. That file is held in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rewards.errors import DataFileError
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import RowReader, parse_row
from rewards.workbench.rows.shaped_reader import WidenedReader

Row = Mapping[str, object]

ID_COLUMNS = (
    *("custom_id", "id", "task_id", "question_id", "problem_id", "uid", "doc_id"),
    *("idx", "index"),
)
"""What rows are joined by, unless it is named; in order of preference."""

_HEAD_ROWS = 100


@dataclass(frozen=True)
class JoinedRows:
    """Rows that get what another file says of them; `read_joined` makes it.

    Attributes:
        path: the other file.
        by: the column with a row's id.
        by_other: the same in the other file.
        rows: the other file's rows by their id, as text.
    """

    path: Path
    by: str
    by_other: str
    rows: Mapping[str, Row]

    def open(self, path: Path) -> RowReader:
        """The rows of a file, each with the columns that it lacks; see `open_rows`."""
        reader = open_rows(path)
        said = f"rows joined with {self.path} by {self.by!r}"
        if self.by != self.by_other:
            said += f" and {self.by_other!r}"
        if reader.recognised:
            said = f"{reader.recognised}, {said}"
        return WidenedReader(reader, self._more, said)

    def _more(self, row: Row) -> Row:
        other = self.rows.get(str(row.get(self.by)), {})
        return {name: value for name, value in other.items() if name not in row}


def read_joined(path: Path, other: Path, on: str | None = None) -> JoinedRows:
    """Read the file that rows are joined with.

    Args:
        path: the rows.
        other: the other file.
        on: the column with the ids, `OURS=THEIRS` where it is called otherwise there; by default
            the first of `ID_COLUMNS` that both have, or `custom_id` and `id`.

    Raises:
        DataFileError: a file cannot be read, has no ids, two rows of the other one have the same,
            or none of the first rows has a partner.
    """
    ours, theirs = _head(path), _head(other)
    by, by_other = _columns(path, other, ours, theirs, on)
    rows: dict[str, Row] = {}
    with open_rows(other) as reader:
        for raw in reader:
            row = parse_row(raw)
            if isinstance(row, str):
                raise DataFileError(f"{other}:{raw.line}: {row}; a row to join with must be whole")
            key = row.get(by_other)
            if key is None:
                continue
            if str(key) in rows:
                raise DataFileError(
                    f"{other}:{raw.line}: a second row with {by_other} {key!r}; ids must be unique"
                )
            rows[str(key)] = row
    if not any(str(row.get(by)) in rows for row in ours):
        raise DataFileError(
            f"{path}: none of the first {len(ours)} rows has a partner in {other} by {by!r} and "
            f"{by_other!r}; name the columns with --join-on OURS=THEIRS"
        )
    return JoinedRows(other, by, by_other, rows)


def _head(path: Path) -> list[Row]:
    with open_rows(path) as reader:
        parsed = [parse_row(raw) for raw in islice(reader, _HEAD_ROWS)]
    return [row for row in parsed if not isinstance(row, str)]


def _columns(
    path: Path, other: Path, ours: list[Row], theirs: list[Row], on: str | None
) -> tuple[str, str]:
    left = dict.fromkeys(name for row in ours for name in row)
    right = dict.fromkeys(name for row in theirs for name in row)
    if on is not None:
        by, _, by_other = on.partition("=")
        by_other = by_other or by
        for name, names, file in ((by, left, path), (by_other, right, other)):
            if name not in names:
                raise DataFileError(
                    f"{file}: has no column {name!r} to join by; there are {', '.join(names)}"
                )
        return by, by_other
    both = next((name for name in ID_COLUMNS if name in left and name in right), None)
    if both is not None:
        return both, both
    ids = [next((name for name in ID_COLUMNS if name in names), "") for names in (left, right)]
    if not all(ids):
        raise DataFileError(
            f"{path} and {other} share no column of ids; name them with --join-on OURS=THEIRS"
        )
    return ids[0], ids[1]
