"""Forking cheaply: most of what a fork of an interpreter costs is page faults after it.

Not covered: processes with more than one thread, or with locks that a fork must renew. A zygote
has one thread and forks between two system calls, which is what makes this sound.
"""

from __future__ import annotations

import ctypes
import os

# PyDLL keeps the interpreter lock, so that the child wakes up holding it. `os.fork` would also run
# every library's after-fork hook (threading, random, …), whose writes alone copied 170 of the
# 220 pages that an idle child touched here. A child therefore starts with the same random state
# as the one before it: verdicts repeat.
_fork = ctypes.PyDLL(None, use_errno=True).fork
_fork.argtypes = []
_fork.restype = ctypes.c_int


def fork() -> int:
    """Fork without hooks; 0 in the child.

    Raises:
        OSError: the kernel refused.
    """
    pid = int(_fork())
    if pid < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"fork: {os.strerror(code)}")
    return pid


def keep_text_mapped() -> None:
    """Have forks copy the page table entries of code and read-only data too.

    The kernel leaves those out for a file mapping that was never written to, and every child
    then faults them in again, 60 times or so. A mapping with one private page is copied whole
    (mm/memory.c, `vma_needs_copy`), so one byte of each is written over with itself.
    """
    try:
        memory = os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # only slower
        return
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:  # noqa: PTH123
            for line in maps:
                fields = line.split()
                if len(fields) > 5 and fields[5][0] == "/" and fields[1] in {"r-xp", "r--p"}:
                    start = int(fields[0].partition("-")[0], 16)
                    _rewrite(memory, start)
    finally:
        os.close(memory)


def _rewrite(memory: int, address: int) -> None:
    try:
        os.pwrite(memory, os.pread(memory, 1, address), address)
    except OSError:
        return
