"""The judge's view of the candidate: calls that cross to another process, and handles.

Not covered: operators. A handle never forwards a comparison, a truth test, a hash or arithmetic:
those would be answered by the program under test. It equals itself alone, and is true. What it
holds it says once, as plain values.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from sandbox.wire import Wire, WireError, decode, from_bytes, to_bytes
from sandbox.zygote.copies import Originals
from sandbox.zygote.exceptions import Exceptions, program_class
from sandbox.zygote.library_values import made
from sandbox.zygote.nodes import ListNode, TreeNode, build_list, build_tree
from sandbox.zygote.protocol import frame, read_frame, write_all


class CandidateGoneError(BaseException):
    """The candidate's process has ended. Not an `Exception`: test code must not swallow it."""


class CandidateError(Exception):
    """The candidate raised something that is no builtin exception."""


class OversizedAnswerError(CandidateError):
    """The candidate's answer weighs more than is allowed."""


class Line:
    """The connection to the candidate's process."""

    def __init__(self, descriptor: int, namespace: dict[str, Any], answer_max: int) -> None:
        self._descriptor = descriptor
        self._namespace = namespace
        self._answer_max = answer_max
        self._originals = Originals(str(namespace["__name__"]), _handle)
        self._remotes: dict[int, Remote] = {}
        self.asked = 0
        self.version = 0  # grows with whatever may change an object over there
        self.gave_values = False
        self.classes: dict[str, str] = {}  # source of the tests' own, by name
        self._shared: set[str] = set()
        self._exceptions = Exceptions(CandidateError)
        self.awaits = False  # the tests await what functions return

    def look_up(self, action: str, name: str) -> Any:
        """What the tests will use of the program. A plain value is used without being asked."""
        found = self.ask(action, name)
        self.gave_values |= type(found) is not Remote
        if type(found) is Remote and object.__getattribute__(found, "number_of")()[1] == "type":
            lineage = self.ask("lineage", found)
            return found if lineage is None else self._exceptions.class_of(lineage)
        return found

    def _raised(self, data: bytes) -> Exception:
        try:
            return self._exceptions.raised(*self._decode(from_bytes(data)))
        except (WireError, ValueError, TypeError):
            return CandidateError("an unreadable exception")

    def ask(self, action: str, *arguments: object, mutable: list[object] | None = None) -> Any:
        """Have the candidate do something, and return a plain value or a handle."""
        self.asked += 1
        self.version += action in {"call", "assign"}
        question, records = self._originals.encode((action, *arguments))
        for record in records:
            self._share(str(record[2]))  # type: ignore[index]
        try:
            payload = to_bytes(["t", question, ["l", *records]])
            write_all(self._descriptor, frame(payload))
            reply = read_frame(self._descriptor, self._answer_max)
        except OSError:
            reply = None
        except ValueError as error:
            raise OversizedAnswerError(f"the answer is too large: {error}") from None
        if reply is None:
            raise CandidateGoneError
        kind, rest = reply[:1], reply[1:]
        if kind == b"E":
            raise self._raised(rest)
        if kind not in {b"A", b"P"}:
            raise CandidateError(rest[:300].decode("utf-8", "replace"))
        (result, changed), states = self._decode(from_bytes(rest))
        for number, attributes in states:
            self._originals.update(number, attributes)
        for position, value in changed:
            if mutable is not None:
                _update(mutable[position], value)
        # A coroutine of the program has ended over there; tests that await get it as one.
        return _ended(result) if kind == b"P" and self.awaits else result

    def _share(self, name: str) -> None:
        """Let the candidate define a class of the tests before it gets an object of it."""
        if name in self.classes and name not in self._shared:
            self._shared.add(name)
            self.ask("define", name, self.classes[name])

    def _decode(self, wire: Wire) -> Any:
        names = self._namespace
        return decode(
            wire,
            linked_list=lambda values: build_list(values, names.get("ListNode", ListNode)),
            binary_tree=lambda values: build_tree(values, names.get("TreeNode", TreeNode)),
            refer=self._refer,
            special=made,
        )

    def _refer(self, tag: str, number: int, kind: str) -> object:
        if tag == "ob":
            return self._originals.original(number)
        # One handle per object, so that `is` and `==` hold between answers.
        return self._remotes.setdefault(number, Remote(self, number, kind))


async def _ended(result: object) -> object:
    return result


class Remote:
    """A handle of an object in the candidate's process."""

    __slots__ = ("__kind", "__line", "__number", "__view", "__viewed")

    def __init__(self, line: Line, number: int, kind: str) -> None:
        facts = (("line", line), ("number", number), ("kind", kind), ("view", None), ("viewed", -1))
        for name, value in facts:
            object.__setattr__(self, f"_Remote__{name}", value)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Call the object in its process."""
        return self.__line.ask("call", self, list(args), kwargs, mutable=list(args))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # the judge's machinery asks for those, not the tests
        if name == "equals" and "pandas" in sys.modules:
            # A frame would have crossed as a value; what calls itself one must not compare itself.
            raise TypeError(f"{self!r} cannot say what it equals")
        return self.__line.ask("attribute", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        self.__line.ask("assign", self, name, value)

    def __getitem__(self, key: object) -> Any:
        return self.__contents()[key]

    def __len__(self) -> int:
        return len(self.__contents())

    def __iter__(self) -> Iterator[object]:
        return iter(self.__contents())

    def __contents(self) -> Any:
        """What it holds, as one plain list or dict until something is called or set.

        Length, items and order then agree with each other: an object that tells each question
        something else could please asserts that no single value would.
        """
        if self.__viewed != self.__line.version:
            object.__setattr__(self, "_Remote__view", self.__line.ask("contents", self))
            object.__setattr__(self, "_Remote__viewed", self.__line.version)
        if type(self.__view) not in {list, dict}:
            raise TypeError(f"{self!r} holds nothing that can be counted or iterated")
        return self.__view

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<{self.__kind} of the program>"

    def number_of(self) -> tuple[int, str]:
        """What stands for this object on the wire."""
        return self.__number, self.__kind


def _handle(value: object) -> Wire | None:
    if type(value) is Remote:
        number, kind = object.__getattribute__(value, "number_of")()
        return ["r", number, kind]
    return None if (stands_for := program_class(value)) is None else _handle(stands_for)


def _update(target: object, value: object) -> None:
    """Make an argument what the call made of it."""
    if isinstance(target, list) and isinstance(value, list):
        target[:] = value
    elif (isinstance(target, dict) and isinstance(value, dict)) or (
        isinstance(target, set) and isinstance(value, set)
    ):
        target.clear()
        target.update(value)
    elif isinstance(target, bytearray) and isinstance(value, bytes):
        target[:] = value
