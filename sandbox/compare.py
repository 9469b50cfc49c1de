"""Whether an answer is what a test expects: pure functions over wire values and text.

Not covered: answers that several values would satisfy beyond order and tolerance: write those as
`AssertTests`. Nothing here calls a method of, or builds a hash table from, anything untrusted: both
sides are trees of plain JSON scalars, compared through a canonical text.

Rules: numbers compare as Python's `==` (1 equals 1.0 and True), without tolerance unless one is
asked for; NaN equals NaN; a list equals a tuple and an iterator with the same items, since JSON
knows no tuple (`strict` tells them apart); a set equals a set, in any order; a string never
equals bytes, a number never its text; objects of other classes equal nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum

from sandbox.nearness import is_number, near_texts, near_values, same_decimal
from sandbox.wire import Wire, WireError

_MATCHED_IN_ANY_ORDER_MAX = 2_000  # items, where a tolerance makes matching quadratic


class Order(str, Enum):
    """How far the order of items matters."""

    EXACT = "exact"
    ANY = "any"
    ANY_NESTED = "any_nested"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How to compare.

    Attributes:
        tolerance: allowed difference between numbers, absolute or relative to the expected one,
            whichever is larger.
        order: whether the answer's items may come in any order, at the top or at every level.
        strict: tell lists, tuples and iterators, and int, float and bool, apart.
        json_keys: what is expected came through JSON, whose keys are texts: the key `"1"` is the
            key 1 too, and so are `"1.5"`, `"true"` and `"null"` what they stand for.
    """

    tolerance: float = 0.0
    order: Order = Order.EXACT
    strict: bool = False
    json_keys: bool = False


EXACTLY = Comparison()


def same_value(expected: Wire, answer: Wire, how: Comparison = EXACTLY) -> bool:
    """Whether the answer equals what is expected.

    >>> same_value(["l", 1, 2], ["t", 1, 2]), same_value(["l", 1, 2], 1)
    (True, False)
    """
    try:
        if how.tolerance > 0:
            return _close(expected, answer, how, top=True)
        if expected == answer and not how.strict and not _holds_opaque(expected):
            return True
        return _canonical(expected, how, top=True) == _canonical(answer, how, top=True)
    except _MALFORMED:
        return False  # nothing that our own encoder wrote, or a signalling NaN: no answer


# What untrusted wire values can raise: nothing of it may leave, or a program would choose to have
# no verdict.
_MALFORMED = (WireError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError,
              RecursionError)  # fmt: skip


def _holds_opaque(wire: Wire) -> bool:
    if not isinstance(wire, list):
        return False
    return wire[:1] == ["o"] or any(_holds_opaque(part) for part in wire[1:])


def _canonical(  # noqa: C901, PLR0912 - one line a tag
    wire: Wire, how: Comparison, *, top: bool = False
) -> str:
    if isinstance(wire, str):
        return json.dumps(wire)
    if not isinstance(wire, list):
        return _canonical_number(wire, strict=how.strict)
    tag, rest = wire[0], wire[1:]
    if tag in {"i", "f", "c"}:
        return _canonical_number(wire, strict=how.strict)
    if tag in {"b", "dt", "ty"}:
        return json.dumps(wire)
    if tag == "D":
        return _canonical_decimal(str(rest[0]))
    if tag == "F":
        return f"F{int(str(rest[0]), 16):x}/{int(str(rest[1]), 16):x}"
    if tag == "o":
        return f"object {id(wire)}"  # equals nothing
    parts = [_canonical(part, how) for part in rest]
    if tag == "d":
        if how.json_keys:
            parts[::2] = [_canonical(_from_json_key(key), how) for key in rest[::2]]
        parts = sorted(f"{key}:{value}" for key, value in zip(parts[::2], parts[1::2], strict=True))
    elif tag in {"s", "fs"}:
        parts = sorted(set(parts))
        tag = tag if how.strict else "s"
    elif tag in {"l", "t", "it"}:
        if how.order is Order.ANY_NESTED or (top and how.order is Order.ANY):
            parts.sort()
        if not how.strict:
            tag = "l"
    elif tag not in {"ln", "tn"}:
        raise WireError(f"unknown tag {tag!r}")
    return f"{tag}[{','.join(parts)}]"


def _canonical_number(wire: Wire, *, strict: bool) -> str:
    if wire is None:
        return "none"
    if isinstance(wire, bool):
        return str(wire) if strict else str(int(wire))
    if isinstance(wire, int):
        return f"{wire:x}"
    if isinstance(wire, float):
        return f"{int(wire):x}" if wire.is_integer() and not strict else repr(wire)
    if not isinstance(wire, list):
        raise WireError("a text where a number belongs")
    if wire[0] == "i":
        return f"{int(str(wire[1]), 16):x}"
    if wire[0] == "f":
        return repr(float(str(wire[1])))
    real, imaginary = (_canonical_number(part, strict=strict) for part in wire[1:])
    return real if imaginary in {"0", "-0"} and not strict else f"({real}+{imaginary}j)"


def _canonical_decimal(text: str) -> str:
    from decimal import Decimal

    if len(text) > 1_000 or not text.isascii():
        raise WireError("an overlong decimal")
    value = Decimal(text)
    if value.is_snan():
        raise WireError("a signalling NaN equals nothing")
    return f"D{value.normalize()}"


_JSON_KEY = re.compile(r"-?(?:0|[1-9]\d{0,400})(?:\.\d+)?", re.ASCII)
_JSON_WORDS: dict[str, Wire] = {"true": True, "false": False, "null": None}


def _from_json_key(key: Wire) -> Wire:
    """What a key stood for before JSON made a text of it; any other key as it is."""
    if not isinstance(key, str):
        return key
    if _JSON_KEY.fullmatch(key):
        if "." in key:
            return float(key)
        number = int(key)
        return number if abs(number) < 1 << 63 else ["i", hex(number)]
    return _JSON_WORDS.get(key, key)


def _as_number(wire: Wire) -> float | None:
    if isinstance(wire, bool | int | float):
        return wire
    if isinstance(wire, list) and wire and wire[0] in {"i", "f"}:
        text = str(wire[1])
        return int(text, 16) if wire[0] == "i" else float(text)
    return None


def _close(expected: Wire, answer: Wire, how: Comparison, *, top: bool = False) -> bool:
    wanted, got = _as_number(expected), _as_number(answer)
    if wanted is not None or got is not None:
        return wanted is not None and got is not None and near_values(wanted, got, how.tolerance)
    if not isinstance(expected, list) or not isinstance(answer, list):
        return expected == answer
    wanted_tag, got_tag = (_kind(side, strict=how.strict) for side in (expected, answer))
    if wanted_tag != got_tag or len(expected) != len(answer):
        return False
    if wanted_tag not in {"l", "t", "it", "s", "fs", "d", "c", "ln", "tn"}:
        exact = Comparison(order=how.order, strict=how.strict)
        return _canonical(expected, exact) == _canonical(answer, exact)
    unordered = wanted_tag in {"s", "fs"} or (
        wanted_tag in {"l", "t", "it"}
        and (how.order is Order.ANY_NESTED or (top and how.order is Order.ANY))
    )
    if wanted_tag == "d":
        sides = [[*side[1:]] for side in (expected, answer)]
        if how.json_keys:
            for side in sides:
                side[::2] = map(_from_json_key, side[::2])
        pairs = [list(zip(side[::2], side[1::2], strict=True)) for side in sides]
        wanted_items: list[Wire] = [["t", *pair] for pair in pairs[0]]
        return _matched(wanted_items, [["t", *pair] for pair in pairs[1]], how)
    if unordered:
        return _matched(expected[1:], answer[1:], how)
    return all(_close(e, a, how) for e, a in zip(expected[1:], answer[1:], strict=True))


def _kind(wire: list[Wire], *, strict: bool) -> str:
    tag = str(wire[0])
    return tag if strict else {"t": "l", "it": "l", "fs": "s"}.get(tag, tag)


def _matched(expected: list[Wire], answer: list[Wire], how: Comparison) -> bool:
    """Whether the items pair off, each expected one taking the first answer close to it."""
    if len(expected) > _MATCHED_IN_ANY_ORDER_MAX:
        exact = Comparison(order=how.order, strict=how.strict)
        sides = (sorted(_canonical(item, exact) for item in side) for side in (expected, answer))
        return next(sides) == next(sides)
    left = list(answer)
    for item in expected:
        for position, candidate in enumerate(left):
            if _close(item, candidate, how):
                del left[position]
                break
        else:
            return False
    return not left


def same_output(expected: str, printed: str, *, tolerance: float = 0.0) -> bool:
    r"""Whether printed text is what is expected: every line, token for token, and nothing more.

    Lines compare without trailing blanks, and empty lines at the end do not count; where that
    fails, the whole sequences of tokens must be equal (line breaks and spacing forgiven), unless
    some expected line opens with blanks: then each line must open as it should. Where a line's
    expected tokens are all numbers, those written with a point may be written otherwise (`0.50`,
    `.5`); with a tolerance, tokens that both read as numbers may differ by it.

    >>> same_output("1\n2\n", "1\n2"), same_output("1\n2\n", "1\n")
    (True, False)
    >>> same_output("0.50", "0.5"), same_output("  *\n***", "*\n***")
    (True, False)
    """
    wanted, got = _lines(expected), _lines(printed)
    if wanted == got:
        return True
    if len(wanted) == len(got) and all(
        _margin(w) in {"", _margin(g)} and _same_tokens(w.split(), g.split(), tolerance)
        for w, g in zip(wanted, got, strict=True)
    ):
        return True
    if any(map(_margin, wanted)):
        return False
    return _same_tokens(expected.split(), printed.split(), tolerance)


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _same_tokens(wanted: list[str], got: list[str], tolerance: float) -> bool:
    if wanted == got:
        return True
    if len(wanted) != len(got):
        return False
    if tolerance > 0:
        return all(
            e == a or same_decimal(e, a) or near_texts(e, a, tolerance)
            for e, a in zip(wanted, got, strict=True)
        )
    # A line with a word in it is text, where `1.10` is a version.
    return all(map(is_number, wanted)) and all(
        e == a or same_decimal(e, a) for e, a in zip(wanted, got, strict=True)
    )


def same_lines(expected: str, printed: str) -> bool:
    """Whether printed text equals what is expected line by line, spacing within lines included."""
    return _lines(expected) == _lines(printed)


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def show(wire: Wire, limit: int = 160) -> str:
    """A wire value as a person would write it, cut to `limit` characters.

    >>> show(["l", 1, ["t", 2]])
    '[1, (2,)]'
    """
    text = _shown(wire, limit)
    return text if len(text) <= limit else text[: limit - 1] + "…"


_BRACKETS = {"l": "[]", "it": "[]", "t": "()", "s": "{}", "fs": "{}", "ln": "⟨⟩", "tn": "⟨⟩"}


def _shown(wire: Wire, limit: int) -> str:
    if not isinstance(wire, list):
        return repr(wire[: limit + 1] if isinstance(wire, str) else wire)
    tag = wire[0] if wire else ""
    parts: list[str] = []
    length = 0
    for part in wire[1:]:
        parts.append(_shown(part, limit - length))
        length += len(parts[-1]) + 2
        if length > limit:
            parts.append("…")
            break
    if tag == "d":
        return (
            "{"
            + ", ".join(f"{k}: {v}" for k, v in zip(parts[::2], parts[1::2], strict=False))
            + "}"
        )
    if isinstance(tag, str) and tag in _BRACKETS:
        comma = "," if tag == "t" and len(parts) == 1 else ""
        return f"{_BRACKETS[tag][0]}{', '.join(parts)}{comma}{_BRACKETS[tag][1]}"
    return f"{tag}({', '.join(parts)})"
