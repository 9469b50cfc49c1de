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
    if suffix in {"a", "p"} or suffix not in {"", "am", "pm"}:
        return None
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


_SHORT = {month[:3]: month for month in _MONTHS} | {"sept": "september"}
