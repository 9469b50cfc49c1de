"""Rows from a parquet file, a few at a time, however large its row groups and its rows are.

A file of 0.1 MB can hold 64 rows of 140 MB each: one text, stored once, to which every row points.
So how many rows are decoded at once depends on what one of them may weigh, which a column chunk
says before it is read: the size of its dictionary page, and of all its pages by the number of rows.

Not covered: rows of very different weight within one row group, beyond their mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

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

# What the rows that are decoded at once may weigh.
_BATCH_BYTES = 128 * 2**20

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
        import pyarrow.parquet as pq

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
        for group in range(first, self._file.metadata.num_row_groups):
            with translated_errors(f"{self.path}: row {self.line + 1}"):
                rows = self._rows_at_once(group)
                batches = self._file.iter_batches(rows, row_groups=[group], use_threads=False)
            while True:
                with translated_errors(f"{self.path}: row {self.line + 1}"):
                    batch = next(batches, None)
                if batch is None:
                    break
                yield batch

    def _rows_at_once(self, group: int) -> int:
        """How many rows of a row group may be decoded together."""
        metadata = self._file.metadata.row_group(group)
        heaviest = 0.0
        with open_regular(self.path) as file:
            for at in range(metadata.num_columns):
                chunk = metadata.column(at)
                heaviest += chunk.total_uncompressed_size / max(1, metadata.num_rows)
                if not chunk.has_dictionary_page or chunk.physical_type not in _LONG_TYPES:
                    continue
                value_bytes = _dictionary_bytes(file, chunk.dictionary_page_offset)
                # The dictionaries of common writers end at 1 MB, of values that are far smaller.
                if value_bytes > _USUAL_DICTIONARY_BYTES:
                    heaviest += value_bytes * chunk.num_values / max(1, metadata.num_rows)
        return max(1, min(PIECE_ROWS, int(_BATCH_BYTES // max(1.0, heaviest))))


_LONG_TYPES = frozenset({"BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"})
_USUAL_DICTIONARY_BYTES = 4 * 2**20
_MAX_HEADER_BYTES = 32


def _dictionary_bytes(file: BinaryIO, offset: int) -> int:
    """The unpacked size of a dictionary page: the longest that a value of its column can be.

    The page starts with a header in Thrift's compact protocol, whose first two fields are the kind
    of the page and this size, each a 32-bit integer (parquet-format, `PageHeader`): one byte that
    says so and a variable-length integer, zigzag-coded.
    """
    file.seek(offset)
    header = iter(file.read(_MAX_HEADER_BYTES))
    size = 0
    for _ in range(2):
        if next(header, 0) != _FIELD_I32:
            raise ValueError("a dictionary page does not start with its header")
        size = shift = 0
        for byte in header:
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
    return (size >> 1) ^ -(size & 1)


_FIELD_I32 = 0x15  # the next field, an i32
