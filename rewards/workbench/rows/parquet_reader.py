"""Rows from a parquet file, a few at a time, however large its row groups are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.extras import require_package
from rewards.workbench.rows.arrow_reader import (
    PIECE_ROWS,
    ArrowReader,
    check_columns,
    translated_errors,
)
from rewards.workbench.rows.text_reader import open_regular

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET = b"PAR1"
"""How such a file starts."""

# Columns are read through a window of this size: without one, a row group is read as a whole.
_WINDOW_BYTES = 2**20


class ParquetReader(ArrowReader):
    """The rows of one parquet file.

    Raises:
        DataFileError: it is damaged, or two of its columns have the same name.
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, path: Path) -> None:
        require_package("pyarrow", needed_by=f"{path} (parquet)", extra="data")
        import pyarrow.parquet as pq  # noqa: PLC0415 - dear, and an extra

        with open_regular(path) as file:
            super().__init__(path, file.seek(0, 2))
        with translated_errors(str(path)):
            self._file = pq.ParquetFile(
                path, buffer_size=_WINDOW_BYTES, pre_buffer=False, page_checksum_verification=True
            )
        try:
            check_columns(path, self._file.schema_arrow)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def skip(self, count: int) -> int:
        """Pass over `count` rows; whole row groups are not read at all."""
        passed = 0
        if self._batches is None:
            first, inside = self._find(self.line + count)
            passed = count - inside if first else 0
            self.line += passed
            self._rows += passed
        return passed + super().skip(count - passed)

    def locate(self, row: int) -> int:
        """About where the `row`-th row ends: rows are taken to be of one size."""
        return self.size_bytes * row // max(1, int(self._file.metadata.num_rows))

    def _position(self) -> int:
        return self.locate(self._rows)

    def _find(self, row: int) -> tuple[int, int]:
        """The row group of the row behind the `row`-th, and how many rows of it come before."""
        metadata = self._file.metadata
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            if row < rows:
                return group, row
            row -= rows
        return metadata.num_row_groups, row

    def _read_batches(self) -> Iterator[pa.RecordBatch]:
        first, _ = self._find(self.line)
        groups = range(first, self._file.metadata.num_row_groups)
        if not groups:
            return
        with translated_errors(str(self.path)):
            batches = self._file.iter_batches(PIECE_ROWS, row_groups=groups, use_threads=False)
        while True:
            with translated_errors(f"{self.path}: row {self.line + 1}"):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch
