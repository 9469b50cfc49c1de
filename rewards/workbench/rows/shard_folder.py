"""Rows from a folder of shards, read as the one file that they are parts of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from rewards.errors import DataFileError
from rewards.workbench.rows.rows import RawRow, RowReader

SHARD_ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")
_UNFINISHED = tuple(f"{ending}.partial" for ending in SHARD_ENDINGS)
_MARK_ROWS = 16


class ShardsReader(RowReader):
    """The rows of files one after another; one of zero bytes has none.

    Rows are numbered through, as if the files had been joined.

    Raises:
        DataFileError: one of them cannot be read; the message names that file and its own line.
    """

    def __init__(
        self, path: Path, shards: Sequence[Path], open_one: Callable[[Path], RowReader]
    ) -> None:
        self._sizes = [shard.stat().st_size for shard in shards]
        super().__init__(path, sum(self._sizes))
        self._shards = [
            (shard, size) for shard, size in zip(shards, self._sizes, strict=True) if size
        ]
        self._open_one = open_one
        self._reader: RowReader | None = None
        self._next = 0  # the shard to open when the open one is at its end
        self._bytes_before = self._lines_before = self._rows_before = 0

    def close(self) -> None:
        """Close the shard that is open."""
        if self._reader is not None:
            self._reader.close()

    def skip(self, count: int) -> int:
        """Pass over `count` rows without decoding them; returns how many there were."""
        skipped = 0
        for reader in self._readers():
            step = reader.skip(count - skipped)
            skipped += step
            self._rows += step
            self.line = self._lines_before + reader.line
            if skipped == count:
                break
        self._mark_place()
        return skipped

    def __iter__(self) -> Iterator[RawRow]:
        for reader in self._readers():
            for raw in reader:
                self._rows += 1
                self.line = self._lines_before + raw.line
                if self._rows % _MARK_ROWS == 0:
                    self._mark_place()
                yield RawRow(self.line, raw.text, raw.flaw)
        self._mark(self.size_bytes)

    def _readers(self) -> Iterator[RowReader]:
        """The open shard, then the others; each is closed when the next one is asked for."""
        while True:
            if self._reader is None:
                if self._next == len(self._shards):
                    return
                self._reader = self._open_one(self._shards[self._next][0])
                self._next += 1
            yield self._reader
            self._lines_before += self._reader.line
            self._bytes_before += self._reader.size_bytes
            self._rows_before = self._rows
            self._reader.close()
            self._reader = None

    def _mark_place(self) -> None:
        inside = 0
        if self._reader is not None:
            inside = self._reader.locate(self._rows - self._rows_before)
        self._mark(self._bytes_before + inside)


def find_shards(folder: Path) -> list[Path]:
    """The shards in a folder, `part-2` before `part-10`; hidden files are none.

    Raises:
        DataFileError: there are none, one of them is unfinished, or the folder cannot be read.
    """
    try:
        names = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise DataFileError(f"{folder}: cannot be read: {error.strerror or error}") from None
    shards = [
        path for path in names if path.name.lower().endswith(SHARD_ENDINGS) and not path.is_dir()
    ]
    for path in shards:
        if not path.exists():  # as a download that was broken off leaves them
            raise DataFileError(f"{path}: is a link to nothing; fetch the file, or remove the link")
    unfinished = [path for path in names if path.name.lower().endswith(_UNFINISHED)]
    if unfinished:  # a shard that is not there yet must not go missing silently
        raise DataFileError(
            f"{min(unfinished)}: is the unfinished output of another run; run that command again "
            "to finish it, or remove it"
        )
    if not shards:
        endings = ", ".join(f"*{ending}" for ending in SHARD_ENDINGS)
        inside = ""
        with suppress(OSError):
            folders = sorted(path for path in names if path.is_dir())
            inside = f"; there is the folder {folders[0]}" if folders else ""
        raise DataFileError(
            f"{folder}: is a folder without rows: neither {endings} nor what datasets' "
            f"save_to_disk writes lies in it{inside}"
        )
    return sort_naturally(shards)


def sort_naturally(paths: Iterable[Path]) -> list[Path]:
    """Paths by name, numbers in them by value.

    >>> [path.name for path in sort_naturally(map(Path, ["a10", "a9", "a09b"]))]
    ['a9', 'a09b', 'a10']
    """

    def key(path: Path) -> tuple[list[tuple[int, str]], str]:
        parts = re.split(r"([0-9]+)", str(path))
        # Text stands at even places and numbers at odd ones, so that like meets like.
        return [(int(part or 0), "") if at % 2 else (0, part) for at, part in enumerate(parts)], (
            str(path)
        )

    return sorted(paths, key=key)
