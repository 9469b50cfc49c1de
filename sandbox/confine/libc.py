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
