"""Ending on SIGTERM and SIGHUP as on Ctrl-C: what was begun is cleaned up."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM, which schedulers send, unwind like Ctrl-C instead of ending on the spot.

    A terminal that closes sends SIGHUP, which is treated alike unless `nohup` had it ignored.
    """
    from rewards.workbench.scoring.interruption import TerminatedError  # noqa: PLC0415 - `--help` is quick

    def end(number: int, _frame: object) -> None:
        raise TerminatedError(128 + number)

    before: dict[int, object] = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        with suppress(ValueError):  # not in the main thread
            before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
