"""Values of the standard library, numpy and pandas between a judge and a program, as what they are.

Not covered: a library's other objects, which stay in the program behind handles, and what an
extension of these keeps beyond its values (flags, attributes, subclasses).

`["k", name, …]` on the wire; what its text says wholly (paths, UUIDs, addresses) goes as that.
Elsewhere a `Counter` travels as a dictionary and an array as a list; tests ask whether it is a
`Counter`, what the shape is, and compare frames as frames.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from sandbox.wire import Wire

_DTYPE = re.compile(
    r"[<>|=]?(?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32)|U\d{1,5}|O|[Mm]8\[\w{1,3}\])"
)
_EXTENSIONS = frozenset({"str", "string", "boolean", "category", "Float64", "Float32"}) | {
    f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)
}
_MADE_OF_TEXT = {
    "PosixPath": "pathlib",
    "PurePosixPath": "pathlib",
    "PureWindowsPath": "pathlib",
    "UUID": "uuid",
    **{f"IPv{n}{kind}": "ipaddress" for n in "46" for kind in ("Address", "Network", "Interface")},
}
_TABLES = ("Counter", "OrderedDict", "defaultdict")

Encode = Callable[[object], Wire]


def form(value: Any, encode: Encode) -> Wire | None:
    """The wire form of such a value, or `None` for any other."""
    kind = type(value)
    top = str(kind.__module__).partition(".")[0]
    if top == "collections":
        if kind.__name__ in _TABLES:
            return ["k", kind.__name__, encode(dict(value))]
        return ["k", "deque", encode(list(value))] if kind.__name__ == "deque" else None
    if top == _MADE_OF_TEXT.get(kind.__name__):
        return ["k", kind.__name__, encode(str(value))]
    if top == "numpy":
        return _numpy(value, kind.__name__, encode)
    if top == "pandas":
        return _pandas(value, kind.__name__, encode)
    return None


def _numpy(value: Any, name: str, encode: Encode) -> Wire | None:
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if not kind or _DTYPE.fullmatch(value.dtype.str) is None:
        return None
    if name == "ndarray":
        flat = value.ravel()
        items = flat.astype("i8").tolist() if kind in "Mm" else flat.tolist()
        return ["k", "ndarray", value.dtype.str, encode(list(value.shape)), encode(items)]
    if kind in "biufc" and value.ndim == 0:
        return ["k", "scalar", value.dtype.str, encode(value.item())]
    return None


def _pandas(value: Any, name: str, encode: Encode) -> Wire | None:
    if name == "DataFrame":
        columns = [_values(value.iloc[:, n], encode) for n in range(value.shape[1])]
        if any(column is None for column in columns):
            return None
        return ["k", name, encode(value.columns), encode(value.index), *columns]
    if name == "Series":
        values = _values(value, encode)
        return None if values is None else [
            "k", name, values, encode(value.index), encode(value.name)
        ]  # fmt: skip
    if name == "RangeIndex":
        return ["k", name, value.start, value.stop, value.step, encode(value.name)]
    if name == "MultiIndex":
        return ["k", name, encode(list(value)), encode(list(value.names))]
    if name == "DatetimeIndex" and value.tz is None:
        values = _values(value, encode)
        return None if values is None else ["k", name, values, encode(value.name), value.freqstr]
    if name == "Index":
        values = _values(value, encode)
        return None if values is None else ["k", name, values, encode(value.name)]
    if name == "Timestamp":
        return ["k", name, value.isoformat()]
    return ["k", name, value.isoformat()] if name == "Timedelta" else None


def _values(series: Any, encode: Encode) -> Wire | None:
    """The values of a column: an array, or a list with the name of an extension's type."""
    if getattr(series.dtype, "kind", "") and _DTYPE.fullmatch(getattr(series.dtype, "str", "")):
        return encode(series.to_numpy())
    name = str(series.dtype)
    if name not in _EXTENSIONS:
        return None
    missing = series.isna()
    items = [None if gone else item for item, gone in zip(series, missing, strict=True)]
    return ["k", "extension", name, encode(items)]


def made(name: str, parts: Sequence[Any]) -> Any:
    """The value of a form whose parts are decoded.

    Raises:
        ValueError, TypeError, LookupError: the parts do not fit, or the library is not here.
    """
    if name in {*_TABLES, "deque"}:
        import collections

        table = getattr(collections, name)
        return table(None, parts[0]) if name == "defaultdict" else table(parts[0])
    if name in _MADE_OF_TEXT:
        if not isinstance(parts[0], str):
            raise ValueError(f"no text: {parts[0]!r}")
        return getattr(import_module(_MADE_OF_TEXT[name]), name)(parts[0])
    if name in {"ndarray", "scalar"}:
        return _made_of_numpy(name, parts)
    return _made_of_pandas(name, parts)


def _made_of_numpy(name: str, parts: Sequence[Any]) -> Any:
    import numpy as np  # type: ignore[import-not-found, unused-ignore]

    kind = parts[0]
    if not isinstance(kind, str) or _DTYPE.fullmatch(kind) is None:
        raise ValueError(f"no type of numbers: {kind!r}")
    if name == "scalar":
        return np.dtype(kind).type(parts[1])
    shape, items = parts[1:]
    if "O" not in kind:
        flat = np.array(items, dtype="i8" if "8[" in kind else kind)
        return flat.reshape(shape).astype(kind, copy=False)
    flat = np.empty(len(items), dtype=object)
    for position, item in enumerate(items):  # which may be lists themselves
        flat[position] = item
    return flat.reshape(shape)


def _made_of_pandas(name: str, parts: Sequence[Any]) -> Any:
    import pandas as pd

    if name == "extension":
        if parts[0] not in _EXTENSIONS:
            raise ValueError(f"no type of values: {parts[0]!r}")
        return pd.array(parts[1], dtype=parts[0])
    if name == "DataFrame":
        columns, index, *values = parts
        frame = pd.DataFrame(dict(enumerate(values)), index=index)
        frame.columns = columns
        return frame
    if name == "Series":
        return pd.Series(parts[0], index=parts[1], name=parts[2])
    if name == "RangeIndex":
        return pd.RangeIndex(*parts[:3], name=parts[3])
    if name == "MultiIndex":
        return pd.MultiIndex.from_tuples(parts[0], names=parts[1])
    if name == "DatetimeIndex":
        return pd.DatetimeIndex(parts[0], name=parts[1], freq=parts[2])
    if name == "Index":
        return pd.Index(parts[0], name=parts[1])
    if name in {"Timestamp", "Timedelta"}:
        return getattr(pd, name)(parts[0])
    raise LookupError(name)
