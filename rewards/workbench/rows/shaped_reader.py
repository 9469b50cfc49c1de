"""A reader whose rows get columns more: those that another tool's rows are read as."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rewards.errors import DataFileError
from rewards.workbench.rows.json_text import escape_halves, write_json
from rewards.workbench.rows.other_tools import shape_of
from rewards.workbench.rows.rows import RawRow, RowReader, parse_row

MoreColumns = Callable[[Mapping[str, object]], Mapping[str, object]]


class WidenedReader(RowReader):
    """The rows of another reader, each with the columns that `more` finds for it.

    Their texts stay as they are, and the new columns stand behind; a column that is replaced makes
    the row be written anew.
    """

    def __init__(self, reader: RowReader, more: MoreColumns, recognised: str) -> None:
        super().__init__(reader.path, reader.size_bytes)
        self._reader = reader
        self._more = more
        self.recognised = recognised

    def __iter__(self) -> Iterator[RawRow]:
        for raw in self._reader:
            self.line = raw.line
            yield self._widened(raw)

    def skip(self, count: int) -> int:
        """Pass over `count` rows; returns how many there were."""
        return self._reader.skip(count)

    def close(self) -> None:
        """Close the other reader."""
        self._reader.close()

    def locate(self, row: int) -> int:
        """About where the `row`-th row ends."""
        return self._reader.locate(row)

    def _widened(self, raw: RawRow) -> RawRow:
        row = parse_row(raw)
        if isinstance(row, str):
            return raw
        more = self._more(row)
        if not more:
            return raw
        if more.keys() & row.keys():
            return RawRow(raw.line, escape_halves(write_json({**row, **more})))
        start = raw.text.strip()[:-1].rstrip()
        added = escape_halves(write_json(dict(more)))[1:]
        return RawRow(raw.line, f"{start}{'' if start == '{' else ', '}{added}")


def read_other_tools(reader: RowReader, first: Callable[[], RowReader]) -> RowReader:
    """The reader, or one that reads its rows as what another tool wrote.

    Args:
        reader: at its first row.
        first: opens the same rows once more, to look at the first of them.
    """
    try:
        with first() as peeked:
            raw = next(iter(peeked), None)
    except DataFileError:  # whoever reads on learns of it
        return reader
    row = parse_row(raw) if raw is not None else ""
    shape = None if isinstance(row, str) else shape_of(row)
    if shape is None:
        return reader
    return WidenedReader(reader, shape.columns, shape.name)
