"""Read times of day and dates: `4:30 p.m.`, `20:34`, `5am`, `July 4, 2020`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.answers.tree import Clock, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rewards.answers.read.tokens import Token


def read_clock(tokens: Sequence[Token]) -> Clock | None:
    """The time the tokens denote, or `None`.

    `3:45` alone is a time as much as a ratio; it is read as a time if minutes have two digits.
    """
    values = [token.value for token in tokens if token.value not in {".", "{", "}"}]
    suffix = ""
    while values and values[-1].isalpha() and len(suffix) < 4:
        suffix = values.pop().lower() + suffix
    # `3 a` is no time of day.
    if suffix in {"a", "p"} or suffix not in {"", "am", "pm"}:
        return None
    # Only `h:mm`, `h:mm:ss` and `h am` are times; anything else is a ratio or a product.
    numbers, colons = values[::2], values[1::2]
    if not numbers or len(numbers) > 3 or any(colon != ":" for colon in colons):
        return None
    if len(numbers) == len(colons) or not all(part.isdecimal() for part in numbers):
        return None
    if len(numbers[0]) > 2 or any(len(part) != 2 for part in numbers[1:]):
        return None
    if len(numbers) == 1 and not suffix:
        return None
    hours, minutes, seconds = (int(part) for part in (*numbers, "0", "0")[:3])
    if minutes > 59 or seconds > 59 or hours > 24 or (suffix and not 1 <= hours <= 12):
        return None
    if suffix:
        hours = hours % 12 + (12 if suffix == "pm" else 0)
    # `3:45` may be in the morning or in the afternoon.
    known = bool(suffix) or hours > 12 or hours == 0
    return Clock(hours * 3600 + minutes * 60 + seconds, half_known=known)


_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_ORDINALS = frozenset({"st", "nd", "rd", "th", "of", "the", ",", ".", "^", "{", "}"})


def read_date(tokens: Sequence[Token]) -> Text | None:
    """A day of a named month, with or without its year, as `month day year`; else `None`."""
    if not 2 <= len(tokens) <= 12:
        return None
    if (numeric := _numeric_date(tokens)) is not None:
        return numeric
    values = [token.value.lower() for token in tokens if token.value.lower() not in _ORDINALS]
    if not 2 <= len(values) <= 3:
        return None
    months = [value for value in values if value in _MONTHS or value in _SHORT]
    numbers = [value for value in values if value.isdecimal()]
    if len(months) != 1 or len(numbers) != len(values) - 1:
        return None
    day = numbers[0].lstrip("0")
    if len(day) > 2 or (len(numbers) > 1 and len(numbers[1]) != 4):
        return None
    month = _SHORT.get(months[0], months[0])
    return Text(" ".join(["date", month, day, *numbers[1:]]))


def _numeric_date(tokens: Sequence[Token]) -> Text | None:
    """`2025-01-31`, `2025/01/31`, `2025年1月31日`, `31/1/2025`, `1/31/2025`; no other is sure."""
    values = [token.value for token in tokens]
    if len(values) < 5 or not (values[0].isdecimal() and values[2].isdecimal()):
        return None
    if not values[4].isdecimal():
        return None
    signs = values[1], values[3], *values[5:]
    parts = values[0], values[2], values[4]
    widths = tuple(len(part) for part in parts)
    if (signs == ("年", "月", "日") and widths[0] == 4) or (
        widths == (4, 2, 2) and signs in {("-", "-"), ("/", "/")}
    ):
        year, month, day = parts
    elif widths[2] == 4 and max(widths[:2]) <= 2 and signs in {("/", "/"), (".", ".")}:
        month, day, year = parts
        if int(month) > 12:
            month, day = day, month
        elif int(day) <= 12:
            return None  # which is the month?
    else:
        return None
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return Text(" ".join(["date", _MONTHS[int(month) - 1], day.lstrip("0"), year]))


_SHORT = {month[:3]: month for month in _MONTHS} | {"sept": "september"}
