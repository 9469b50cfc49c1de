"""Raw system calls through ctypes, with errno turned into `OSError`.

Not covered: any check of the arguments. Callers pass plain integers, bytes and ctypes buffers.
"""

from __future__ import annotations

import ctypes
import os

from sandbox.confine.syscalls import architecture

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.prctl.restype = ctypes.c_int

Argument = int | bytes | None | ctypes.Array[ctypes.c_char]


def syscall(name: str, *arguments: Argument) -> int:
    """Make one system call by name.

    Raises:
        OSError: the kernel refused; `errno` says why, the message names the call.
    """
    number = architecture().numbers[name]
    passed = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *passed))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def prctl(option: int, second: int = 0, third: Argument = 0, *rest: int) -> int:
    """Make one prctl call; the two arguments after the third default to 0 as some options demand.

    Raises:
        OSError: the kernel refused.
    """
    tail = (*rest, 0, 0)[:2]
    passed = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in (second, third, *tail)]
    result = int(_libc.prctl(option, *passed))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")
    return result


# Prepared once, so that a child's call builds no objects.
_plain_prctl = ctypes.PyDLL(None, use_errno=True).prctl
_plain_prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_PR_SET_PDEATHSIG, _PR_GET_DUMPABLE, _SIGKILL = 1, 3, 9


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that forked it ends.

    Raises:
        OSError: the kernel refused.
    """
    if _plain_prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0) != 0:
        raise OSError("PR_SET_PDEATHSIG was refused")


def install_filter(address: int) -> None:
    """Install the seccomp filter whose `sock_fprog` lies at this address.

    Raises:
        OSError: the kernel has no filters, or new privileges were not forbidden.
    """
    if _plain_prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, address, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")


def warm_up() -> None:
    """Make a call of the kind that children make, so that its path is there before a fork."""
    _plain_prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0)
