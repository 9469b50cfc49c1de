"""Words searched for in rows of a database, in any case of letters, as Python lowers them.

SQLite's LIKE goes over a gigabyte in one to two seconds, a function of Python's in ten. LIKE knows
upper and lower case of ASCII letters alone, so Python answers where that would not do: for words
with cased letters beyond ASCII, and for the rows that `folds_to_ascii` tells.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

# Beside the Latin capitals, all characters that `str.lower` turns into something with an ASCII
# letter, or with a letter that has no cases.
_FOLDING = ("\u0130", "\u212a")  # İ, and the sign of the kelvin
_LONGEST_PATTERN = 20_000  # SQLite's own limit is 50,000 bytes


def folds_to_ascii(text: str) -> bool:
    """Whether lowering a text makes ASCII letters out of others.

    >>> folds_to_ascii("273 \u212a"), folds_to_ascii("École")
    (True, False)
    """
    return any(character in text for character in _FOLDING)


def register_search(database: sqlite3.Connection) -> None:
    """Add the function that `words_condition` asks."""
    database.create_function("holds", -1, _holds, deterministic=True)


def words_condition(words: Sequence[str]) -> tuple[str, list[object]]:
    """The condition, and its values, that a row of JSON holds all of some words in lower case.

    The table has the columns `row` and `folds`, the latter as `folds_to_ascii` says.
    """
    tests, values = [], list[object]()
    written = [json.dumps(word, ensure_ascii=False)[1:-1] for word in words]
    written.sort(key=len, reverse=True)  # a long word leaves fewer rows to look for the next in
    asked = "holds(row" + ", ?" * len(written) + ")"
    for word in written:
        if is_like(word):
            tests.append(r"row LIKE ? ESCAPE '\'")
            pattern = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
            values.append(f"%{pattern}%")
    if len(tests) < len(written):  # LIKE goes first, and leaves fewer rows to ask for
        tests.append(asked)
        values += written
    return f"(CASE WHEN folds THEN {asked} ELSE {' AND '.join(tests)} END)", [*written, *values]


def is_like(word: str) -> bool:
    """Whether LIKE finds a lowered word wherever lowering the text would.

    >>> is_like("x + 1"), is_like("答案"), is_like("école")
    (True, True, False)
    """
    if len(word) > _LONGEST_PATTERN // 4:
        return False
    return word.isascii() or all(c.isascii() or c.lower() == c == c.upper() for c in word)


def _holds(text: str, *words: str) -> bool:
    lower = text.lower()
    return all(word in lower for word in words)
