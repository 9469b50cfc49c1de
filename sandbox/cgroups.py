"""Control groups (v2): a folder for each worker that bounds all its processes together.

What resource limits cannot see is seen here: memory of many processes at once, of the kernel on
their behalf, and the number of threads where a user is exempt from counting.

Not covered: cgroup v1, and moving anybody's processes about. A group can have limits only where
its parent hands the controllers down, and the kernel refuses that to a parent that holds processes
itself (cgroups(7), "no internal processes"): somebody else must delegate. Source: Linux
Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

CONTROLLERS = ("memory", "pids")
_PREFIX = "rlvr"
_REMOVE_TRIES = 100
_numbers = itertools.count()


@dataclass
class Group:
    """One worker's group: the files of a folder beneath the delegated one."""

    folder: Path
    _memory_bytes: int = field(default=0, init=False)

    def add(self, pid: int) -> None:
        """Move a process here; what it starts from now on is born here.

        Raises:
            OSError: the kernel refused.
        """
        self._write("cgroup.procs", str(pid))

    def limit_tasks(self, count: int) -> None:
        """At most this many processes and threads together.

        Raises:
            OSError: the kernel refused.
        """
        self._write("pids.max", str(count))

    def limit_memory(self, memory_bytes: int) -> None:
        """At most this much memory, none of it swapped out; written only when it changes.

        Raises:
            OSError: the kernel refused.
        """
        if memory_bytes != self._memory_bytes:
            self._write("memory.max", str(memory_bytes))
            if (self.folder / "memory.swap.max").exists():  # not on a kernel without swap
                self._write("memory.swap.max", "0")
            self._memory_bytes = memory_bytes

    def oom_kills(self) -> int:
        """How many processes the limit on memory has ended so far."""
        return _field(self.folder / "memory.events", "oom_kill")

    def cpu_s(self) -> float:
        """CPU seconds of every process that was ever here."""
        return _field(self.folder / "cpu.stat", "usage_usec") / 1e6

    def close(self) -> None:
        """End every process here and remove the folder."""
        with suppress(OSError):  # since Linux 5.14; before it the worker's own means must do
            self._write("cgroup.kill", "1")
        for _ in range(_REMOVE_TRIES):
            if _removed(self.folder):
                return
            time.sleep(0.005)  # the dead leave a moment after they are killed

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="ascii")


def make_group(parent: Path) -> Group:
    """A group beneath this folder, with the controllers that limits need.

    Raises:
        OSError: the kernel refused; the message says at what.
    """
    _hand_down(parent)
    _sweep(parent)
    group = Group(parent / f"{_PREFIX}-{os.getpid()}-{next(_numbers)}")
    group.folder.mkdir()
    return group


def find_parent(proc: Path = Path("/proc/self")) -> Path:
    """The folder in which this process may make groups.

    That is its own group, or, for a user without special rights, the one above if that was given
    to the same user.

    Raises:
        OSError: there is none; the message says why, for each that was tried.
    """
    own = _own_group(proc)
    candidates = [own]
    if os.geteuid() != 0 and own.parent.is_dir() and own.parent.stat().st_uid == os.geteuid():
        candidates.append(own.parent)
    refusals = {candidate: _refusal(candidate) for candidate in candidates}
    for candidate, error in refusals.items():
        if error is None:
            return candidate
    raise refusals[own] or OSError(errno.ENOENT, "no group can be made")


def _refusal(parent: Path) -> OSError | None:
    try:
        make_group(parent).close()
    except OSError as error:
        return error
    return None


def _removed(folder: Path) -> bool:
    """Whether the folder is gone, or will not go by waiting."""
    try:
        folder.rmdir()
    except OSError as error:
        return error.errno != errno.EBUSY
    return True


def _own_group(proc: Path) -> Path:
    inside = next(
        (line[3:] for line in _lines(proc / "cgroup") if line.startswith("0::")), None
    )  # v1 hierarchies have other numbers
    for line in _lines(proc / "mountinfo"):
        left, _, right = line.partition(" - ")
        if inside is None or not right.startswith("cgroup2 "):
            continue
        root, mounted_at = left.split()[3:5]
        if inside != root and not inside.startswith(root.rstrip("/") + "/"):
            break  # this process lives outside of what is mounted here
        return Path(mounted_at) / inside[len(root) :].lstrip("/")
    raise OSError(errno.ENOENT, "no cgroup v2 of this process is mounted")


def _hand_down(parent: Path) -> None:
    """Have the parent's children get the controllers."""
    there = (parent / "cgroup.controllers").read_text(encoding="ascii").split()
    lacking = [name for name in CONTROLLERS if name not in there]
    if lacking:
        raise OSError(errno.ENODEV, f"{parent} was not given: {' '.join(lacking)}")
    control = parent / "cgroup.subtree_control"
    given = control.read_text(encoding="ascii").split()
    wanted = [f"+{name}" for name in CONTROLLERS if name not in given]
    if wanted:
        try:
            control.write_text(" ".join(wanted), encoding="ascii")
        except OSError as error:
            why = "it holds processes itself" if error.errno == errno.EBUSY else error.strerror
            raise OSError(error.errno, f"{control}: {why}") from error


def _sweep(parent: Path) -> None:
    """Remove the empty groups of processes that died before they could."""
    for folder in parent.glob(f"{_PREFIX}-*-*"):
        owner = folder.name.split("-")[1]
        if owner.isdigit() and not _lives(int(owner)):
            with suppress(OSError):
                folder.rmdir()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lines(path: Path) -> Iterator[str]:
    yield from path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()


def _field(path: Path, name: str) -> int:
    try:
        found = (line.split() for line in _lines(path))
        return next((int(words[1]) for words in found if words[0] == name), 0)
    except OSError:
        return 0
