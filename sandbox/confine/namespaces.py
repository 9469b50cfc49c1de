"""Namespaces: an own user, mount, pid, ipc, network and host name, and a root of bind mounts.

Not covered: kernels and containers that refuse them (Docker's default profile does); the caller
then goes on without, and the report says so. Sources: user_namespaces(7), pid_namespaces(7),
pivot_root(2), mount_setattr(2).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.confine.libc import syscall

NEW_MOUNT = 0x00020000
NEW_HOST_NAME = 0x04000000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PID = 0x20000000
NEW_NETWORK = 0x40000000
ALL_BUT_USER = NEW_MOUNT | NEW_HOST_NAME | NEW_IPC | NEW_PID | NEW_NETWORK

_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_EXECUTION, _REMOUNT = 0x1, 0x2, 0x4, 0x8, 0x20
_NO_ACCESS_TIMES = 0x400
_PRIVATE_FLAGS = _NO_EXECUTION | _NO_ACCESS_TIMES
_DETACH = 2
_AT_RECURSIVE = 0x8000
_STAGE = "/tmp"  # noqa: S108 - hidden under a tmpfs of this mount namespace alone
_LINKS_MAX = 40


@dataclass(frozen=True)
class _Source:
    """A path to mount: the links that lead to it, where it really is, and an open handle."""

    links: tuple[tuple[str, str], ...]
    path: str
    handle: int
    is_folder: bool
    writable: bool


@dataclass(frozen=True)
class Private:
    """A tmpfs to mount: where, how much it may hold, and where it is seen too."""

    path: str
    size_bytes: int
    files_max: int
    also_at: str = ""


def enter(inner_id: int) -> None:
    """Move the calling, single-threaded process into fresh namespaces.

    Its next child is process 1 of the new pid namespace. Root keeps its user namespace (it has
    the rights already, and drops them later); any other user gets one in which it is `inner_id`.

    Raises:
        OSError: the kernel or a container's profile refuses.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        syscall("unshare", ALL_BUT_USER)
        return
    syscall("unshare", ALL_BUT_USER | NEW_USER)
    # Without "deny" an unprivileged gid map is refused (user_namespaces(7)).
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{inner_id} {uid} 1")
    _write("/proc/self/gid_map", f"{inner_id} {gid} 1")


def change_root(
    readable: Iterable[str], *, writable: Iterable[str] = (), private: Private | None = None
) -> None:
    """Make a tmpfs the root, with nothing in it but these paths, mounted where they are now.

    Paths that do not exist are passed over; symbolic links on the way to one are made again. A
    `private` folder is a tmpfs of its own, empty and writable.

    Raises:
        OSError: a mount was refused.
    """
    sources = _sources(readable, writable)
    syscall("mount", b"none", b"/", None, _RECURSIVE | _PRIVATE, None)
    flags = _NO_SETUID | _NO_DEVICES
    syscall("mount", b"tmpfs", _STAGE.encode(), b"tmpfs", flags, b"size=1m,mode=755")
    for source in sources:
        _bind(source)
    if private is not None:
        _make_folder(_STAGE + private.path)
        options = f"size={private.size_bytes},nr_inodes={private.files_max},mode=700".encode()
        place = (_STAGE + private.path).encode()
        syscall("mount", b"tmpfs", place, b"tmpfs", flags | _PRIVATE_FLAGS, options)
        if private.also_at:
            _make_folder(_STAGE + private.also_at)
            also = (_STAGE + private.also_at).encode()
            syscall("mount", place, also, None, _BIND, None)
    os.chdir(_STAGE)
    syscall("pivot_root", b".", b".")  # stacks the old root over the new: pivot_root(2), NOTES
    syscall("umount2", b".", _DETACH)
    os.chdir("/")
    syscall("mount", b"none", b"/", None, _REMOUNT | _BIND | _READ_ONLY | flags, None)


def _sources(readable: Iterable[str], writable: Iterable[str]) -> list[_Source]:
    found: list[_Source] = []
    wanted = [(path, False) for path in readable] + [(path, True) for path in writable]
    for path, may_write in wanted:
        links, real = _resolve(path)
        try:
            handle = os.open(real, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        found.append(_Source(links, real, handle, os.path.isdir(real), may_write))  # noqa: PTH112
    # Parents first: what lies beneath a folder already mounted needs no mount of its own.
    return sorted(found, key=lambda source: (source.writable, len(source.path)))


def _resolve(path: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """The symbolic links met on the way to `path`, and the real path."""
    links: list[tuple[str, str]] = []
    walked, rest = "", [part for part in path.split("/") if part]
    while rest and len(links) < _LINKS_MAX:
        here = f"{walked}/{rest.pop(0)}"
        try:
            target = os.readlink(here)  # noqa: PTH115
        except OSError:
            walked = here
            continue
        links.append((here, target))
        joined = os.path.normpath(target if target[0] == "/" else f"{walked}/{target}")
        walked, rest = "", [part for part in joined.split("/") if part] + rest
    return tuple(links), walked or "/"


def _bind(source: _Source) -> None:
    for link, target in source.links:
        _make_folder(os.path.dirname(_STAGE + link))  # noqa: PTH120
        if not os.path.lexists(_STAGE + link):
            os.symlink(target, _STAGE + link)  # noqa: PTH211
    place = _STAGE + source.path
    if os.path.lexists(place) and not source.writable:
        if os.path.ismount(place) or os.stat(place).st_dev != os.stat(_STAGE).st_dev:  # noqa: PTH116
            os.close(source.handle)
            return
    elif source.is_folder:
        _make_folder(place)
    else:
        _make_folder(os.path.dirname(place))  # noqa: PTH120
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    # The handle outlives the tmpfs that now hides the path when it lies beneath the stage.
    origin = f"/proc/self/fd/{source.handle}".encode()
    syscall("mount", origin, place.encode(), None, _BIND | _RECURSIVE, None)
    os.close(source.handle)
    is_device = source.path.startswith("/dev/")
    flags = _NO_SETUID | (0 if is_device else _NO_DEVICES)
    if is_device or not source.writable:  # a device can be written to, its node cannot be changed
        flags |= _READ_ONLY
    attributes = struct.pack("QQQQ", flags, 0, 0, 0)
    syscall("mount_setattr", -100, place.encode(), _AT_RECURSIVE, attributes, len(attributes))


def _make_folder(path: str) -> None:
    os.makedirs(path, mode=0o755, exist_ok=True)  # noqa: PTH103


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)
