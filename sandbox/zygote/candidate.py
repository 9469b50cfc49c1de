"""The untrusted side of assert tests: define the program, then do what the judge asks.

Not covered: honesty, as ever. The judge gets plain values, and handles for what is not one; it
never lets an object of this process decide a comparison.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from sandbox.wire import Wire, WireError, decode, encode, from_bytes, to_bytes
from sandbox.zygote.copies import Copies
from sandbox.zygote.function import (
    define,
    describe,
    execute,
    failure_kind,
    find_entry,
    finish_coroutine,
    make_namespace,
    say,
)
from sandbox.zygote.library_values import form, made
from sandbox.zygote.nodes import ListNode, TreeNode, build_list, build_tree
from sandbox.zygote.protocol import SEEDED, frame, read_frame, read_texts, write_all

_MESSAGE_MAX = 10_000
_LINEAGE_MAX = 16
_FRAME_MAX = 1 << 30  # from the trusted process, or a judge of trusted source


def serve_judge(channel: int, line: int) -> None:
    """Serve one judge until it hangs up, then end the process."""
    prelude, source, given = read_texts(read_frame(channel, _FRAME_MAX) or b"")
    namespace = make_namespace(given)
    try:
        define(prelude, source, namespace)
    except BaseException as error:  # noqa: BLE001 - SystemExit too is no way out
        say(channel, failure_kind(error), describe(error))
        os._exit(0)
    server = Server(namespace)
    while (question := read_frame(line, _FRAME_MAX)) is not None:
        write_all(line, frame(server.answer(question)))
    os._exit(0)


class Server:
    """The program's namespace, the objects that the judge holds handles of, and its copies."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._held: list[object] = []
        self._promised = False  # the last call's result was awaited
        self._copies = Copies(self._class_named)

    def answer(self, question: bytes) -> bytes:
        """Do one thing the judge asks for."""
        try:
            asked, records = self._decode(from_bytes(question))
            for number, name, _ in records:
                self._copies.copy(number, name)
            for number, _, attributes in records:
                self._copies.fill(number, attributes)
            before = self._copies.states(self._hold) if records else {}
            action, *arguments = asked
            self._promised = False
            changed: list[object] = []
            if action == "call":
                result = self._call(changed, *arguments)
            else:
                result = getattr(self, f"_{action}")(*arguments)
            answer = encode(
                (result, changed), before=self._copied, otherwise=self._hold, special=form
            )
            after = self._copies.states(self._hold)
            states: list[Wire] = [
                ["t", number, state]
                for number, state in after.items()
                if before.get(number) != state
            ]
            kind = b"P" if self._promised else b"A"
            return kind + to_bytes(["t", answer, ["l", *states]])
        except WireError as error:
            return b"W" + str(error).encode()
        except MemoryError:
            return b"M" + b"MemoryError"
        except BaseException as error:  # noqa: BLE001
            return b"E" + to_bytes(self._raised(error))

    def _raised(self, error: BaseException) -> Wire:
        """What was raised: its message, where, its classes, its arguments, and itself to ask."""
        try:
            text = str(error)[:_MESSAGE_MAX]
        except BaseException:  # noqa: BLE001 - its __str__ is the program's
            text = ""
        told = (text, describe(error), _lineage(type(error)))
        try:
            return encode(
                (*told, error.args, error), before=self._copied, otherwise=self._hold, special=form
            )
        except BaseException:  # noqa: BLE001 - so are its arguments
            return encode(
                (*told, (text,), error), before=self._copied, otherwise=self._hold, special=form
            )

    def _decode(self, wire: Wire) -> Any:
        names = self._namespace
        return decode(
            wire,
            linked_list=lambda values: build_list(values, names.get("ListNode", ListNode)),
            binary_tree=lambda values: build_tree(values, names.get("TreeNode", TreeNode)),
            special=made,
            refer=lambda tag, number, name: (
                self._held[number] if tag == "r" else self._copies.copy(number, name)
            ),
        )

    def _copied(self, value: object) -> Wire | None:
        number = self._copies.number(value)
        return None if number is None else ["ob", number, type(value).__name__[:100]]

    def _hold(self, value: object) -> Wire:
        if (copied := self._copied(value)) is not None:
            return copied
        number = next((n for n, held in enumerate(self._held) if held is value), None)
        if number is None:
            number = len(self._held)
            self._held.append(value)
        return ["r", number, type(value).__name__[:100]]

    def _class_named(self, name: str) -> type:
        found = self._namespace.get(name)
        if not isinstance(found, type):
            found = self._namespace[name] = type(name, (), {})
        return found

    def _call(
        self, changed: list[object], target: Any, args: list[object], kwargs: dict[str, object]
    ) -> object:
        before = [self._snapshot(value) for value in args]
        made = target(*args, **kwargs)
        result = finish_coroutine(made)
        self._promised = result is not made
        for position, (value, old) in enumerate(zip(args, before, strict=True)):
            if old is not None and self._snapshot(value) != old:
                changed.append((position, value))
        return result

    def _snapshot(self, value: object) -> Wire | None:
        """The wire form of an argument that a function can change in place."""
        if isinstance(value, list | dict | set | bytearray):
            try:
                return encode(value, before=self._copied, special=form)
            except WireError:
                return None
        return None

    def _define(self, name: str, source: str) -> None:
        """A class of the tests, for the copies of their objects."""
        if not isinstance(self._namespace.get(name), type):
            execute(source, "<tests>", self._namespace)

    def _expression(self, entry: str) -> object:
        return eval(find_entry(entry, self._namespace), self._namespace)  # noqa: S307

    def _name(self, name: str) -> object:
        if name not in self._namespace:
            solution = self._namespace.get("Solution")
            if solution is not None and hasattr(solution, name):
                return getattr(solution(), name)
            raise NameError(f"name {name!r} is not defined")
        return self._namespace[name]

    @staticmethod
    def _seed(name: str, args: list[object]) -> None:
        """What the tests seed is seeded here too, where the program has it."""
        if name in SEEDED and name in sys.modules:
            sys.modules[name].seed(*args)

    def _attribute(self, target: object, name: str) -> object:
        return getattr(target, name)

    def _lineage(self, target: object) -> object:
        """The classes that an exception class is of, or `None` for anything else."""
        is_one = isinstance(target, type) and issubclass(target, Exception)
        return _lineage(target) if is_one else None  # type: ignore[arg-type]

    def _assign(self, target: object, name: str, value: object) -> None:
        setattr(target, name, value)

    def _contents(self, target: Any) -> object:
        """An object's items as a list, or as a dict if it has keys."""
        if hasattr(target, "keys"):
            return {key: target[key] for key in target.keys()}  # noqa: SIM118 - no mapping, maybe
        if hasattr(type(target), "__iter__"):
            return list(target)
        return [target[position] for position in range(len(target))]


def _lineage(kind: type) -> tuple[tuple[str, type], ...]:
    return tuple((base.__name__[:100], base) for base in kind.__mro__[:_LINEAGE_MAX])
