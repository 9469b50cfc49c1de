"""Ending on SIGTERM as on Ctrl-C: what was begun is cleaned up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM, which schedulers send, unwind like Ctrl-C instead of ending on the spot."""
    from rewards.workbench.scoring.interruption import TerminatedError  # noqa: PLC0415 - `--help` is quick

    def end(number: int, _frame: object) -> None:
        raise TerminatedError(128 + number)

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
