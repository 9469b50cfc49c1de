"""An output that is there whole or not at all: written beside its place and renamed at the end."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from rewards.errors import DataFileError, InputError
from rewards.scoring.partial import check_place

if TYPE_CHECKING:
    from typing_extensions import Self

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class WholeOutput:
    """Lines of text for a file, gzipped when its name ends in `.gz`.

    Leaving the `with` block without an error renames the file into place; with one, an interrupt
    included, it is removed and what stood there before stays as it was.

    Args:
        path: the file.
        overwrite: replace it when it is there already.
        inputs: what it is made from, which it must not be.

    Raises:
        InputError: it is one of the inputs.
        DataFileError: there is such a file and `overwrite` is not given, or it cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool = False, inputs: Sequence[Path] = ()) -> None:
        check_place(path)
        if path.exists() and any(one.exists() and path.samefile(one) for one in inputs):
            raise InputError(f"{path}: input and output are the same file; choose another --output")
        if path.exists() and not overwrite:
            raise DataFileError(f"{path}: is there already; --overwrite replaces it")
        self.path = path
        self._unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with self._reported():
            self._raw = self._unfinished.open("wb")
        self._file: IO[bytes] = self._raw
        if path.suffix == ".gz":
            # No name and no time in the header: the same rows give the same bytes.
            packed = gzip.GzipFile(filename="", fileobj=self._raw, mode="wb", mtime=0)
            self._file = cast("IO[bytes]", packed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            if error is None:
                with self._reported():
                    self._finish()
        finally:
            with suppress(OSError):  # what is still in the buffer of a full disk
                self._raw.close()
            with suppress(OSError):
                self._unfinished.unlink(missing_ok=True)

    def write(self, line: str) -> None:
        """Write one line.

        Raises:
            DataFileError: the disk is full, or the file cannot be written.
        """
        with self._reported():
            self._file.write(f"{line}\n".encode())

    def _finish(self) -> None:
        if self._file is not self._raw:
            self._file.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self._unfinished.replace(self.path)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                message = "the disk is full; free some space and run the command again"
            else:
                message = (
                    f"cannot be written: {error.strerror or error}; check the folder's permissions"
                )
            raise DataFileError(f"{self.path}: {message}") from None
