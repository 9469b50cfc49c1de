"""The stacks of a program's threads: half of its memory at most, whatever it asks for.

Not covered: the main thread's, see `child`. A stack is address space that counts from the start,
and contest programs ask for one as large as all of their memory, which would leave none.
"""

from __future__ import annotations

import _thread
import threading

_LEAST = 1 << 20
_real = _thread.stack_size
_most = 0


def install() -> None:
    """Let programs find ours; of the zygote, before it forks."""
    _thread.stack_size = stack_size
    threading.stack_size = stack_size


def allow(memory_bytes: int) -> None:
    """A program's memory, of which a stack gets at most half; of the child."""
    global _most  # noqa: PLW0603 - of this child
    _most = max(memory_bytes // 2, _LEAST) // _LEAST * _LEAST


def stack_size(size: int = 0, /) -> int:
    """As `threading.stack_size`: the size before, and the next threads' from now on."""
    return _real(min(size, _most) if _most and isinstance(size, int) else size)
