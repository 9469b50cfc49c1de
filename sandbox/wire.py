"""Values as tagged JSON: what passes between the trusted process and an untrusted one.

Not covered: objects of classes a program defines itself (they travel as their type's name and
equal nothing), identity and sharing between values, and dictionary order.

A scalar is itself: `null`, `true`, a 64-bit integer, a finite float, a string. Everything else is
an array that opens with a tag: `["l", …]` list, `["t", …]` tuple, `["s", …]` set, `["fs", …]`
frozen set, `["it", …]` an iterator's items, `["d", key, value, …]`, `["b", hex]` bytes, `["i",
hex]` a big integer, `["f", "nan"]`, `["c", real, imaginary]`, `["D", text]` decimal, `["F", hex,
hex]` fraction, `["dt", kind, text]` date and time, `["ln", …]` linked list, `["tn", …]` binary
tree in level order, `["ty", name]` a builtin type, `["o", type]` anything else. Between a judge
and its candidate: `["r", number, type]` an object that stays in the program, `["ob", number,
class]` a copy of one of the tests' own, `["k", name, …]` a library's value. JSON objects never
appear, so that no reader builds a table from keys that an adversary chose.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Any, TypeAlias

Wire: TypeAlias = "bool | int | float | str | list[Wire] | None"

MAX_DEPTH = 200
MAX_NODES = 1_000_000
MAX_ITERATED = 100_000

_SMALL = 1 << 63
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]")
_MIDDLE = ord("\\")  # between the brackets: one up from it, one down


class WireError(ValueError):
    """A value or message breaks the rules: too deep, too large, malformed."""


@dataclass(frozen=True)
class LinkedList:
    """A chain of `ListNode(val, next)`, given by its values.

    >>> LinkedList([1, 2]).values
    [1, 2]
    """

    values: list[object]


@dataclass(frozen=True)
class BinaryTree:
    """A tree of `TreeNode(val, left, right)` in level order, `None` where a child is missing."""

    values: list[object]


Hook: TypeAlias = "Callable[[object], Wire | None]"
Special: TypeAlias = "Callable[[object, Callable[[object], Wire]], Wire | None]"


def encode(
    value: object,
    *,
    before: Hook | None = None,
    otherwise: Hook | None = None,
    special: Special | None = None,
) -> Wire:
    """The wire form of a value.

    Of an object that is of no builtin type, `before` may give a form first, and `otherwise` when
    nothing else does; `special` may give one to what is of a type derived from a builtin one too.

    >>> encode({"a": (1, 2.5)})
    ['d', 'a', ['t', 1, 2.5]]

    Raises:
        WireError: nested beyond 200 levels (a list that holds itself is), over a million nodes,
            or an iterator that gives more than 100,000 items.
    """
    return _Encoder(before, otherwise, special).encode(value, 0)


class _Encoder:
    """One value's encoding, with the number of nodes that it may still use."""

    def __init__(
        self, before: Hook | None, otherwise: Hook | None, special: Special | None
    ) -> None:
        self.nodes_left = MAX_NODES
        self.special = special
        self.before = before
        self.otherwise = otherwise

    def encode(self, value: object, depth: int) -> Wire:
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value  # type: ignore[return-value]
        if kind is int:
            return value if -_SMALL <= value < _SMALL else ["i", hex(value)]  # type: ignore[operator, return-value, arg-type]
        if kind is float:
            return value if math.isfinite(value) else ["f", repr(value)]  # type: ignore[arg-type, return-value]
        if depth >= MAX_DEPTH:
            raise WireError(f"the value nests deeper than {MAX_DEPTH} levels, or holds itself")
        if kind is list:
            return self._items("l", value, depth)  # type: ignore[arg-type]
        form = self._special(value, depth)
        return self._container(value, depth) if form is None else form

    def _items(self, tag: str, values: Iterable[object], depth: int) -> Wire:
        out: list[Wire] = [tag]
        encode = self.encode
        for value in values:
            self.nodes_left -= 1
            if self.nodes_left < 0:
                raise WireError(f"the value has more than {MAX_NODES} nodes")
            out.append(encode(value, depth + 1))
        return out

    def _container(self, value: object, depth: int) -> Wire:  # noqa: C901 - one line a type
        if isinstance(value, tuple):
            return self._items("t", tuple.__iter__(value), depth)
        if isinstance(value, dict):
            flat = (part for pair in dict.items(value) for part in pair)
            return self._items("d", flat, depth)
        if isinstance(value, set | frozenset):
            tag = "s" if isinstance(value, set) else "fs"
            return self._items(tag, iter(value), depth)
        if isinstance(value, list):
            return self._items("l", list.__iter__(value), depth)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return self.encode(int.__index__(value), depth)
        if isinstance(value, float):
            return self.encode(float.__add__(value, 0.0), depth)
        if isinstance(value, bytes | bytearray | memoryview):
            return ["b", bytes(value).hex()]
        if isinstance(value, complex):
            return ["c", self.encode(value.real, depth + 1), self.encode(value.imag, depth + 1)]
        if isinstance(value, LinkedList):
            return self._items("ln", value.values, depth)
        if isinstance(value, BinaryTree):
            return self._items("tn", value.values, depth)
        return self._object(value, depth)

    def _special(self, value: object, depth: int) -> Wire | None:
        if self.special is None or type(value).__module__ == "builtins":
            return None
        return self.special(value, lambda part: self._inner(part, depth))

    def _inner(self, value: object, depth: int) -> Wire:
        self.nodes_left -= 1
        return self.encode(value, depth + 1)

    def _object(self, value: object, depth: int) -> Wire:  # noqa: C901 - one line a type
        if self.before is not None and (form := self.before(value)) is not None:
            return form
        kind = type(value)
        if kind.__module__ == "decimal":
            return ["D", str(value)]
        if kind.__module__ == "fractions":
            return ["F", hex(value.numerator), hex(value.denominator)]  # type: ignore[attr-defined]
        if kind.__module__ == "datetime":
            return ["dt", kind.__name__, str(value)]
        if hasattr(value, "val") and hasattr(value, "next"):
            return self._items("ln", _chain(value), depth)
        if hasattr(value, "val") and hasattr(value, "left") and hasattr(value, "right"):
            return self._items("tn", _levels(value), depth)
        if kind.__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist"):
            return self.encode(value.tolist(), depth)
        if hasattr(kind, "__iter__") and (
            hasattr(kind, "__next__") or kind.__module__ in _SEQUENCES
        ):
            items = list(islice(value, MAX_ITERATED + 1))  # type: ignore[call-overload]
            if len(items) > MAX_ITERATED:
                raise WireError(f"the iterator gives more than {MAX_ITERATED} items")
            return self._items("it", items, depth)
        if isinstance(value, type) and value.__module__ == "builtins":
            return ["ty", value.__name__]
        form = self.otherwise(value) if self.otherwise is not None else None
        return ["o", kind.__name__[:100]] if form is None else form


_SEQUENCES = frozenset({"builtins", "collections", "array", "itertools"})  # range, deque, views


def _chain(node: object) -> Iterable[object]:
    for _ in range(MAX_ITERATED):
        if node is None:
            return
        yield node.val  # type: ignore[attr-defined]
        node = node.next  # type: ignore[attr-defined]
    raise WireError("the linked list does not end")


def _levels(root: object) -> list[object]:
    values: list[object] = []
    row = [root]
    while row and len(values) < MAX_ITERATED:
        children: list[object] = []
        for node in row:
            values.append(None if node is None else node.val)  # type: ignore[attr-defined]
            if node is not None:
                children += (node.left, node.right)  # type: ignore[attr-defined]
        row = children
    if row:
        raise WireError("the tree does not end")
    while values and values[-1] is None:
        values.pop()
    return values


Refer: TypeAlias = "Callable[[str, int, str], object]"
Made: TypeAlias = "Callable[[str, list[object]], object]"


def to_bytes(wire: Wire) -> bytes:
    """A wire value as JSON text."""
    return "".join(_WRITE(wire, 0)).encode()


def from_bytes(data: bytes) -> Wire:
    """A wire value read from an untrusted message.

    Raises:
        WireError: not JSON, nested too deep, too many nodes, a JSON object, an overlong number.
    """
    # The C reader recurses: whoever raised the recursion limit would crash on a deep message.
    if data.count(b"[") > MAX_DEPTH and _depth(data) > MAX_DEPTH + 1:
        raise WireError(f"the message nests deeper than {MAX_DEPTH} levels")
    if data.count(b",") + data.count(b"[") > MAX_NODES + MAX_NODES // 2:
        raise WireError(f"the message has more than {MAX_NODES} nodes")
    try:
        text = data.decode()
        wire, end = _READ(text, 0)
        if end != len(text):
            raise WireError("something follows the message")
    except StopIteration:
        raise WireError("not a message: nothing there") from None
    except (ValueError, RecursionError) as error:
        raise WireError(f"not a message: {error}") from None
    return wire


def _depth(data: bytes) -> int:
    # In time linear in the message whatever it holds: no regular expression looks for the end of
    # a string that has none. What follows the first error does not matter, nobody will read it.
    text = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"".join(text.split(b'"')[::2]).translate(None, _NO_BRACKETS)
    return max(accumulate(_MIDDLE - bracket for bracket in outside), default=0)


def _short_int(digits: str) -> int:
    if len(digits) > 20:  # reading digits is quadratic; big integers travel as hex
        raise WireError("an integer beyond 64 bits")
    return int(digits)


def _refuse(_: object) -> Wire:
    raise WireError("JSON objects and constants have no place here")


# The parts of json that do the work, made once: a child that makes its own, or passes through the
# layers above them, touches (and so copies) dozens of pages more.
_READ: Callable[[str, int], tuple[Wire, int]] = json.JSONDecoder(
    parse_int=_short_int, parse_constant=_refuse, object_pairs_hook=_refuse
).scan_once  # type: ignore[attr-defined]
_WRITE: Callable[[Wire, int], Iterable[str]] = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    None,
    None,
    json.encoder.encode_basestring_ascii,
    None,
    ":",
    ",",
    False,
    False,
    True,
)


def decode(
    wire: Wire,
    *,
    linked_list: Callable[[list[object]], object] = LinkedList,
    binary_tree: Callable[[list[object]], object] = BinaryTree,
    refer: Refer | None = None,
    special: Made | None = None,
) -> Any:
    """The Python value of a wire form; for arguments, and inside a confined judge.

    Raises:
        WireError: an unknown tag, or a value where the tag wants another.

    >>> decode(["d", "a", ["t", 1, 2.5]])
    {'a': (1, 2.5)}
    """
    if not isinstance(wire, list):
        return wire
    try:
        return _decode_tagged(wire, linked_list, binary_tree, refer, special)
    except (
        ImportError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        ArithmeticError,
    ) as error:
        raise WireError(f"malformed {str(wire)[:80]}: {error}") from None


def _decode_tagged(  # noqa: C901 - one line a tag
    wire: list[Wire],
    linked_list: Callable[[list[object]], object],
    binary_tree: Callable[[list[object]], object],
    refer: Refer | None,
    special: Made | None,
) -> object:
    tag, rest = wire[0], wire[1:]
    if tag in {"i", "f", "b", "D", "F", "dt", "ty", "o"}:
        return _decode_leaf(str(tag), [str(part) for part in rest])
    if tag in {"r", "ob"} and refer is not None:
        return refer(str(tag), int(rest[0]), str(rest[1]))  # type: ignore[arg-type]
    nested = {"linked_list": linked_list, "binary_tree": binary_tree, "refer": refer,
              "special": special}  # fmt: skip
    items = [decode(part, **nested) for part in rest]  # type: ignore[arg-type]
    if tag == "k" and special is not None:
        return special(str(items[0]), items[1:])
    if tag in {"l", "it"}:
        return items
    if tag == "t":
        return tuple(items)
    if tag == "s":
        return set(items)
    if tag == "fs":
        return frozenset(items)
    if tag == "d":
        return dict(zip(items[::2], items[1::2], strict=True))
    if tag == "c":
        real, imaginary = items
        return complex(real, imaginary)
    if tag == "ln":
        return linked_list(items)
    if tag == "tn":
        return binary_tree(items)
    raise WireError(f"unknown tag {tag!r}")


class Opaque:
    """Stands for an object that does not travel; equal to nothing but itself."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<{self.kind} object>"


def _decode_leaf(tag: str, parts: list[str]) -> object:
    if tag == "i":
        return int(parts[0], 16)
    if tag == "f":
        return float(parts[0])
    if tag == "b":
        return bytes.fromhex(parts[0])
    if tag == "D":
        from decimal import Decimal

        return Decimal(parts[0])
    if tag == "F":
        from fractions import Fraction

        return Fraction(int(parts[0], 16), int(parts[1], 16))
    if tag == "dt":
        return _decode_time(*parts)
    if tag == "ty":
        import builtins

        named = getattr(builtins, parts[0], None)
        return named if isinstance(named, type) else Opaque(parts[0])
    return Opaque(parts[0])


def _decode_time(kind: str, text: str) -> object:
    import datetime as dt

    if kind in {"datetime", "date", "time"}:
        return getattr(dt, kind).fromisoformat(text)
    return Opaque(kind)
