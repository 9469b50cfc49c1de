"""The folder in which a run may keep files: a tmpfs of its own, or a folder under Landlock.

Not covered: files of compiled programs, which have none, and what two processes of the same run do
to each other's files.

There is one folder for each zygote, made once, so that a run that writes nothing pays two system
calls for it. After a run the zygote looks whether anything was left, or changed about the folder
itself, and removes it by descriptors, following no link, once every process of the run is dead.

A tmpfs has a size of its own. On a disk nothing has: there the zygote looks at the folder while a
run lasts and ends it when it holds too much; up to the open files of a run may be more, deleted and
yet written to.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

FILES_MAX = 4096  # files and folders
_DEEPEST = 64  # of folders on a disk: Landlock looks at all of them at every step
_LOOK_S = 0.05  # between two looks at a folder on a disk
_DISK_FILE_BYTES = 4 << 20  # of one file on a disk
_OWN_MODE = 0o40700
_MOUNTED_AT = "/tmp"  # noqa: S108 - of a root of our own
_MOUNTED_ELSE_AT = "/private"
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Folder:
    """The folder of a zygote, and an open handle of it."""

    path: str
    handle: int
    room_bytes: int
    on_a_disk: bool
    among_others: bool  # other files belong to the user of this run
    inodes: int  # in use while it is empty, on a tmpfs

    @property
    def file_bytes(self) -> int:
        """The most that one file may hold."""
        return min(self.room_bytes, _DISK_FILE_BYTES) if self.on_a_disk else self.room_bytes

    def is_clean(self) -> bool:
        """Whether nothing is in it, and it is as it was made."""
        state = os.fstat(self.handle)
        if state.st_mode != _OWN_MODE or state.st_mtime_ns or state.st_atime_ns:
            return False
        return self.on_a_disk or _inodes(self.handle) == self.inodes

    def clean(self) -> None:
        """Make it as it was.

        Raises:
            OSError: something cannot be removed.
        """
        os.fchmod(self.handle, 0o700)
        empty(self.handle)
        os.utime(self.handle, (0, 0))


_folder: Folder | None = None


def folder() -> Folder | None:
    """The folder of this zygote, if it has one."""
    return _folder


def mount_point(visible: Iterable[str]) -> str:
    """Where a tmpfs hides none of these paths."""
    hides = any(path.startswith(f"{_MOUNTED_AT}/") for path in visible)
    return _MOUNTED_ELSE_AT if hides else _MOUNTED_AT


def make_on_disk(parent: str, number: int) -> str:
    """A folder beneath this one, for a machine that mounts none.

    Raises:
        OSError: it cannot be made.
    """
    path = f"{parent}/rlvr-files-{number}"
    os.mkdir(path, 0o700)  # noqa: PTH102
    return path


def use(path: str, room_bytes: int, *, on_a_disk: bool, own_user: bool) -> None:
    """Make the folder at this path ready, and enter it: it is where programs start.

    Raises:
        OSError: it cannot be used.
    """
    global _folder  # noqa: PLW0603 - one zygote, one folder
    handle = os.open(path, _OPEN_FOLDER)
    os.chdir(path)
    os.environ["TMPDIR"] = os.environ["HOME"] = path
    among_others = on_a_disk and not own_user
    made = Folder(path, handle, room_bytes, on_a_disk, among_others, _inodes(handle))
    made.clean()
    _folder = made


def look_s() -> float:
    """How long the folder may go without a look at what it holds."""
    return _LOOK_S if _folder is not None and _folder.on_a_disk else math.inf


def are_overfull() -> bool:
    """Whether a folder on a disk holds more than it may."""
    if _folder is None or not _folder.on_a_disk or not os.fstat(_folder.handle).st_mtime_ns:
        return False
    return _holds_more(_folder.handle, _folder.room_bytes, FILES_MAX)


def clean_up() -> None:
    """After a run: leave nothing of it in the folder.

    Raises:
        OSError: something cannot be removed.
    """
    if _folder is not None and not _folder.is_clean():
        _folder.clean()


def empty(folder: int) -> None:
    """Remove all that is in the folder with this handle. Nobody else may be at work in it.

    Raises:
        OSError: something cannot be removed.
    """
    folders = _remove_files(folder)
    mark = next(f"{n}-" for n in range(len(folders) + 1) if not _begins(folders, f"{n}-"))
    made = itertools.count()
    while folders:
        name = folders.pop()
        inner = _opened(name, folder)
        if inner is None:
            continue
        try:
            # Landlock looks at every folder above the one at hand: what lies deep comes up first.
            for below in _remove_files(inner):
                os.chmod(below, 0o700, dir_fd=inner)  # or it could not be moved
                folders.append(f"{mark}{next(made)}")
                os.rename(below, folders[-1], src_dir_fd=inner, dst_dir_fd=folder)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=folder)


def _begins(names: list[str], mark: str) -> bool:
    return any(name.startswith(mark) for name in names)


def _walk(folder: int, look: Callable[[int], list[str]]) -> None:
    """Look into every folder. One handle is open at a time.

    Raises:
        _OverfullError: they go too deep.
    """
    here = os.dup(folder)
    try:
        waiting = [look(here)]
        while waiting:
            if len(waiting) > _DEEPEST:
                raise _OverfullError
            if waiting[-1]:
                inner = _opened(waiting[-1].pop(), here)
                if inner is not None:
                    os.close(here)
                    here = inner
                    waiting.append(look(here))
            else:
                waiting.pop()
                if waiting:
                    outer = os.open("..", _OPEN_FOLDER, dir_fd=here)
                    os.close(here)
                    here = outer
    finally:
        os.close(here)


def _opened(name: str, outer: int) -> int | None:
    try:
        return os.open(name, _OPEN_FOLDER, dir_fd=outer)
    except PermissionError:  # it was made so, and is ours
        os.chmod(name, 0o700, dir_fd=outer)
        return os.open(name, _OPEN_FOLDER, dir_fd=outer)
    except (FileNotFoundError, NotADirectoryError):  # a program moved it meanwhile
        return None


def _remove_files(folder: int) -> list[str]:
    """The folders in it, once the files are gone."""
    os.fchmod(folder, 0o700)
    folders = []
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.name)
        else:
            os.unlink(entry.name, dir_fd=folder)
    return folders


def _entries(folder: int) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        return list(found)


class _OverfullError(Exception):
    pass


def _holds_more(folder: int, most_bytes: int, most_files: int) -> bool:
    """Whether there is more in it than this; a program may be at work there meanwhile."""
    held_bytes = held_files = 0

    def count(here: int) -> list[str]:
        nonlocal held_bytes, held_files
        folders = []
        for entry in _entries(here):
            held_files += 1
            with suppress(FileNotFoundError):
                state = entry.stat(follow_symlinks=False)
                held_bytes += max(state.st_size, state.st_blocks * 512)
            if held_bytes > most_bytes or held_files > most_files:
                raise _OverfullError
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
        return folders

    try:
        _walk(folder, count)
    except _OverfullError:
        return True
    except OSError:  # it changed under our hands; the next look is soon
        return False
    return False


def _inodes(folder: int) -> int:
    state = os.statvfs(folder)
    return state.f_files - state.f_ffree
