"""Long texts made short enough to be shown, always with a mark where something was left out."""

from __future__ import annotations

DEFAULT_CHARACTERS = 200
ANSWER_CHARACTERS = 1_000
"""So much of an answer that was read as mathematics, and of its reference, a verdict shows."""


def shorten(text: str, limit: int = DEFAULT_CHARACTERS) -> str:
    """The start of a text, with an ellipsis where it was cut.

    >>> shorten("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shorten_end(text: str, limit: int = DEFAULT_CHARACTERS) -> str:
    """The end of a text, with an ellipsis where it was cut.

    >>> shorten_end("abcdef", 4)
    '…def'
    """
    return text if len(text) <= limit else "…" + text[len(text) - limit + 1 :]


def shown(text: str, limit: int = 500) -> str:
    """An answer or a reference as a verdict shows it: without the blanks around it, its start.

    >>> shown("  42 ")
    '42'
    """
    return shorten(text.strip(), limit)


def shorten_repr(value: object, limit: int = 120) -> str:
    """The start of a value's `repr`, or its type where it has none.

    >>> shorten_repr(10**5000)
    'of type int'
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a huge integer, or an object with a bug in it
        return f"of type {type(value).__name__}"
    return shorten(text, limit)


def cut_middle(text: str, limit: int) -> tuple[str, int]:
    r"""The text in at most `limit` characters, and how many were left out of its middle.

    The end is where a model answers, so it gets two thirds.

    >>> cut_middle("abcdefghijkl", 6)
    ('ab\n[… 6 characters left out …]\nijkl', 6)
    """
    left_out = len(text) - limit
    if left_out <= 0:
        return text, 0
    head = limit // 3
    middle = f"\n[… {left_out:,} characters left out …]\n"
    return text[:head] + middle + text[head + left_out :], left_out
