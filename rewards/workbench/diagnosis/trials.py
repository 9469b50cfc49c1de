"""Tasks that run into a limit on purpose; `rlvr doctor` gives them to real workers."""

from __future__ import annotations

import time


def echo(text: str) -> str:
    """Nothing special."""
    return text


def spin() -> None:
    """Use CPU for ever."""
    while True:
        pass


def sleep() -> None:
    """Use no CPU, for a long time."""
    time.sleep(60)


def hoard(megabytes: int) -> int:
    """Hold memory, all of it touched."""
    held = bytearray(megabytes << 20)
    held[::4096] = b"x" * len(held[::4096])
    return len(held)
