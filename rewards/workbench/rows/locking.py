"""A lock that its holder cannot leave behind: the system drops it when the process ends."""

from __future__ import annotations

import errno
import sys
from typing import IO

_BUSY = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})


def try_lock(file: IO[bytes]) -> bool:
    """Lock an open file for this process, without waiting.

    Returns:
        Whether it is ours now. `True` as well where the file system knows no locks: two runs on
        one output are then the user's to avoid.
    """
    try:
        if sys.platform == "win32":
            import msvcrt  # Windows only

            file.seek(2**40)  # a byte beyond the end, so that the file itself stays readable
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # not on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _BUSY
    return True
