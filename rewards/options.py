"""An option of a reward that has the wrong type, named in the error."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any

from rewards.errors import InputError
from rewards.text.shorten import shorten_repr

_TEXTUAL = re.compile(r"\bstr\b|Literal|Any|object")


def naming_misfits(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """A `__post_init__` whose `TypeError` becomes one that names the options and what they are."""

    @wraps(check)
    def checked(self: Any) -> None:
        try:
            check(self)
        except TypeError as error:
            given = {field: getattr(self, field.name) for field in fields(self)}
            misfits = [
                f"{field.name}={shorten_repr(value)}"
                for field, value in given.items()
                if (isinstance(value, str) and not _TEXTUAL.search(str(field.type)))
                or (isinstance(field.default, int | float) and not isinstance(value, int | float))
            ]
            named = ", ".join(misfits) or "one of its options"
            raise InputError(
                f"{type(self).__name__}: {named} has the wrong type ({error}); see its docstring"
            ) from error

    return checked
