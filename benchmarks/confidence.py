"""How sure a share is, from how many rows it comes."""

from __future__ import annotations

from math import sqrt


def wilson_interval(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share (Wilson 1927); (0, 1) when nothing was counted.

    >>> low, high = wilson_interval(95, 100)
    >>> round(low, 3), round(high, 3)
    (0.888, 0.978)
    """
    if count == 0:
        return 0.0, 1.0
    share = hits / count
    spread = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    centre = share + z * z / (2 * count)
    scale = 1 + z * z / count
    # Rounding must not push an end beyond the share itself.
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
