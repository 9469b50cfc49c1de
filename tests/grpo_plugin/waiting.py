"""Counts how often the host would have to wait for a device, on a machine without one.

What has come through `host.read` is marked as being on the host, with all that is made of it there;
whatever our code asks of other tensors that a device could not answer without a wait is noted.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode

from grpo_plugin import host

ANSWERS = {
    *("item", "tolist", "__bool__", "__int__", "__float__", "__index__", "cpu", "numpy"),
    *("__contains__", "equal", "allclose"),
}
"""What brings a number to the host."""
SIZES = {"nonzero", "masked_select", "unique", "argwhere", "bincount", "unique_consecutive"}
"""What makes a tensor whose size only the device knows."""
FROM_HOST = {"tensor", "as_tensor", "new_tensor"}
"""What copies from memory that the host could change meanwhile."""


MADE = {"arange", "ones", "zeros", "full", "rand"}
"""What makes a tensor on the CPU, unless a device is named."""


class OnHost(torch.Tensor):
    """A tensor that is on the CPU also where the others are not."""


class Waits(TorchFunctionMode):
    """Notes each wait as (what, file:line of ours)."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        where = _place()
        if where and not _on_host(args) and self._waits(name, args, kwargs):
            self.found.append((name, where))
        made = function(*args, **kwargs)
        if where and name in MADE and "device" not in kwargs:
            return made.as_subclass(OnHost)
        return made

    @staticmethod
    def _waits(name, args, kwargs):
        if name in ANSWERS | SIZES or (name in FROM_HOST and "device" in (*kwargs, "device")):
            return True
        if name == "repeat_interleave":
            return len(args) > 1 and isinstance(args[1], torch.Tensor)
        if name == "to":
            return any(isinstance(value, str) for value in (*args[1:], *kwargs.values()))
        if name in ("__getitem__", "__setitem__"):
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            return any(
                isinstance(part, torch.Tensor)
                and (part.dtype == torch.bool or isinstance(part, OnHost))
                for part in index
            )
        return False


def _on_host(args):
    first = args[0] if args else None
    return isinstance(first, OnHost)


def _place():
    """Where in our code the call is, if it is there and not in what it calls."""
    frame = sys._getframe(2)
    while frame is not None and "/torch/" in frame.f_code.co_filename:
        frame = frame.f_back
    name = "" if frame is None else frame.f_code.co_filename
    inside = "/grpo_plugin/" in name and "/tests/" not in name and not name.endswith("host.py")
    return f"{name.rpartition('/grpo_plugin/')[2]}:{frame.f_lineno}" if inside else ""


@contextmanager
def counted(monkeypatch):
    """`(waits, reads)`: what is noted in this context, and the places of `host.read`."""
    reads = []

    def read(*values):
        if any(not isinstance(value, OnHost) for value in values):
            reads.append(_place())
        return [value.clone().as_subclass(OnHost) for value in values]

    def send(value, device):
        return value.as_subclass(torch.Tensor)

    originals = (("read", host.read, read), ("send", host.send, send))
    with monkeypatch.context() as patch:
        for module in [m for n, m in sys.modules.items() if n.startswith("grpo_plugin")]:
            for name, original, stand_in in originals:
                if getattr(module, name, None) is original:
                    patch.setattr(module, name, stand_in)
        with Waits() as waits:
            yield waits.found, reads
