"""Counts as people write them."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """A count and what is counted, one or several.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
