"""Work on a bounded number of threads, for which a bounded number of rows may wait.

Whoever stops waiting loses nothing but its place: work that has begun ends in its own time, within
the limits of the process that does it, and its thread is not given away before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from rewards.errors import RlvrError

Answer = TypeVar("Answer")


class BusyError(RlvrError):
    """More rows wait than may; ask again later."""


class LateError(RlvrError):
    """It takes longer than its client will wait; ask again later."""


class WorkQueue:
    """A queue of one event loop.

    Args:
        threads: pieces of work at a time.
        most_rows: rows that may wait or be worked on; a single request may bring more when
            nothing else is there.

    Attributes:
        rows: rows that wait or are worked on.
        running: pieces of work that are worked on.
    """

    def __init__(self, *, threads: int, most_rows: int) -> None:
        self.rows = 0
        self.running = 0
        self.threads = threads
        self._most_rows = most_rows
        self._free = asyncio.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="serve")

    @contextmanager
    def admit(self, rows: int) -> Iterator[None]:
        """Hold room for so many rows.

        Raises:
            BusyError: there is none.
        """
        if self.rows and self.rows + rows > self._most_rows:
            raise BusyError(f"{self.rows} rows wait and {self._most_rows} may; ask again later")
        self.rows += rows
        try:
            yield
        finally:
            self.rows -= rows

    async def run(self, work: Callable[..., Answer], *arguments: object) -> Answer:
        """Do one piece of work, after those that came before."""
        await self._free.acquire()
        self.running += 1
        try:
            future = asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        except BaseException:
            self._end(None)
            raise
        future.add_done_callback(self._end)
        return await asyncio.shield(future)

    def _end(self, future: asyncio.Future[Answer] | None) -> None:
        self.running -= 1
        self._free.release()
        if future is not None and not future.cancelled():
            future.exception()  # seen, also where nobody waits any more

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)
