"""Landlock: which paths a process may read, run or write beneath, through raw system calls.

Not covered: files opened before the ruleset was applied, UDP and unix sockets (seccomp refuses
`socket`), stat, chmod and similar calls on metadata (seccomp refuses the writing ones; reading a
file's size or existence stays possible where the path can be walked). Source: landlock(7).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from sandbox.confine.libc import syscall

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
REMOVE_DIR = 1 << 4
REMOVE_FILE = 1 << 5
MAKE_DIR = 1 << 7
MAKE_REGULAR = 1 << 8
MAKE_SYMLINK = 1 << 12
REFER = 1 << 13
TRUNCATE = 1 << 14

READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
WRITE = (
    READ
    | WRITE_FILE
    | REMOVE_DIR
    | REMOVE_FILE
    | MAKE_DIR
    | MAKE_REGULAR
    | MAKE_SYMLINK
    | REFER
    | TRUNCATE
)
KEEP_FILES = WRITE & ~MAKE_SYMLINK
"""Regular files and folders: no links, no devices, nothing to execute."""
_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

_OPEN_PATH = os.O_PATH | os.O_CLOEXEC
_CREATE_VERSION = 1
_PATH_BENEATH = 1
# What each ABI version can govern (landlock(7), "Filesystem actions").
_FS_BITS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}


def abi_version() -> int:
    """The kernel's Landlock ABI, from 1.

    Raises:
        OSError: ENOSYS (not built in) or EOPNOTSUPP (switched off at boot).
    """
    return syscall("landlock_create_ruleset", None, 0, _CREATE_VERSION)


def restrict_self(rights_by_path: Iterable[tuple[str | int, int]]) -> int:
    """Deny every file access that is not granted here, for this thread and all that it starts.

    A folder may be given by its handle; a path that does not exist is passed over. Also denies TCP
    (ABI 4) and, from ABI 6, signals and abstract unix sockets that leave the domain.

    Returns:
        The ABI version that was used.

    Raises:
        OSError: Landlock is not there or refused.
    """
    abi = abi_version()
    governed = (1 << _FS_BITS_BY_ABI.get(abi, 16)) - 1
    attributes = struct.pack("Q", governed)
    if abi >= 4:
        attributes += struct.pack("Q", 3)  # bind and connect over TCP
    if abi >= 6:
        attributes += struct.pack("Q", 3)  # scopes: abstract unix sockets, signals
    ruleset = syscall("landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        for path, rights in rights_by_path:
            _allow(ruleset, path, rights & governed)
        syscall("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)
    return abi


def _allow(ruleset: int, path: str | int, rights: int) -> None:
    try:
        beneath = os.dup(path) if isinstance(path, int) else os.open(path, _OPEN_PATH)
    except OSError:
        return
    try:
        if not isinstance(path, int) and not os.path.isdir(path):  # noqa: PTH112 - pathlib would be imported for this alone
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, beneath)
        syscall("landlock_add_rule", ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(beneath)
