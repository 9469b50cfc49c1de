"""JSON as RFC 8259 has it: no `NaN`, no key twice, no nesting without end."""

from __future__ import annotations

import re

MAX_DEPTH = 100
"""Levels of nesting; more is no JSON here, so that no stack decides."""

_STRING_OR_BRACKET = re.compile(r'"|\\.|[\[\]{}]')


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
    """How many brackets are open at once, at most; also of a text that is no JSON."""
    depth = deepest = 0
    inside = False
    for match in _STRING_OR_BRACKET.finditer(text):
        mark = match.group()
        if mark == '"':
            inside = not inside
        elif not inside and mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif not inside and mark in "]}":
            depth -= 1
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
