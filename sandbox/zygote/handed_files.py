"""Files into a run's folder before it starts, and open handles of some after it has ended.

Not covered: what they hold, of which the zygote reads no byte. Names were checked outside.

A child writes its files itself, confined as it is and within its quota, before its program is
compiled. Afterwards, when all of the run is dead, the zygote opens what is asked for, with no more
rights than the program had; no link is followed, and nothing but a plain file is handed over.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from sandbox.zygote import files
from sandbox.zygote.protocol import read_frame, write_all

PIECE_BYTES = 1 << 20
GIVEN, MISSING, NO_FILE, CLOSED = b"G", b"M", b"N", b"C"  # what became of each name, in order
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe must keep nobody waiting, and a terminal become nobody's.
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def take_files(channel: int, names: Sequence[str]) -> None:
    """Write the files whose content comes over the channel: pieces, then an empty frame each.

    Raises:
        OSError: there is no folder, or no room in it.
    """
    if files.folder() is None:
        raise OSError("this sandbox keeps no files")
    for name in names:
        _take(channel, name)


def _take(channel: int, name: str) -> None:
    try:
        outer = os.path.dirname(name)  # noqa: PTH120
        if outer:
            os.makedirs(outer, exist_ok=True)  # noqa: PTH103
        handle = os.open(name, _NEW_FILE, 0o644)
        try:
            while piece := read_frame(channel, PIECE_BYTES):
                write_all(handle, piece)
        finally:
            os.close(handle)
    except OSError as error:
        raise OSError(f"{name}: {error.strerror}") from error


def open_files(names: Sequence[str]) -> tuple[bytes, list[int]]:
    """What became of each name, and the handles of those that are plain files."""
    folder = files.folder()
    if folder is None:
        return MISSING * len(names), []
    found = [_plain_file(folder.handle, name) for name in names]
    handles = [handle for _, handle in found if handle >= 0]
    return b"".join(state for state, _ in found), handles


def _plain_file(folder: int, name: str) -> tuple[bytes, int]:
    """What became of it, and its handle or -1."""
    try:
        handle = _opened(folder, name.split("/"))
    except (FileNotFoundError, NotADirectoryError):
        return MISSING, -1
    except OSError:
        return CLOSED, -1
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return GIVEN, handle
    os.close(handle)
    return NO_FILE, -1


def _opened(folder: int, parts: Sequence[str]) -> int:
    here = os.dup(folder)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _OPEN_FOLDER, dir_fd=here)
            os.close(here)
            here = inner
        return os.open(parts[-1], _OPEN_FILE, dir_fd=here)
    finally:
        os.close(here)
