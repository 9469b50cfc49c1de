"""Cut an answer of several parts at its top level: `(a) 5, (b) 6`, `yes, 5`, two formulas."""

from __future__ import annotations

import re

_STYLE = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}")
_LABEL = re.compile(r"\(\s*(?P<mark>[a-h]|iv|v|i{1,3}|[1-8])\s*\)\s*[:.]?\s*")
_ORDERS = (
    ("a", "b", "c", "d", "e", "f", "g", "h"),
    ("i", "ii", "iii", "iv", "v"),
    ("1", "2", "3", "4", "5", "6", "7", "8"),
)
_EDGES = " \t\n,;.。；，"
MAX_CHARS = 600
MAX_PARTS = 12


def labelled_parts(text: str) -> list[str] | None:
    """What stands behind (a), (b) … or (i), (ii) …, in their order; `None` if it is not so built.

    >>> labelled_parts("(a) 5, (b) 6")
    ['5', '6']
    """
    if "(" not in text or len(text) > MAX_CHARS:
        return None
    text = _STYLE.sub(r"\1 ", text).strip()
    for order in _ORDERS:
        found = []
        at = 0
        for mark in order:
            label = next((m for m in _LABEL.finditer(text, at) if m["mark"] == mark), None)
            if label is None or not _is_top_level(text, label.start()):
                break
            found.append(label)
            at = label.end()
        if len(found) > 1 and found[0].start() == 0:
            ends = [label.start() for label in found[1:]] + [len(text)]
            parts = [
                text[label.end() : end].strip(_EDGES)
                for label, end in zip(found, ends, strict=True)
            ]
            return parts if all(parts) else None
    return None


def listed_parts(text: str) -> list[str] | None:
    """What commas or semicolons separate outside of all brackets; `None` for a single part."""
    if len(text) > MAX_CHARS or not ("," in text or ";" in text):
        return None
    mark = ";" if ";" in text else ","
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == mark and depth == 0:
            parts.append(text[start:at].strip(_EDGES))
            start = at + 1
    parts.append(text[start:].strip(_EDGES))
    return parts if 1 < len(parts) <= MAX_PARTS and all(parts) else None


def _is_top_level(text: str, at: int) -> bool:
    before = text[:at]
    return all(before.count(one) == before.count(other) for one, other in ("()", "[]", "{}"))
