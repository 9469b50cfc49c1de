"""Many tasks on several threads, with results in the order of the tasks."""

from __future__ import annotations

import queue
import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

_LOOK_AHEAD = 16  # tasks taken from the input per thread: one slow task must not idle the others


def in_order(work: Callable[[T], R], tasks: Iterable[T], *, threads: int) -> Iterator[R]:
    """`work` of every task, in order; `tasks` is read a bounded number of tasks ahead.

    Daemon threads rather than an executor: an interpreter that ends after Ctrl-C must not wait
    for tasks that nobody wants any more.

    Raises:
        Exception: what `work` or `tasks` raised, in its place.
    """
    todo: queue.SimpleQueue[tuple[Future[R], T] | None] = queue.SimpleQueue()
    pending: deque[Future[R]] = deque()

    for _ in range(threads):
        threading.Thread(target=_labour, args=(work, todo), name="rlvr-worker", daemon=True).start()
    try:
        for task in tasks:
            future: Future[R] = Future()
            todo.put((future, task))
            pending.append(future)
            if len(pending) >= _LOOK_AHEAD * threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()
        for _ in range(threads):
            todo.put(None)


def _labour(work: Callable[[T], R], todo: queue.SimpleQueue[tuple[Future[R], T] | None]) -> None:
    while (item := todo.get()) is not None:
        future, task = item
        if not future.set_running_or_notify_cancel():
            continue
        try:
            future.set_result(work(task))
        except BaseException as why:  # noqa: BLE001  # raised again where it is awaited
            future.set_exception(why)
