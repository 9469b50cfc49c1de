"""Addresses of rows on the page: a filter in words, so that a view can be linked.

The page's script reads them: `#rows?status.accuracy=wrong&by.source=gsm8k`.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from rewards.text.visible import visible


def rows_address(*filters: tuple[str, str], place: str = "rows") -> str:
    """The address of the rows that pass some filters, each a key and a value.

    Keys: `status.REWARD`, `why.REWARD` (the kind of reason), `label.REWARD`, `by.COLUMN`, `file`,
    `step`.

    >>> rows_address(("status.accuracy", "wrong"), ("by.source", "a b&c"))
    '#rows?status.accuracy=wrong&by.source=a%20b%26c'
    """
    shown = [(visible(key), visible(value)) for key, value in filters]
    return f"#{place}?" + urlencode(shown, quote_via=quote, safe="")
