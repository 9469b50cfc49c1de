"""Rows from Arrow record batches: what parquet files and `datasets` folders have in common."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.errors import DataFileError
from rewards.text.shorten import shorten
from rewards.workbench.rows import rows
from rewards.workbench.rows.json_text import escape_halves, write_json
from rewards.workbench.rows.rows import RawRow, RowReader

if TYPE_CHECKING:
    import pyarrow as pa

PIECE_ROWS = 64
"""How many rows are Python objects at a time."""

_PIECE_BYTES = 32 * 2**20
_OBJECT_BYTES = 4 * rows.MAX_LINE_BYTES  # a character takes up to four

JSON_MARK: Mapping[bytes, bytes] = {b"rlvr": b"json"}
"""The metadata of a column of text that holds JSON, which is read as what it stands for."""


# What pyarrow and Python raise over a value: no UTF-8, a year 10000, nanoseconds without pandas, …
_UNREADABLE = (
    ValueError,
    TypeError,
    ArithmeticError,
    ImportError,
    LookupError,
    RuntimeError,
    SystemError,
)


class ArrowReader(RowReader):
    """The rows of record batches, each as the JSON text that `write_json` makes of it.

    A value that cannot be read or written is a flaw of its row, which names the column.
    """

    def __init__(self, path: Path, size_bytes: int) -> None:
        super().__init__(path, size_bytes)
        self._batches: Iterator[pa.RecordBatch] | None = None
        self._batch: pa.RecordBatch | None = None
        self._at = 0  # rows of it that are read

    def skip(self, count: int) -> int:
        """Pass over `count` rows without decoding them; returns how many there were."""
        skipped = 0
        while skipped < count and (batch := self._current()) is not None:
            step = min(count - skipped, batch.num_rows - self._at)
            self._at += step
            skipped += step
        self._rows += skipped
        self.line += skipped
        self._mark(self._position())
        return skipped

    def __iter__(self) -> Iterator[RawRow]:
        while (batch := self._current()) is not None:
            texts = _row_texts(_piece(batch, self._at))
            self._mark(self._position())
            for text, flaw in texts:
                self._at += 1
                self._rows += 1
                self.line += 1
                if not flaw and len(text) > rows.MAX_LINE_BYTES:
                    flaw = too_long()  # noqa: PLW2901
                yield RawRow(self.line, shorten(text) if flaw else text, flaw)
        self._mark(self.size_bytes)

    @abstractmethod
    def _read_batches(self) -> Iterator[pa.RecordBatch]:
        """The batches, from where the reader stands when the first one is asked for."""

    @abstractmethod
    def _position(self) -> int:
        """About where in the file the current batch lies, in bytes."""

    def _current(self) -> pa.RecordBatch | None:
        """The batch with the next row; `None` at the end."""
        while self._batch is None or self._at >= self._batch.num_rows:
            self._batches = self._batches or self._read_batches()
            self._batch, self._at = next(self._batches, None), 0
            if self._batch is None:
                return None
        return self._batch


def too_long() -> str:
    """The flaw of a row that is longer than any may be."""
    return f"the row is longer than {rows.MAX_LINE_BYTES // 2**20} MB"


def check_columns(path: Path, schema: pa.Schema) -> None:
    """Refuse what cannot be told apart in JSON.

    Raises:
        DataFileError: two columns have the same name.
    """
    for name, count in Counter(schema.names).items():
        if count > 1:
            raise DataFileError(f"{path}: has {count} columns called {name!r}; rename all but one")


@contextmanager
def translated_errors(where: str) -> Iterator[None]:
    """Turns what a damaged or unreadable file raises into one clear error."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, EOFError, ValueError) as error:
        if isinstance(error, DataFileError | MemoryError):
            raise
        said = shorten(" ".join(str(error).split()).rstrip("."))
        raise DataFileError(
            f"{where}: cannot be read ({said}); the file is damaged or was cut off: fetch or write "
            "it again"
        ) from None


def _piece(batch: pa.RecordBatch, start: int) -> pa.RecordBatch:
    """The next rows of a batch: as many as may be Python objects at a time."""
    count = PIECE_ROWS
    while count > 1 and batch.slice(start, count).nbytes > _PIECE_BYTES:
        count //= 4
    return batch.slice(start, count)


def _row_texts(piece: pa.RecordBatch) -> list[tuple[str, str]]:
    """Of each row its text and its flaw."""
    if piece.num_rows == 1 and piece.nbytes > _OBJECT_BYTES:
        return [("", too_long())]  # not made a Python object, which takes some five times as much
    marked = [field.name for field in piece.schema if _is_marked(field)]
    try:
        values = piece.to_pylist()
        for name in marked:
            for row in values:
                row[name] = _from_json(row[name])
        return [(escape_halves(write_json(row)), "") for row in values]
    except _UNREADABLE:
        # One of them has a value that Python or JSON does not know: look which.
        return [_row_text(piece, at, marked) for at in range(piece.num_rows)]


def _row_text(piece: pa.RecordBatch, at: int, marked: list[str]) -> tuple[str, str]:
    parts: list[str] = []
    flaws: list[str] = []
    for name, column in zip(piece.schema.names, piece.columns, strict=True):
        text, flaw = _value_text(column[at], is_json=name in marked)
        if flaw:
            flaws.append(f"the column {name!r} holds what cannot be read: {flaw}")
        else:
            parts.append(f"{json.dumps(name, ensure_ascii=False)}: {text}")
    return f"{{{', '.join(parts)}}}", "; ".join(flaws)


def _value_text(scalar: pa.Scalar, *, is_json: bool) -> tuple[str, str]:
    try:
        value = scalar.as_py()
        return escape_halves(write_json(_from_json(value) if is_json else value)), ""
    except _UNREADABLE as error:
        return "", shorten(" ".join(str(error).split())) or type(error).__name__


def _is_marked(field: pa.Field) -> bool:
    return JSON_MARK.items() <= (field.metadata or {}).items()


def _from_json(text: object) -> object:
    return json.loads(text) if isinstance(text, str) else text
