"""Rows from CSV and TSV, as RFC 4180 and spreadsheets write them; the first one names the columns.

Cells are texts, and an empty one is null. A cell may hold line ends, between quotes.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from rewards.errors import DataFileError
from rewards.text.shorten import shorten
from rewards.workbench.rows import rows
from rewards.workbench.rows.rows import RawRow
from rewards.workbench.rows.text_reader import TextReader

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def delimiter_of(path: Path) -> str:
    """What parts the cells of a file, by its name; "" when it is no such file.

    >>> delimiter_of(Path("a.csv.gz")), delimiter_of(Path("a.jsonl"))
    (',', '')
    """
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    return next((one for ending, one in _DELIMITERS.items() if name.endswith(ending)), "")


class DelimitedReader(TextReader):
    """The rows of one CSV or TSV file.

    A row of another number of cells than there are columns is a row with a flaw.

    Raises:
        DataFileError: the file cannot be opened, has no header, or names two columns alike.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        csv.field_size_limit(max(csv.field_size_limit(), rows.MAX_LINE_BYTES))
        delimiter = delimiter_of(path) or ","
        self._records = csv.reader(self._texts(), delimiter=delimiter, strict=True)
        try:
            self._names = self._next_record() or []
            for name in self._names:
                if self._names.count(name) > 1:
                    raise DataFileError(  # noqa: TRY301 - the file is closed below
                        f"{path}: has {self._names.count(name)} columns called {name!r}; rename "
                        "all but one"
                    )
        except BaseException:
            self.close()
            raise

    def skip(self, count: int) -> int:
        """Pass over `count` rows; returns how many there were."""
        skipped = 0
        while skipped < count and self._next_record() is not None:
            skipped += 1
        self._rows += skipped
        self._mark(self._raw.tell())
        return skipped

    def __iter__(self) -> Iterator[RawRow]:
        while (cells := self._next_record()) is not None:
            self._rows += 1
            self._mark(self._raw.tell())
            yield self._row(cells)
        self._mark(self.size_bytes)

    def _row(self, cells: list[str]) -> RawRow:
        text = json.dumps(
            {name: cell or None for name, cell in zip(self._names, cells, strict=False)},
            ensure_ascii=False,
        )
        flaw = ""
        if len(cells) != len(self._names):
            flaw = f"has {len(cells)} cells for {len(self._names)} columns"
        elif any("\ud800" <= letter <= "\udfff" for letter in text):
            flaw = "not UTF-8"
            text = text.encode("utf-8", "replace").decode()
        elif len(text) > rows.MAX_LINE_BYTES:
            flaw = f"the row is longer than {rows.MAX_LINE_BYTES // 2**20} MB"
        return RawRow(self.line, shorten(text) if flaw else text, flaw)

    def _next_record(self) -> list[str] | None:
        """The next row that is not blank; `None` at the end."""
        try:
            return next((cells for cells in self._records if cells), None)
        except csv.Error as error:
            raise DataFileError(
                f"{self.path}:{self.line}: cannot be read on ({error}); is a quote missing?"
            ) from None

    def _texts(self) -> Iterator[str]:
        while line := self._next_line():
            yield line.decode("utf-8", "surrogateescape")
