"""An output that is there whole or not at all: written beside its place and renamed at the end."""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.errors import DataFileError
from rewards.workbench.rows.input_files import check_apart
from rewards.workbench.rows.output_file import check_place, put_in_place, reported
from rewards.workbench.rows.regular_file import open_regular_for_writing

if TYPE_CHECKING:
    from typing_extensions import Self


# A signal may arrive between opening a file and entering the block that would remove it.
_leftovers: set[Path] = set()


@atexit.register
def _remove_leftovers() -> None:
    for path in _leftovers:
        if path.name.endswith(f".{os.getpid()}.tmp"):  # not what a fork inherited
            with suppress(OSError):
                path.unlink(missing_ok=True)


class WholeOutput:
    """Lines of JSON for a file, packed as its name asks (`.gz`, `.zst`, `.parquet`).

    Leaving the `with` block without an error puts the file into its place; with one, an interrupt
    included, it is removed and what stood there before stays as it was.

    Args:
        path: the file.
        overwrite: replace it when it is there already.
        inputs: what it is made from, which it must not be.

    Attributes:
        notes: what a user should know of how the rows were written; known at the end.

    Raises:
        InputError: it is one of the inputs, or would become a shard of one.
        DataFileError: there is such a file and `overwrite` is not given, or it cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool = False, inputs: Sequence[Path] = ()) -> None:
        check_place(path)
        for one in inputs:
            check_apart(one, path)
        if path.exists() and not overwrite:
            raise DataFileError(f"{path}: is there already; --overwrite replaces it")
        self.path = path
        self.notes: tuple[str, ...] = ()
        self._unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        _leftovers.add(self._unfinished)
        with reported(path):
            self._file = BufferedWriter(open_regular_for_writing(self._unfinished))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            if error is None:
                with reported(self.path):
                    self._file.flush()
                    os.fsync(self._file.fileno())
                    self._file.close()
                    self.notes = put_in_place(self._unfinished, self.path)
        finally:
            with suppress(OSError):  # what is still in the buffer of a full disk
                self._file.close()
            with suppress(OSError):
                self._unfinished.unlink(missing_ok=True)
            _leftovers.discard(self._unfinished)

    def write(self, line: str) -> None:
        """Write one line.

        Raises:
            DataFileError: the disk is full, or the file cannot be written.
        """
        self.write_text(f"{line}\n")

    def write_text(self, text: str) -> None:
        """Write a text as it stands.

        Raises:
            DataFileError: the disk is full, or the file cannot be written.
        """
        with reported(self.path):
            self._file.write(text.encode())
