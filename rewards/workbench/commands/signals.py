"""Ending on SIGTERM and SIGHUP as on Ctrl-C: what was begun is cleaned up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

# Schedulers send SIGTERM; a terminal or a connection that closes sends SIGHUP (not on Windows).
_ENDING = ("SIGTERM", "SIGHUP")


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let signals that ask for an end unwind like Ctrl-C instead of ending on the spot.

    One that is ignored stays ignored, as SIGHUP is under `nohup`.
    """
    from rewards.errors import TerminatedError  # `--help` is quick

    def end(number: int, _frame: object) -> None:
        raise TerminatedError(128 + number)

    with ExitStack() as before:
        for name in _ENDING:
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) is signal.SIG_IGN:
                continue
            try:
                before.callback(signal.signal, number, signal.signal(number, end))
            except ValueError:  # not in the main thread
                break
        yield
