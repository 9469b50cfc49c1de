"""What a file of rows is to those who use it: numbered texts of JSON, in order.

Whatever a file's format, a row is the text that a JSONL file would hold of it (see
`rewards.workbench.rows.readers.open_rows`). What concerns one row becomes a flaw of that row; what
concerns the file is a `DataFileError`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_LINE_BYTES = 32 * 2**20
TOO_DEEP = "JSON nested too deeply"
_MOST_NESTED = 200


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of the file.

    Attributes:
        line: the number of its line or, in a file without lines, of the row, from 1.
        text: its JSON text; shortened when there is a flaw.
        flaw: why it cannot be read at all, or "".
    """

    line: int
    text: str
    flaw: str = ""


class RowReader(ABC):
    """The rows of a file or folder, in order; `open_rows` makes the right one.

    Attributes:
        path: what is read.
        line: the number of the row, or of the line, that was read last.
        size_bytes: how long it is on disk.
        recognised: which other tool's rows these are, or "".
    """

    recognised = ""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self.path = path
        self.line = 0
        self.size_bytes = size_bytes
        self._rows = 0
        self._marks: deque[tuple[int, int]] = deque([(0, 0)])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def __iter__(self) -> Iterator[RawRow]:
        """The rows that were neither read nor passed over yet."""

    @abstractmethod
    def skip(self, count: int) -> int:
        """Pass over `count` rows without decoding them; returns how many there were."""

    @abstractmethod
    def close(self) -> None:
        """Close what is open."""

    def locate(self, row: int) -> int:
        """About where the `row`-th row ends, in bytes on disk (of `size_bytes`).

        Rows are read ahead of those that are finished: a progress bar wants the latter. Ask for
        rows in rising order.
        """
        while len(self._marks) > 1 and self._marks[1][0] <= row:
            self._marks.popleft()
        return self._marks[0][1]

    def _mark(self, position_bytes: int) -> None:
        """Note that the rows so far end there."""
        self._marks.append((self._rows, position_bytes))


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
        return TOO_DEEP
    except ValueError as error:  # Python refuses integers of more than 4,300 digits
        return f"a number that cannot be read: {error}"
    if isinstance(value, dict):
        return TOO_DEEP if _is_too_deep(row.text, value) else value
    return f"not a JSON object but a {type(value).__name__}"


def _is_too_deep(text: str, value: object) -> bool:
    """Whether brackets nest deeper than `_MOST_NESTED`: not what Python's stack happens to hold."""
    if text.count("[") + text.count("{") <= _MOST_NESTED:
        return False
    level = [value]
    for _ in range(_MOST_NESTED):
        level = [
            one
            for outer in level
            if isinstance(outer, dict | list)
            for one in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(one, dict | list)
        ]
        if not level:
            return False
    return True
