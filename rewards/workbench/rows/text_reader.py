"""Rows from JSONL, plain or packed with gzip or zstd, one line at a time, whatever is in it.

Lines end at a line feed only: a U+2028 inside a string splits nothing. A line that is not UTF-8 or
too long is a row with a flaw.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from rewards.errors import DataFileError
from rewards.text.shorten import DEFAULT_CHARACTERS, shorten
from rewards.workbench.rows import rows
from rewards.workbench.rows.rows import RawRow, RowReader
from rewards.workbench.rows.zstd_stream import DamagedZstdError, ZstdStream

START_BYTES = 8
_SNIFFED_BYTES = 64 * 2**10
_MARK_ROWS = 16

# How a packed file starts, and the program that packs and tests it.
_PACKED_STARTS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_PACKED_STARTS |= {bytes([0x50 + n]) + b"\x2a\x4d\x18": "zstd" for n in range(16)}  # skippable
# What a file starts with when it is no JSONL, and what to do about it.
_FOREIGN_STARTS = {
    b"PK\x03\x04": "is a zip archive; unpack it first: unzip FILE",
    b"BZh": "is compressed with bzip2; unpack it first: bunzip2 FILE",
    b"\xfd7zXZ": "is compressed with xz; unpack it first: unxz FILE",
    b"\xff\xff\xff\xff": "is an Arrow stream; name the folder that datasets' save_to_disk wrote, "
    "not a file in it",
    b"ARROW1": "is an Arrow (feather) file; write it as parquet first: "
    "python -c \"import pandas as p; p.read_feather('IN').to_parquet('OUT.parquet')\"",
    b"\xff\xfe": "is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8 IN > OUT",
    b"\xfe\xff": "is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8 IN > OUT",
}
_READ_ERRORS = (EOFError, OSError, zlib.error, DamagedZstdError)


class TextReader(RowReader):
    """The lines of a file. Blank ones are no rows.

    Attributes:
        start: how the file starts, unpacked.

    Raises:
        DataFileError: the file cannot be opened, or is plainly no JSONL.
        MissingExtraError: it is packed with zstd, and zstandard is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._raw = open_regular(path)
        super().__init__(path, os.fstat(self._raw.fileno()).st_size)
        self._packing = ""
        try:
            start = self._raw.read(START_BYTES)
            _check_start(path, start)
            for magic, packing in _PACKED_STARTS.items():
                if start.startswith(magic):
                    self._packing = packing
            self._lines = self._unpacked()
            self.start = self._read(_SNIFFED_BYTES)
            _check_text(path, self.start)
            self._lines = self._unpacked()
        except BaseException:
            self._raw.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def skip(self, count: int) -> int:
        """Pass over `count` rows without decoding them; returns how many there were."""
        skipped = 0
        while skipped < count:
            line = self._next_line()
            if not line:
                break
            skipped += not line.isspace()
        self._rows += skipped
        self._mark(self._raw.tell())
        return skipped

    def __iter__(self) -> Iterator[RawRow]:
        while line := self._next_line():
            if not line.isspace():
                self._rows += 1
                if self._rows % _MARK_ROWS == 0:
                    self._mark(self._raw.tell())
                yield _decode(self.line, line)
        self._mark(self.size_bytes)

    def _unpacked(self) -> BinaryIO:
        """What the file holds, from its start."""
        self._raw.seek(0)
        if self._packing == "gzip":
            return cast("BinaryIO", gzip.GzipFile(fileobj=self._raw))
        if self._packing == "zstd":
            return io.BufferedReader(ZstdStream(self._raw, name=str(self.path)), _SNIFFED_BYTES)
        return self._raw

    def _next_line(self) -> bytes:
        """The next line with its end, b"" at the end of the file; a too long one cut."""
        line = self._read_line()
        if not line:
            return line
        self.line += 1
        if self.line == 1:
            line = line.removeprefix(b"\xef\xbb\xbf") or b"\n"
        if len(line) > rows.MAX_LINE_BYTES:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = self._read_line()
        return line

    def _read_line(self) -> bytes:
        try:
            return self._lines.readline(rows.MAX_LINE_BYTES + 1)
        except _READ_ERRORS as error:
            raise _explain(error, f"{self.path}:{self.line + 1}", self._packing) from None

    def _read(self, count: int) -> bytes:
        try:
            return self._lines.read(count)
        except _READ_ERRORS as error:
            raise _explain(error, f"{self.path}:{self.line + 1}", self._packing) from None


def open_regular(path: Path) -> io.BufferedReader:
    """Open a file that can be read more than once.

    Raises:
        DataFileError: there is none, or it may not be read.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise DataFileError(
                f"{path}: is not a regular file; write the rows to a file first (it is read again "
                "when a run is resumed)"
            )
        return path.open("rb")
    except FileNotFoundError:
        raise DataFileError(f"{path}: no such file; check the path") from None
    except PermissionError:
        raise DataFileError(f"{path}: may not be read; check its permissions (ls -l)") from None
    except OSError as error:
        raise DataFileError(f"{path}: cannot be opened: {error.strerror or error}") from None


def _decode(number: int, line: bytes) -> RawRow:
    if len(line) > rows.MAX_LINE_BYTES:
        shown = line[: 4 * DEFAULT_CHARACTERS].decode("utf-8", "replace")
        flaw = f"the line is longer than {rows.MAX_LINE_BYTES // 2**20} MB"
        return RawRow(number, shorten(shown), flaw)
    try:
        return RawRow(number, line.rstrip(b"\r\n").decode("utf-8"))
    except UnicodeDecodeError as error:
        shown = line[: 4 * DEFAULT_CHARACTERS].decode("utf-8", "replace").rstrip("\r\n")
        return RawRow(number, shorten(shown), f"not UTF-8 at byte {error.start + 1}")


def _check_start(path: Path, start: bytes) -> None:
    if not start:
        raise DataFileError(
            f"{path}: is empty; give a file with rows (JSONL: one JSON object a line)"
        )
    for magic, mend in _FOREIGN_STARTS.items():
        if start.startswith(magic):
            raise DataFileError(f"{path}: {mend}")


def _check_text(path: Path, start: bytes) -> None:
    if b"\0" in start:
        raise DataFileError(
            f"{path}: is a binary file, not text; give JSONL (one JSON object a line; plain, gzip "
            "or zstd) or parquet"
        )


def _explain(error: Exception, where: str, packing: str) -> DataFileError:
    """What a damaged or unreadable file raises, as one clear error."""
    again = f"fetch the file again and check it with: {packing} -t"
    if isinstance(error, EOFError):
        why = f"the {packing} stream ends early (a truncated download?); {again}"
    elif isinstance(error, DamagedZstdError) and "too much memory" in str(error):
        why = (
            "was packed with a window of more than 128 MB; unpack it first: zstd -d --long=31 FILE"
        )
    elif isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile | DamagedZstdError):
        why = f"cannot be read: {error.strerror or error}"
    else:
        why = f"damaged {packing} data ({error}); {again}"
    return DataFileError(f"{where}: {why}")
