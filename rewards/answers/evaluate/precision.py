"""The precision of ball arithmetic: one setting of the whole process, so one thread at a time.

FLINT (Arb) reads the working precision from a variable of the process. Whoever computes with balls
holds the lock of `precision` meanwhile. Another user of python-flint in this process may still
change the setting under our hands: then the balls are wider or narrower than asked for, and
right all the same, and the computation is repeated.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from flint import ctx

_LEAKY_BITS = 500  # above, FLINT keeps tables for each thread, and does not free them by itself
_REPEATS = 5

T = TypeVar("T")


class TooLargeError(ArithmeticError):
    """The value is beyond any number that can be held."""


class UnsureError(ArithmeticError):
    """A ball touches a place where the operation has no value; a smaller ball may not."""


class _Turn:
    """Whose turn it is to compute with balls; renewed in forked children."""

    def __init__(self) -> None:
        self.lock = threading.RLock()

    def renew(self) -> None:
        # A thread of the parent may have held the lock when this process was forked.
        self.lock = threading.RLock()


_turn = _Turn()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_turn.renew)


def at_precision(bits: int, compute: Callable[[], T]) -> T:
    """What `compute` returns, with balls of `bits` bits; FLINT's setting is left as it was."""
    with _turn.lock:
        before = ctx.prec
        try:
            for _ in range(_REPEATS):
                ctx.prec = bits
                result = compute()
                if ctx.prec == bits:
                    break
            return result
        finally:
            if ctx.prec == bits:
                ctx.prec = before
            if bits > _LEAKY_BITS:
                ctx.cleanup()


def bits_for(digits: int) -> int:
    """The bits of so many decimal digits, and a few to lose."""
    return digits * 10 // 3 + 8
