"""The unfinished output: whole lines in the order of the input, locked, resumable.

`OUT.partial` holds the rows judged so far, `OUT.partial.json` what they were made from, and
`OUT.partial.sums` a digest of each chunk of them and all before it. When all rows are there the
partial file becomes `OUT` in one step, so an `OUT` is always complete. A run that was interrupted,
killed or out of disk leaves all three; the next one goes on behind the last chunk that is as it was
written. Rows that were altered, moved or taken out meanwhile are judged again, with a word.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from rewards.errors import DataFileError
from rewards.workbench.rows.locking import try_lock
from rewards.workbench.rows.output_file import BeforeRename, put_in_place, reported
from rewards.workbench.rows.regular_file import open_regular_for_writing

if TYPE_CHECKING:
    from typing_extensions import Self

OutputPlan = Mapping[str, Mapping[str, object]]
"""What an output is made from: aspect, then name, then JSON value."""

_READ_BYTES = 2**20


class PartialOutput:
    """The rows written so far; open it, look at `rows_done`, append, finish.

    Raises:
        DataFileError: the output exists, is in use, was begun from something else, or cannot be
            written.
    """

    def __init__(self, output: Path, plan: OutputPlan, *, overwrite: bool = False) -> None:
        self.output = output
        self.path = partial_path(output)
        self.rows_done = 0
        self._header = header_path(output)
        self._sums_path = sums_path(output)
        self._digest = hashlib.blake2b(digest_size=16)
        self._notes: list[str] = []
        with reported(self.path):
            self._file = _open_locked(self.path)
            try:
                self._sums = open_regular_for_writing(self._sums_path, append=True)
            except BaseException:
                self._file.close()
                raise
        try:
            self._begin(plan, overwrite=overwrite)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def written_lines(self) -> Iterator[bytes]:
        """The lines an earlier run wrote."""
        with self.path.open("rb") as file:
            yield from file

    def append(self, lines: Iterable[str]) -> None:
        """Write whole lines.

        Raises:
            DataFileError: the disk is full, or the file cannot be written.
        """
        written = list(lines)
        data = memoryview("".join(f"{line}\n" for line in written).encode())
        with reported(self.path, rows_kept=self.rows_done):
            before, before_sums = self._file.seek(0, os.SEEK_END), self._sums.seek(0, os.SEEK_END)
            digest = self._digest.copy()
            digest.update(data)
            line = f"{before + len(data)} {len(written)} {digest.hexdigest()}\n"
            try:
                _write_all(self._file, data)
                _write_all(self._sums, memoryview(line.encode()))
            except OSError:
                # Part of a chunk would move the chunks of the run that goes on, and a reward that
                # compares the completions of a group would see other groups.
                self._file.truncate(before)
                self._sums.truncate(before_sums)
                raise
        self._digest = digest
        self.rows_done += len(written)

    def finish(self, *, before: BeforeRename | None = None, flat: bool = False) -> tuple[str, ...]:
        """Turn the partial file into the output, in one step.

        Args:
            before: called with the finished file before it is renamed to the output.
            flat: see `put_in_place`.

        Returns:
            What a user should know of how the rows were written, one sentence each.

        Raises:
            DataFileError: the disk is full, or the file cannot be written.
        """
        with reported(self.path, rows_kept=self.rows_done):
            os.fsync(self._file.fileno())
            if os.name == "nt":  # an open file cannot be renamed there
                self._file.close()
            notes = put_in_place(self.path, self.output, before=before, flat=flat)
            self._header.unlink(missing_ok=True)
            self._sums.close()
            self._sums_path.unlink(missing_ok=True)
        self._file.close()
        return (*self._notes, *notes)

    def close(self) -> None:
        """Let go of the file; one without rows is removed."""
        if self._file.closed:
            return
        with suppress(OSError):
            if os.fstat(self._file.fileno()).st_size == 0:
                self._header.unlink(missing_ok=True)
                self.path.unlink(missing_ok=True)
                self._sums.truncate(0)
            if os.fstat(self._sums.fileno()).st_size == 0:
                self._sums_path.unlink(missing_ok=True)
        self._sums.close()
        self._file.close()

    def _begin(self, plan: OutputPlan, *, overwrite: bool) -> None:
        if self.output.exists() and not overwrite:
            raise DataFileError(
                f"{self.output}: already exists; choose another --output, or replace it with "
                "--overwrite"
            )
        with reported(self.path):
            if self._file.seek(0, os.SEEK_END) == 0:
                self._start(plan)
                return
            difference = self._difference(plan)
            if difference and overwrite:
                self._file.truncate(0)
                self._start(plan)
                return
            if difference:
                raise DataFileError(
                    f"{self.path}: holds the rows of an interrupted run that cannot be continued: "
                    f"{difference}; run the earlier command again, or start afresh with --overwrite"
                )
            self._keep_whole_chunks()

    def _start(self, plan: OutputPlan) -> None:
        self._sums.truncate(0)
        new = self._header.with_name(self._header.name + ".new")
        with open_regular_for_writing(new) as file:
            _write_all(file, memoryview(json.dumps(plan, indent=1).encode()))
        new.replace(self._header)

    def _difference(self, plan: OutputPlan) -> str:
        """What the interrupted run was made from that this one is not, in words, or ""."""
        try:
            earlier = json.loads(self._header.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return f"{self._header.name} is missing or damaged"
        difference = describe_difference(earlier, plan)
        if not difference and self._sums.seek(0, os.SEEK_END) == 0:
            return (
                f"{self._sums_path.name}, by which its rows are checked, is missing (an older rlvr "
                "wrote none)"
            )
        return difference

    def _keep_whole_chunks(self) -> None:
        """Cut both files behind the last chunk that is as it was written."""
        end = kept_sums = altered = 0
        with self.path.open("rb") as file, self._sums_path.open("rb") as sums:
            size = os.fstat(file.fileno()).st_size
            for line in sums:
                chunk = _read_sum(line)
                if chunk is None or chunk.end < end:
                    break
                digest = self._digest.copy()
                rows = 0  # counted, for a line of the sums may be gone, and its rows be there
                for start in range(end, chunk.end, _READ_BYTES):
                    data = file.read(min(_READ_BYTES, chunk.end - start))
                    digest.update(data)
                    rows += data.count(b"\n")
                if chunk.end > size or digest.hexdigest() != chunk.digest:
                    altered = 1
                    break
                self._digest = digest
                self.rows_done += rows
                end = chunk.end
                kept_sums += len(line)
        self._file.truncate(end)
        self._sums.truncate(kept_sums)
        if altered:
            self._notes.append(
                f"the rows behind the first {self.rows_done:,} of {self.path.name} were not as an "
                "earlier run wrote them, and were judged again"
            )


class _Sum(NamedTuple):
    """Where a chunk ends, how many rows it has, and the digest of all up to there."""

    end: int
    rows: int
    digest: str


def _read_sum(line: bytes) -> _Sum | None:
    """A line of the sums; `None` when the writer was killed in the middle of it."""
    parts = line.decode("ascii", "replace").split(" ")
    if len(parts) != 3 or not line.endswith(b"\n"):
        return None
    end, rows, digest = parts
    if not (end.isdecimal() and rows.isdecimal() and end.isascii() and len(end + rows) < 30):
        return None
    return _Sum(int(end), int(rows), digest.strip())


def _write_all(file: IO[bytes], data: memoryview) -> None:
    while data:
        data = data[file.write(data) :]


def describe_difference(earlier: OutputPlan, plan: OutputPlan) -> str:
    """What an earlier run was made from that this one is not, in words, or "".

    >>> describe_difference({"run": {"rewards": "format"}}, {"run": {"rewards": "accuracy"}})
    'changed since: run rewards (format then, accuracy now)'
    """
    if not isinstance(earlier, dict) or not all(isinstance(one, dict) for one in earlier.values()):
        return "the record of the earlier run is damaged"
    found = [
        f"{aspect} {name} ({_shown(before)} then, {_shown(value)} now)"
        for aspect, values in plan.items()
        for name, value in values.items()
        if (before := earlier.get(aspect, {}).get(name)) != value
    ]
    return "changed since: " + "; ".join(found) if found else ""


def partial_path(output: Path) -> Path:
    """Where the unfinished rows of `output` lie."""
    return output.with_name(output.name + ".partial")


def header_path(output: Path) -> Path:
    """Where the unfinished rows' plan lies."""
    partial = partial_path(output)
    return partial.with_name(partial.name + ".json")


def sums_path(output: Path) -> Path:
    """Where the digests of the unfinished rows lie."""
    partial = partial_path(output)
    return partial.with_name(partial.name + ".sums")


def _open_locked(path: Path) -> IO[bytes]:
    while True:
        file = open_regular_for_writing(path, append=True)
        if not try_lock(file):
            file.close()
            raise DataFileError(
                f"{path}: another rlvr is writing it; wait for that one, or choose another --output"
            )
        # The one before us may have renamed or removed the file between our open and our lock.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.lstat()):
                return file
        file.close()


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
