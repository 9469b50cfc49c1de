"""Values as JSON text, those included that JSON has no form of its own for."""

from __future__ import annotations

import base64
import json
import math
import re
from datetime import date, time, timedelta
from decimal import Decimal
from uuid import UUID


def write_json(value: object) -> str:
    """A value as JSON text; what JSON does not know becomes what it can hold.

    * NaN is null, as pandas writes a missing number; an infinity is 1e999, which every reader of
      JSON takes for one, or for the largest number it has
    * dates and times are ISO 8601, durations seconds
    * decimals are text with all their digits, UUIDs text
    * bytes are text where they are UTF-8, and base64 where they are not
    * arrays are lists

    >>> print(write_json({"a": float("-inf"), "b": Decimal("1.10"), "c": b"x"}))
    {"a": -1e999, "b": "1.10", "c": "x"}

    Raises:
        TypeError, ValueError: it is none of these.
    """
    try:
        return _encoder.encode(value)
    except ValueError:  # a number that is not finite, which this encoder cannot be taught
        return _write(value)


def escape_halves(text: str) -> str:
    r"""JSON text that UTF-8 can hold: half a surrogate pair becomes its escape.

    >>> print(escape_halves('{"a": "\ud800é"}'))
    {"a": "\ud800é"}
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
    return text


def _write(value: object) -> str:
    if isinstance(value, dict):
        parts = (f"{_encoder.encode(name)}: {_write(one)}" for name, one in value.items())
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_write, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return "null" if math.isnan(value) else "1e999" if value > 0 else "-1e999"
    if value is None or isinstance(value, str | int | float):
        return _encoder.encode(value)
    return _write(_replace(value))


def _replace(value: object) -> object:
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    if hasattr(value, "tolist"):  # numpy's
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_replace)
_HALVES = re.compile("[\ud800-\udfff]")
