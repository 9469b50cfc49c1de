"""Files that are written are regular ones: no link is followed, no pipe or device is written to."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

from rewards.errors import DataFileError

# Windows has none of these, and asks an administrator for links.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for its reader
_BINARY = getattr(os, "O_BINARY", 0)


def open_regular_for_writing(path: Path, *, append: bool = False) -> IO[bytes]:
    """Open a file to be written, unbuffered; it is made where it is not there.

    Args:
        path: the file.
        append: keep what it holds; it is emptied otherwise.

    Raises:
        DataFileError: something else bears its name: a link, a pipe, a device, a folder.
        OSError: it cannot be made or opened.
    """
    flags = os.O_RDWR | os.O_CREAT | _NO_LINK | _NO_WAIT | _BINARY
    try:
        descriptor = os.open(path, flags | (os.O_APPEND if append else 0), 0o666)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR}:
            raise _refused(path) from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _refused(path)  # noqa: TRY301 - the descriptor is closed below
        if not append:
            os.ftruncate(descriptor, 0)
        return os.fdopen(descriptor, "ab" if append else "wb", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise


def _refused(path: Path) -> DataFileError:
    return DataFileError(
        f"{path}: is a link or no regular file, and would be written to; remove it, or choose "
        "another --output"
    )
