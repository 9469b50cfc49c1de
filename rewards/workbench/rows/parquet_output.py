"""Rows of JSON as a parquet file, in two passes over them and with bounded memory.

The first pass finds the type that all values of a column have in common, the second writes. A
column without one is written as JSON text and marked, so that `arrow_reader` gives it back as it
was; other readers see text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.errors import DataFileError
from rewards.workbench.rows.arrow_reader import JSON_MARK
from rewards.workbench.rows.column_types import infer_type, settle_type, unify_types
from rewards.workbench.rows.json_text import escape_halves, write_json

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, object]

# A row group: what is held at a time.
_BLOCK_ROWS = 2**14
_BLOCK_BYTES = 2**23
_MOST_COLUMNS = 2000


class _MisfitError(Exception):
    """A value does not fit into its column's type."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def write_parquet(lines: Path, target: Path, *, flat: bool = False) -> tuple[str, ...]:
    """Write the rows of a JSONL file, each an object, as parquet.

    With `flat` a verdict is one column a field, `accuracy.score`, which spreadsheets and SQL read.

    Whole numbers beside fractions become floating-point where that loses nothing. A field that a
    row does not have is null. Numbers are no truth values: a column with both is JSON text.

    Returns:
        A sentence for each column that holds JSON text.

    Raises:
        OSError: the target cannot be written.
        DataFileError: a row is nested so deeply that Python cannot read or write it, or there are
            too many columns.
    """
    try:
        types = _find_types(lines, flat=flat)
        while (misfit := _write(lines, target, types, flat=flat)) is not None:
            types[misfit] = None  # such as 2**60 + 1 in a column with fractions
    except RecursionError:
        raise DataFileError(
            f"{lines}: a row is nested too deeply for parquet; take it out of the input, or write "
            "JSONL"
        ) from None
    return tuple(
        f"the column {name!r} is written as JSON text: its values have no common type"
        for name, kind in types.items()
        if kind is None
    )


def flattened(row: Row) -> Row:
    """The row with a column for each field of a verdict in it.

    >>> flattened({"id": 1, "mine": {"score": 1.0, "status": "correct"}})
    {'id': 1, 'mine.score': 1.0, 'mine.status': 'correct'}
    """
    found: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict) and {"score", "status"} <= value.keys():
            found |= {f"{name}.{field}": one for field, one in value.items()}
        else:
            found[name] = value
    return found


def _find_types(lines: Path, *, flat: bool) -> dict[str, pa.DataType | None]:
    """The type of each column, in the order they appear; `None` where there is no common one."""
    types: dict[str, pa.DataType | None] = {}
    for rows in _read_blocks(lines, flat=flat):
        for name in dict.fromkeys(name for row in rows for name in row):
            if name in types and types[name] is None:
                continue
            found = infer_type([row.get(name) for row in rows])
            types[name] = unify_types(types[name], found) if name in types else found
            if len(types) > _MOST_COLUMNS:
                raise DataFileError(
                    f"{lines}: has more than {_MOST_COLUMNS:,} different columns, which is no "
                    "table; write JSONL"
                )
    return {name: settle_type(kind) for name, kind in types.items()}


def _write(
    lines: Path, target: Path, types: Mapping[str, pa.DataType | None], *, flat: bool
) -> str | None:
    """Write all rows; returns the column into which one does not fit, if there is one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([_field(name, kind) for name, kind in types.items()])
    with target.open("wb") as raw:
        try:
            with pq.ParquetWriter(raw, schema, compression="zstd") as writer:
                for rows in _read_blocks(lines, flat=flat):
                    arrays = [
                        _array(name, kind, [row.get(name) for row in rows])
                        for name, kind in types.items()
                    ]
                    writer.write_batch(pa.record_batch(arrays, schema=schema))
        except _MisfitError as error:
            return error.column
        raw.flush()
        os.fsync(raw.fileno())
    return None


def _field(name: str, kind: pa.DataType | None) -> pa.Field:
    import pyarrow as pa

    written = name.encode("utf-8", "backslashreplace").decode("utf-8")  # half a surrogate pair
    if kind is None:
        return pa.field(written, pa.string(), metadata=dict(JSON_MARK))
    return pa.field(written, kind)


def _array(name: str, kind: pa.DataType | None, values: Sequence[object]) -> pa.Array:
    import pyarrow as pa

    if kind is None:
        texts = [None if one is None else escape_halves(write_json(one)) for one in values]
        return pa.array(texts, type=pa.string())
    try:
        return pa.array(values, type=kind)
    except (pa.ArrowException, ArithmeticError, ValueError, TypeError):
        raise _MisfitError(name) from None


def _read_blocks(lines: Path, *, flat: bool) -> Iterator[list[Row]]:
    """The rows, as many at a time as make a row group."""
    rows: list[Row] = []
    size = 0
    with lines.open("rb") as file:
        for line in file:
            row = json.loads(line)
            rows.append(flattened(row) if flat else row)
            size += len(line)
            if len(rows) >= _BLOCK_ROWS or size >= _BLOCK_BYTES:
                yield rows
                rows, size = [], 0
    if rows:
        yield rows
