"""What the program raised, in the judge: exceptions that tests can catch, match and look into.

Not covered: trust. That a call raised is an answer like any other; only what would be a verdict, or
an end of an iteration, is never raised for the program.

Of an exception class of the program the tests get a class of the judge: it is of the same builtin
classes, so `except`, `raises` and `issubclass` mean what they mean in one process. Whatever else
is asked of it, or of an exception of it, goes to the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# A test's own verdict, and what ends an iteration: `all(map(…))` would hold for want of items.
_NEVER_RAISED = (AssertionError, StopIteration, StopAsyncIteration)
_SAID = "_rlvr_said"
_PROGRAMS = "_rlvr_program"

Lineage = Sequence[tuple[str, Any]]


class Exceptions:
    """The program's exception classes as the judge knows them, by what stands for each."""

    def __init__(self, otherwise: type[Exception]) -> None:
        self._otherwise = otherwise
        self._classes: dict[object, type[Exception]] = {}

    def class_of(self, lineage: Lineage) -> type[Exception]:
        """The class for a lineage: pairs of a name and a builtin class or a handle."""
        bases = self._builtin_bases([kind for _, kind in lineage])
        for name, kind in reversed(lineage):
            if isinstance(kind, type):
                continue
            if kind not in self._classes:
                self._classes[kind] = _make(str(name), bases, kind)
            bases = (self._classes[kind],)
        return bases[0]

    def raised(
        self, text: object, said: object, lineage: Lineage, args: Sequence[Any], held: object
    ) -> Exception:
        """The exception to raise in the judge for one of the program's."""
        kind = self.class_of(lineage)
        made = _instance(kind, args)
        if made is None or _text(made) != text:
            kind = _saying(str(text), kind)
            made = _instance(kind, args) or _instance(kind, ())
        if made is None:
            return self._otherwise(str(text))
        vars(made).update({_SAID: str(said), _PROGRAMS: held})
        return made

    def _builtin_bases(self, classes: Sequence[object]) -> tuple[type[Exception], ...]:
        found: list[type[Exception]] = []
        for kind in classes:
            if not isinstance(kind, type) or not issubclass(kind, Exception):
                continue
            if issubclass(kind, _NEVER_RAISED):
                return (self._otherwise,)
            if not any(issubclass(known, kind) for known in found):
                found.append(kind)
        return tuple(found) or (self._otherwise,)


def _instance(kind: type[Exception], args: Sequence[Any]) -> Exception | None:
    """An exception of a class with these arguments, whatever its own constructor takes."""
    try:
        made = kind.__new__(kind, *args)
        made.args = tuple(args)
    except Exception:  # noqa: BLE001 - some take more than they keep, or other things
        return None
    return made


def _saying(text: str, kind: type[Exception]) -> type[Exception]:
    """A class of the same kind whose message is this one."""
    meta: Any = type(kind)
    made: type[Exception] = meta(kind.__name__, (kind,), {"__str__": lambda _: text})
    return made


def _text(error: Exception) -> str | None:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - that of one made without its constructor
        return None


class _ProgramClass(type):
    """The type of a class that stands for one of the program's."""

    def __call__(cls, *args: object, **kwargs: object) -> Any:
        return cls.__dict__[_PROGRAMS](*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(cls.__dict__[_PROGRAMS], name)


def _make(name: str, bases: tuple[type[Exception], ...], handle: object) -> type[Exception]:
    inner = {_PROGRAMS: handle, "__getattr__": _ask_the_program}
    try:
        return _ProgramClass(name, bases, inner)  # type: ignore[return-value]
    except TypeError:  # builtin classes that no one class can be of
        return _ProgramClass(name, bases[:1], inner)  # type: ignore[return-value]


def _ask_the_program(error: Any, name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return getattr(vars(error)[_PROGRAMS], name)


def program_class(value: object) -> object | None:
    """The handle that a class of the judge stands for, or `None` for anything else."""
    return vars(value)[_PROGRAMS] if type(value) is _ProgramClass else None


def said_of(error: BaseException) -> str | None:
    """What the program's process said of an exception that it raised: type, message, line."""
    said = getattr(error, "__dict__", {}).get(_SAID)
    return said if isinstance(said, str) else None
