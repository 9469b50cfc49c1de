"""The unfinished output: whole lines in the order of the input, locked, resumable.

`OUT.partial` holds the rows judged so far and `OUT.partial.json` what they were made from. When
all rows are there the partial file becomes `OUT` in one step, so an `OUT` is always complete. A
run that was interrupted, killed or out of disk leaves both; the next one drops a torn last line
and goes on behind the last whole one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rewards.errors import DataFileError
from rewards.workbench.rows.locking import try_lock
from rewards.workbench.rows.output_file import BeforeRename, put_in_place, reported

if TYPE_CHECKING:
    from typing_extensions import Self

Plan = Mapping[str, Mapping[str, object]]
"""What an output is made from: aspect, then name, then JSON value."""


class PartialOutput:
    """The rows written so far; open it, look at `rows_done`, append, finish.

    Raises:
        DataFileError: the output exists, is in use, was begun from something else, or cannot be
            written.
    """

    def __init__(self, output: Path, plan: Plan, *, overwrite: bool = False) -> None:
        self.output = output
        self.path = partial_path(output)
        self.rows_done = 0
        self._header = header_path(output)
        with reported(self.path):
            self._file = _open_locked(self.path)
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
            before = self._file.tell()
            try:
                while data:
                    data = data[self._file.write(data) :]
            except OSError:
                # Part of a chunk would move the chunks of the run that goes on, and a reward that
                # compares the completions of a group would see other groups.
                self._file.truncate(before)
                raise
        self.rows_done += len(written)

    def finish(self, *, before: BeforeRename | None = None) -> tuple[str, ...]:
        """Turn the partial file into the output, in one step.

        Args:
            before: called with the finished file before it is renamed to the output.

        Returns:
            What a user should know of how the rows were written, one sentence each.

        Raises:
            DataFileError: the disk is full, or the file cannot be written.
        """
        with reported(self.path, rows_kept=self.rows_done):
            os.fsync(self._file.fileno())
            if os.name == "nt":  # an open file cannot be renamed there
                self._file.close()
            notes = put_in_place(self.path, self.output, before=before)
            self._header.unlink(missing_ok=True)
        self._file.close()
        return notes

    def close(self) -> None:
        """Let go of the file; one without rows is removed."""
        if self._file.closed:
            return
        with suppress(OSError):
            if os.fstat(self._file.fileno()).st_size == 0:
                self._header.unlink(missing_ok=True)
                self.path.unlink(missing_ok=True)
        self._file.close()

    def _begin(self, plan: Plan, *, overwrite: bool) -> None:
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
            self._drop_torn_line()
            self.rows_done = sum(1 for _ in self.written_lines())

    def _start(self, plan: Plan) -> None:
        new = self._header.with_name(self._header.name + ".new")
        new.write_text(json.dumps(plan, indent=1), encoding="utf-8")
        new.replace(self._header)

    def _difference(self, plan: Plan) -> str:
        """What the interrupted run was made from that this one is not, in words, or ""."""
        try:
            earlier = json.loads(self._header.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return f"{self._header.name} is missing or damaged"
        return describe_difference(earlier, plan)

    def _drop_torn_line(self) -> None:
        """Cut what follows the last line end: the writer was killed in the middle of a line."""
        end = self._file.seek(0, os.SEEK_END)
        with self.path.open("rb") as file:
            at = end
            while at > 0:
                start = max(0, at - 2**20)
                file.seek(start)
                found = file.read(at - start).rfind(b"\n")
                if found >= 0:
                    at = start + found + 1
                    break
                at = start
        self._file.truncate(at)
        self._file.seek(0, os.SEEK_END)


def describe_difference(earlier: Plan, plan: Plan) -> str:
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


def _open_locked(path: Path) -> IO[bytes]:
    while True:
        file = path.open("ab", buffering=0)
        if not try_lock(file):
            file.close()
            raise DataFileError(
                f"{path}: another rlvr is writing it; wait for that one, or choose another --output"
            )
        # The one before us may have renamed or removed the file between our open and our lock.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
