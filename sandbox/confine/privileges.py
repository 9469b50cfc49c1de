"""Giving up every right a process has: user, groups, capabilities, secure bits.

Not covered: rights that come with owning files; Landlock and the mount namespace stand before
those. Sources: capabilities(7), credentials(7).
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress

from sandbox.confine.libc import prctl, syscall

_PR_CAPBSET_DROP, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT = 24, 28, 47
_AMBIENT_CLEAR_ALL = 4
_LAST_CAPABILITY = 63
_CAPABILITY_VERSION_3 = 0x20080522
# NOROOT, NO_SETUID_FIXUP, KEEP_CAPS locked off, NO_CAP_AMBIENT_RAISE, each with its lock.
_SECURE_BITS = 0b1110_1111


def become(uid: int) -> None:
    """Change to an unprivileged user and group without supplementary groups.

    Raises:
        OSError: the caller may not.
    """
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """Give up every capability for good; harmless where there are none."""
    for capability in range(_LAST_CAPABILITY + 1):
        with suppress(
            OSError
        ):  # beyond the kernel's last one, or not allowed (then there are none)
            prctl(_PR_CAPBSET_DROP, capability)
    for option, value in (
        (_PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL),
        (_PR_SET_SECUREBITS, _SECURE_BITS),
    ):
        with suppress(OSError):  # needs CAP_SETPCAP; without it nothing can be regained either
            prctl(option, value)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    syscall("capset", header, bytes(24))
