"""One pool for everybody in this process who asks with the same options."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, TypedDict

from rewards.worker.pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Unpack

    from rewards.worker.budget import Budget
    from rewards.worker.result import JSON


class Options(TypedDict, total=False):
    """The keyword options of `WorkerPool`."""

    workers: int
    budget: Budget
    preload: Sequence[str]
    initializer: str | None
    initargs: Sequence[JSON]
    path: Sequence[str | os.PathLike[str]]
    tasks_per_child: int
    growth_mb: int
    message_mb: int
    start_timeout_s: float


_lock = threading.Lock()
_shared: dict[str, WorkerPool] = {}


def shared_pool(function: str, **options: Unpack[Options]) -> WorkerPool:
    """The pool for `function` with these options; made at the first call, closed at exit.

    After a fork the child gets the same object, which then starts processes of its own.
    """
    key = repr((function, sorted(options.items())))
    with _lock:
        pool = _shared.get(key)
        if pool is None or pool.closed:
            pool = _shared[key] = WorkerPool(function, **options)
        return pool


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603  # another thread may have held it while this process was forked
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
