"""Objects of classes that the tests define, copied to the program and kept in step.

Not covered: objects whose state is not in their `__dict__`, and changes that the tests make to
an object between calls without passing it again.

The judge numbers its objects as they are first sent; the candidate makes one copy of each, of the
class of that name. After a call the copies' changed attributes travel back. A number in an answer
stands for the judge's own object, so that identity holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.wire import Hook, Wire, encode
from sandbox.zygote import library_values

Record = tuple[int, str, dict[str, object]]


class Originals:
    """The judge's objects that the program has copies of."""

    def __init__(self, module: str, hook: Hook) -> None:
        self._module = module
        self._hook = hook
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._unsent: list[int] = []

    def encode(self, value: object) -> tuple[Wire, list[Wire]]:
        """A value's wire form, and those of the objects that it reaches, with their attributes."""
        self._unsent = []
        seen: set[int] = set()
        wire = encode(value, before=self._form, special=library_values.form)
        records: list[Wire] = []
        while self._unsent:
            number = self._unsent.pop()
            if number in seen:
                continue
            seen.add(number)
            target = self._objects[number]
            attributes = encode(dict(vars(target)), before=self._form, special=library_values.form)
            records.append(["t", number, type(target).__name__, attributes])
        return wire, records

    def original(self, number: int) -> object:
        """The object of this number."""
        return self._objects[number]

    def update(self, number: int, attributes: dict[str, object]) -> None:
        """Make an object what the program made of its copy."""
        own = vars(self._objects[number])
        own.clear()
        own.update(attributes)

    def _form(self, value: object) -> Wire | None:
        if (form := self._hook(value)) is not None:
            return form
        kind = type(value)
        if kind.__module__ != self._module or not hasattr(value, "__dict__"):
            return None
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)  # and kept, so that its id stays its own
        self._unsent.append(number)
        return ["ob", number, kind.__name__]


class Copies:
    """The program's copies of the judge's objects."""

    def __init__(self, class_named: Callable[[str], type]) -> None:
        self._class_named = class_named
        self._copies: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}

    def copy(self, number: int, name: str) -> object:
        """The copy of this number, empty at first."""
        if number not in self._copies:
            kind = self._class_named(name)
            made: Any = object.__new__(kind)
            self._copies[number] = made
            self._numbers[id(made)] = number
        return self._copies[number]

    def fill(self, number: int, attributes: dict[str, object]) -> None:
        """Give a copy its attributes."""
        own = vars(self._copies[number])
        own.clear()
        own.update(attributes)

    def number(self, value: object) -> int | None:
        """The number of a copy, or `None` for any other object."""
        return self._numbers.get(id(value))

    def states(self, hook: Hook) -> dict[int, Wire]:
        """The wire form of every copy's attributes."""
        return {
            number: encode(
                dict(vars(copy)), before=hook, otherwise=hook, special=library_values.form
            )
            for number, copy in self._copies.items()
        }
