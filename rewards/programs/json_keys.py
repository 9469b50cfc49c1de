"""Arguments whose dictionaries have keys that JSON made texts (APPS, TACO): the other reading.

`{"1": 2}` was `{1: 2}` or `{"1": 2}` before it became JSON, and nothing in the row says which. A
program is right that is right under one of the two readings of the whole row. Expected values need
no second one, see `sandbox.compare`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from rewards.programs.program_tests import ProgramTests

_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_LEVELS = 100


def with_number_keys(read: ProgramTests) -> ProgramTests | None:
    """The same tests with numbers for keys that are written as such; `None` where nothing changes.

    A dictionary is changed where all of its keys are whole numbers as JSON writes them.
    """
    if not read.json_keys:
        return None
    cases = tuple(
        replace(
            case,
            args=tuple(_numbered(value) for value in case.args),
            kwargs={name: _numbered(value) for name, value in case.kwargs.items()},
        )
        for case in read.functions
    )
    return replace(read, functions=cases) if cases != read.functions else None


def _numbered(value: object, levels: int = _LEVELS) -> object:
    if levels == 0 or not isinstance(value, list | tuple | Mapping):
        return value
    if isinstance(value, list | tuple):
        parts = [_numbered(part, levels - 1) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    inner = {key: _numbered(part, levels - 1) for key, part in value.items()}
    if not inner or not all(isinstance(key, str) and _NUMBER.fullmatch(key) for key in inner):
        return inner
    return {int(key): part for key, part in inner.items()}
