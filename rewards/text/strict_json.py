"""JSON as RFC 8259 has it: no `NaN`, no key twice, no nesting without end."""

from __future__ import annotations

import re

MAX_DEPTH = 100
"""Levels of nesting; more is no JSON here, so that no stack decides."""

# A JSON text starts so; anything else is left to the reader, which stops at once.
_JSON_START = re.compile(r'[ \t\n\r]*["\[{\-0-9tfn]')
# Strings as a whole, and one that never ends; what else is no bracket costs nothing.
_STRING_OR_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|\[+|\]+|\{+|\}+', re.DOTALL)


def parse_strictly(text: str) -> object:
    """The value of a JSON text, without what Python's reader forgives.

    >>> parse_strictly('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ValueError: the key 'a' comes twice in one object

    Raises:
        ValueError: it is no JSON, or nested too deeply.
    """
    import json  # not needed to import the package

    if depth_of(text) > MAX_DEPTH:
        raise ValueError(f"more than {MAX_DEPTH} levels of nesting")
    return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)


def depth_of(text: str) -> int:
    """The deepest nesting of brackets outside of strings, as far as `MAX_DEPTH` and one more."""
    if _JSON_START.match(text) is None:
        return 0
    depth = deepest = 0
    for match in _STRING_OR_BRACKETS.finditer(text):
        mark = match.group()
        if mark[0] in "[{":
            depth += len(mark)
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        elif mark[0] in "]}":
            depth -= len(mark)
    return deepest


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r:.60} comes twice in one object")
        found[key] = value
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")
