"""Reading the rows of a JSONL file, plain or gzipped, one line at a time, whatever is in it.

Lines end at a line feed only: a U+2028 inside a string splits nothing. What concerns one line (not
UTF-8, too long) becomes a flaw of that row; what concerns the file is a `DataFileError`.
"""

from __future__ import annotations

import gzip
import io
import json
import stat
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rewards.errors import DataFileError

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_LINE_BYTES = 32 * 2**20
_SNIFFED_BYTES = 64 * 2**10
_SHOWN_CHARACTERS = 200
_MARK_ROWS = 16

_GZIP = b"\x1f\x8b"
# What a file starts with when it is no JSONL, and what to do about it.
_FOREIGN_STARTS = {
    b"PAR1": "is a parquet file; convert it first: "
    "python -c \"import pandas as p; p.read_parquet('IN').to_json('OUT.jsonl', "
    "orient='records', lines=True)\"",
    b"PK\x03\x04": "is a zip archive; unpack it first: unzip FILE",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first: zstd -d FILE",
    b"BZh": "is compressed with bzip2; unpack it first: bunzip2 FILE",
    b"\xfd7zXZ": "is compressed with xz; unpack it first: unxz FILE",
    b"\xff\xfe": "is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8 IN > OUT",
    b"\xfe\xff": "is UTF-16, not UTF-8; convert it first: iconv -f UTF-16 -t UTF-8 IN > OUT",
}


@dataclass(frozen=True, slots=True)
class RawRow:
    """One line of the file.

    Attributes:
        line: its number in the file, from 1.
        text: the line without its end; shortened when there is a flaw.
        flaw: why it cannot be read at all, or "".
    """

    line: int
    text: str
    flaw: str = ""


class RowReader:
    """The rows of a file, in order. Blank lines are no rows.

    >>> reader = RowReader(path)  # doctest: +SKIP
    >>> [row.text for row in reader]  # doctest: +SKIP
    ['{"completion": "4"}']

    Raises:
        DataFileError: the file cannot be opened, or is plainly no JSONL.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 0
        self._rows = 0
        self._marks: deque[tuple[int, int]] = deque([(0, 0)])
        self._raw = _open_regular(path)
        self.size_bytes = self._raw.seek(0, io.SEEK_END)
        self._raw.seek(0)
        start = self._raw.read(8)
        self._raw.seek(0)
        self._lines: BinaryIO = self._raw
        try:
            _check_start(path, start)
            if start.startswith(_GZIP):
                self._lines = gzip.GzipFile(fileobj=self._raw)  # type: ignore[assignment]
            _check_text(path, self._read(_SNIFFED_BYTES))
            self._lines.seek(0)
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def locate(self, row: int) -> int:
        """About where the `row`-th row ends, in bytes on disk (of `size_bytes`).

        Rows are read ahead of those that are finished: a progress bar wants the latter. Ask for
        rows in rising order.
        """
        while len(self._marks) > 1 and self._marks[1][0] <= row:
            self._marks.popleft()
        return self._marks[0][1]

    def skip(self, count: int) -> int:
        """Pass over `count` rows without decoding them; returns how many there were."""
        skipped = 0
        while skipped < count:
            line = self._next_line()
            if not line:
                break
            skipped += not line.isspace()
        self._rows += skipped
        self._marks.append((self._rows, self._raw.tell()))
        return skipped

    def __iter__(self) -> Iterator[RawRow]:
        while line := self._next_line():
            if not line.isspace():
                self._rows += 1
                if self._rows % _MARK_ROWS == 0:
                    self._marks.append((self._rows, self._raw.tell()))
                yield _decode(self.line, line)
        self._marks.append((self._rows, self.size_bytes))

    def _next_line(self) -> bytes:
        """The next line with its end, b"" at the end of the file; a too long one cut."""
        line = self._read_line()
        self.line += 1
        if self.line == 1:
            line = line.removeprefix(b"\xef\xbb\xbf") or b"\n" * bool(line)
        if len(line) > MAX_LINE_BYTES:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = self._read_line()
        return line

    def _read_line(self) -> bytes:
        with _translated_errors(self.path, self.line + 1):
            return self._lines.readline(MAX_LINE_BYTES + 1)

    def _read(self, count: int) -> bytes:
        with _translated_errors(self.path, self.line + 1):
            return self._lines.read(count)


def parse_row(row: RawRow) -> dict[str, object] | str:
    """The row as an object, or what is wrong with it in words.

    >>> parse_row(RawRow(1, '{"a": 1}')), parse_row(RawRow(2, "[1]"))
    ({'a': 1}, 'not a JSON object but a list')
    """
    if row.flaw:
        return row.flaw
    try:
        value = json.loads(row.text)
    except json.JSONDecodeError as error:
        return f"broken JSON at character {error.pos + 1}: {error.msg}"
    except RecursionError:
        return "JSON nested too deeply"
    except ValueError as error:  # Python refuses integers of more than 4,300 digits
        return f"a number that cannot be read: {error}"
    if isinstance(value, dict):
        return value
    return f"not a JSON object but a {type(value).__name__}"


def shorten(text: str, limit: int = _SHOWN_CHARACTERS) -> str:
    """The start of a text, with an ellipsis where it was cut.

    >>> shorten("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _decode(number: int, line: bytes) -> RawRow:
    if len(line) > MAX_LINE_BYTES:
        shown = line[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "replace")
        flaw = f"the line is longer than {MAX_LINE_BYTES // 2**20} MB"
        return RawRow(number, shorten(shown), flaw)
    try:
        return RawRow(number, line.rstrip(b"\r\n").decode("utf-8"))
    except UnicodeDecodeError as error:
        shown = line[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "replace").rstrip("\r\n")
        return RawRow(number, shorten(shown), f"not UTF-8 at byte {error.start + 1}")


def _open_regular(path: Path) -> io.BufferedReader:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DataFileError(f"{path}: is a directory; name one JSONL file in it")
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


def _check_start(path: Path, start: bytes) -> None:
    if not start:
        raise DataFileError(f"{path}: is empty; give a JSONL file (one JSON object a line)")
    for magic, mend in _FOREIGN_STARTS.items():
        if start.startswith(magic):
            raise DataFileError(f"{path}: {mend}")


def _check_text(path: Path, start: bytes) -> None:
    if b"\0" in start:
        raise DataFileError(
            f"{path}: is a binary file, not text; give a JSONL file (one JSON object a line), "
            "plain or gzipped"
        )


class _translated_errors:  # noqa: N801 - reads as a verb phrase in a `with`
    """Turns what a damaged or unreadable file raises into one clear error."""

    def __init__(self, path: Path, line: int) -> None:
        self._where = f"{path}:{line}"

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, EOFError):
            raise DataFileError(
                f"{self._where}: the gzip stream ends early (a truncated download?); fetch the "
                "file again and check it with: gzip -t"
            ) from None
        if isinstance(error, gzip.BadGzipFile | zlib.error):
            raise DataFileError(
                f"{self._where}: damaged gzip data ({error}); fetch the file again and check it "
                "with: gzip -t"
            ) from None
        if isinstance(error, OSError):
            raise DataFileError(
                f"{self._where}: cannot be read: {error.strerror or error}"
            ) from None
