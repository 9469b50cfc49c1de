"""Rows from the `.eval` logs of inspect_ai: a zip archive with a JSON file for each sample.

Not covered: archives packed by other means than deflate, which Python's zipfile cannot open before
version 3.14; the `.json` logs, which are read as JSON arrays are.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from rewards.errors import DataFileError
from rewards.workbench.rows import rows
from rewards.workbench.rows.json_array_reader import on_one_line
from rewards.workbench.rows.rows import RawRow, RowReader
from rewards.workbench.rows.shard_folder import sort_naturally
from rewards.workbench.rows.text_reader import open_regular

ZIP = b"PK\x03\x04"
"""How such a file starts."""

_SAMPLES = "samples/"


def is_eval_log(path: Path) -> bool:
    """Whether a zip archive holds samples as a log of inspect_ai does."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(_is_sample(name) for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


class EvalLogReader(RowReader):
    """The samples of one log, by their names in it, numbered from 1.

    A sample that cannot be unpacked, or is too large, is a row with a flaw.
    """

    def __init__(self, path: Path) -> None:
        self._raw = open_regular(path)
        super().__init__(path, path.stat().st_size)
        self._archive = zipfile.ZipFile(self._raw)
        names = [name for name in self._archive.namelist() if _is_sample(name)]
        self._names = [str(name) for name in sort_naturally(map(Path, names))]

    def __iter__(self) -> Iterator[RawRow]:
        for name in self._names[self.line :]:
            self.line += 1
            self._rows += 1
            yield self._row(name)
        self._mark(self.size_bytes)

    def skip(self, count: int) -> int:
        """Pass over `count` samples; returns how many there were."""
        skipped = min(count, len(self._names) - self.line)
        self.line += skipped
        self._rows += skipped
        return skipped

    def locate(self, row: int) -> int:
        """About where the `row`-th sample ends: they are taken to be of one size."""
        return self.size_bytes * row // max(1, len(self._names))

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()
        self._raw.close()

    def _row(self, name: str) -> RawRow:
        if self._archive.getinfo(name).file_size > rows.MAX_LINE_BYTES:
            return RawRow(
                self.line, name, f"the sample is longer than {rows.MAX_LINE_BYTES // 2**20} MB"
            )
        try:
            with self._archive.open(name) as file:
                text = file.read(rows.MAX_LINE_BYTES + 1).decode("utf-8")
        except NotImplementedError:
            raise DataFileError(
                f"{self.path}: is packed in a way that this Python cannot open; write it as JSON "
                f"first: inspect log convert --to json {self.path}"
            ) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
            return RawRow(self.line, name, f"{name} cannot be unpacked: {error}")
        return RawRow(self.line, on_one_line(text))


def _is_sample(name: str) -> bool:
    return name.startswith(_SAMPLES) and name.endswith(".json")
