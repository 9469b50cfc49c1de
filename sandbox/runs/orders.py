"""Limits as an order to the zygote."""

from __future__ import annotations

from sandbox.limits import Limits
from sandbox.zygote.protocol import Kind, Order


def order_for(kind: Kind, limits: Limits, *, prints: bool = False) -> Order:
    """The order that forks a child under these limits.

    A child that prints nowhere may make no file grow at all.
    """
    return Order(
        kind,
        limits.wall_s,
        limits.cpu_s,
        int(limits.memory_mb * (1 << 20)),
        int(limits.output_mb * 1e6) if prints else 0,
        total_s=limits.total_s,
        processes=1 if kind == Kind.CHECKER else limits.processes,
    )
