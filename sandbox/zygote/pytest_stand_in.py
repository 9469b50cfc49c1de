"""What tests written for pytest use of it, in the judge: raises, approx, parametrize, fixtures.

Not covered: the rest of pytest (plugins, capture, temporary folders); a test that asks for it
cannot be used, and says so. Importing the real one would cost every run a tenth of a second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from types import ModuleType
from typing import Any

_MARKS = "_rlvr_cases"
_FIXTURE = "_rlvr_fixture"


class raises:  # noqa: N801 - pytest's own name
    """`with raises(ValueError, match=…):`, or `raises(ValueError, function, …)`."""

    def __new__(cls, expected: Any, *args: Any, **kwargs: Any) -> Any:
        """A context; or its outcome, where a function to call follows."""
        made = super().__new__(cls)
        if args:
            made.__init__(expected)  # type: ignore[misc]
            with made:
                args[0](*args[1:], **kwargs)
            return made
        return made

    def __init__(self, expected: Any, *_: Any, match: str | None = None, **__: Any) -> None:
        self.expected = expected
        self.match = match
        self.value: BaseException | None = None
        self.type: type[BaseException] | None = None

    def __enter__(self) -> raises:  # noqa: PYI034 - no typing_extensions in a zygote
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> bool:
        if error is None:
            raise AssertionError(f"it did not raise {self.expected}")
        if not isinstance(error, self.expected):
            return False
        if self.match is not None and not re.search(self.match, str(error)):
            raise AssertionError(f"the message {str(error)!r} does not match {self.match!r}")
        self.value, self.type = error, kind
        return True


class approx:  # noqa: N801 - pytest's own name
    """A number, or a list, tuple or dict of them, that equals what is near."""

    def __init__(self, expected: Any, rel: float | None = None, abs: float | None = None,  # noqa: A002
                 *, nan_ok: bool = False) -> None:  # fmt: skip
        self.expected = expected
        # pytest's defaults: 1e-6 relative, 1e-12 absolute; an absolute one alone stands alone.
        self.rel = rel if rel is not None else (0.0 if abs is not None else 1e-6)
        self.abs = abs if abs is not None else 1e-12
        self.nan_ok = nan_ok

    def __eq__(self, other: object) -> bool:
        return self._near(self.expected, other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"approx({self.expected!r})"

    def _near(self, expected: Any, other: Any) -> bool:
        if isinstance(expected, Mapping):
            return (
                isinstance(other, Mapping)
                and expected.keys() == other.keys()
                and all(self._near(value, other[key]) for key, value in expected.items())
            )
        if isinstance(expected, Sequence) and not isinstance(expected, str | bytes):
            return (
                isinstance(other, Sequence)
                and len(other) == len(expected)
                and all(map(self._near, expected, other))
            )
        if isinstance(expected, bool) or not isinstance(expected, int | float | complex):
            return bool(expected == other)
        if not isinstance(other, int | float | complex) or isinstance(other, bool):
            return False
        if expected == other:
            return True
        if isinstance(expected, float) and math.isnan(expected):
            return self.nan_ok and isinstance(other, float) and math.isnan(other)
        gap = abs(expected - other)
        return math.isfinite(gap) and gap <= max(self.rel * abs(expected), self.abs)


class _Marks:
    """`pytest.mark`: `parametrize` is kept on the function, any other mark is nothing."""

    def __getattr__(self, _: str) -> Any:
        def mark(*args: Any, **__: Any) -> Any:
            if len(args) == 1 and callable(args[0]):
                return args[0]
            return lambda function: function

        return mark

    @staticmethod
    def parametrize(names: Any, values: Any, **_: Any) -> Callable[[Any], Any]:
        """Run the function once for each of the values."""
        split = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        rows = []
        for value in values:
            row = value.values if isinstance(value, param) else value
            rows.append(dict(zip(split, row if len(split) > 1 else _one(value, row), strict=True)))

        def mark(function: Any) -> Any:
            setattr(function, _MARKS, [rows, *getattr(function, _MARKS, [])])
            return function

        return mark


def _one(value: Any, row: Any) -> tuple[Any, ...]:
    return tuple(row) if isinstance(value, param) else (row,)


class param:  # noqa: N801 - pytest's own name
    """A row of `parametrize` with an id of its own."""

    def __init__(self, *values: Any, **_: Any) -> None:
        self.values = values


def fixture(function: Any = None, **_: Any) -> Any:
    """A function whose result, or first yield, tests ask for by its name."""
    if function is None:
        return fixture
    setattr(function, _FIXTURE, True)
    return function


def fail(reason: str = "", **_: Any) -> None:
    """Fail the test."""
    raise AssertionError(reason)


def stand_in() -> ModuleType:
    """The module that tests import as `pytest`."""
    module = ModuleType("pytest")
    module.__dict__.update(
        raises=raises, approx=approx, mark=_Marks(), param=param, fixture=fixture, fail=fail
    )
    return module


def calls(function: Any, namespace: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The keyword arguments of each call that a test function wants.

    Raises:
        LookupError: it asks for a fixture that nobody defines.
    """
    code = function.__code__
    names = list(code.co_varnames[: code.co_argcount])
    if names[:1] == ["self"]:
        names = names[1:]
    for rows in product(*getattr(function, _MARKS, [])):
        given: dict[str, Any] = {}
        for row in rows:
            given |= row
        defaults = len(function.__defaults__ or ())
        for name in names[: len(names) - defaults] if defaults else names:
            if name not in given:
                given[name] = _fixed(name, namespace)
        yield given


def _fixed(name: str, namespace: Mapping[str, Any]) -> Any:
    made = namespace.get(name)
    if not getattr(made, _FIXTURE, False) or not callable(made):
        raise LookupError(f"no fixture is called {name!r}")
    given = next(calls(made, namespace))
    result = made(**given)
    return next(result) if isinstance(result, Iterator) else result
