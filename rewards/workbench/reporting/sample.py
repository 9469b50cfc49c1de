"""Which rows are kept when there are more than a page should hold."""

from __future__ import annotations

import heapq
import random
from typing import Generic, TypeVar

T = TypeVar("T")
_SEED = 0  # the same rows give the same page


class Sample(Generic[T]):
    """At most `limit` items: those of the lowest rank, and among equals a random choice.

    Ask `place` for an item's place before making it: most items of a long file get none.

    >>> sample = Sample(2)
    >>> for name, rank in [("a", 1), ("b", 0), ("c", 0)]:
    ...     place = sample.place(rank)
    ...     if place is not None:
    ...         sample.put(place, name)
    >>> sample.items()
    ['b', 'c']
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.seen = 0
        self._random = random.Random(_SEED)  # noqa: S311 - nothing secret
        # The worst item first: a rank, a lot drawn, and when it came, all negative.
        self._heap: list[tuple[int, float, int, T]] = []

    @property
    def left_out(self) -> int:
        """How many items were seen and not kept."""
        return self.seen - len(self._heap)

    def place(self, rank: int) -> tuple[int, float, int] | None:
        """The next item's place, or `None` where it would not be kept."""
        place = (-rank, -self._random.random(), -self.seen)
        self.seen += 1
        if len(self._heap) < self.limit:
            return place
        return place if self._heap and place > self._heap[0][:3] else None

    def put(self, place: tuple[int, float, int], item: T) -> None:
        """Keep an item in the place it was given, instead of the worst one if there is no room."""
        if len(self._heap) < self.limit:
            heapq.heappush(self._heap, (*place, item))
        else:
            heapq.heapreplace(self._heap, (*place, item))

    def items(self) -> list[T]:
        """What was kept, in the order in which it came."""
        return [entry[3] for entry in sorted(self._heap, key=lambda entry: -entry[2])]
