"""Values that test cells hold as text: JSON, or a Python literal.

Not covered: anything that would have to be evaluated.
"""

from __future__ import annotations

import ast
import json
from functools import lru_cache

from rewards.errors import InputError
from rewards.programs.packed import is_packed, unpack

_TEXT_MAX = 500_000_000
_LITERAL_MAX = 20_000_000
_DIGITS_AT_ONCE = 4_000  # below what Python reads in one go (sys.set_int_max_str_digits)
_DIGITS_MAX = 1_000_000


def parsed(value: object) -> object:
    """Text that holds JSON or a Python literal, as the value it stands for; else as it is.

    Raises:
        InputError: it is empty, or opens like JSON and is not.
    """
    if not isinstance(value, str):
        return value.tolist() if hasattr(value, "tolist") else value  # an array of a data frame
    text = value.strip().lstrip("\ufeff")
    if not text:
        raise InputError("the tests are empty")
    if is_packed(text):
        return parsed(unpack(text))
    if text[0] not in '[{"' or len(text) > _TEXT_MAX:
        return value
    try:
        return parsed(read_json(text))
    except RecursionError as error:
        return _literal_or_source(value, text, error)
    except InputError:
        raise
    except ValueError as error:
        return _literal_or_source(value, text, error)


def read_json(text: str) -> object:
    """A JSON value; integers may have a million digits.

    Raises:
        ValueError: it is none.
        RecursionError: it nests too deep.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer longer than Python reads
        return json.loads(text, parse_int=read_int)


def read_int(digits: str) -> int:
    """An integer of any length up to a million digits, in less than quadratic time."""
    if len(digits) <= _DIGITS_AT_ONCE:
        return int(digits)
    if len(digits) > _DIGITS_MAX:
        raise ValueError(f"an integer of {len(digits)} digits")
    if digits[0] == "-":
        return -read_int(digits[1:])
    low = len(digits) // 2
    return read_int(digits[:-low]) * _power_of_ten(low) + read_int(digits[-low:])


@lru_cache(maxsize=64)
def _power_of_ten(exponent: int) -> int:
    return int(10**exponent)


def json_or_text(text: str) -> object:
    """A JSON value, or the text itself."""
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return text


def value_or_text(text: str) -> object:
    """A JSON value, a Python literal, or the text itself."""
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        pass
    if len(text) > _LITERAL_MAX:
        return text
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def assignments(text: str) -> dict[str, object] | None:
    """LeetCode's `nums = [1, 2], k = 3` as a table, or `None` for anything else."""
    if "=" not in text or len(text) > _LITERAL_MAX:
        return None
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if not isinstance(call, ast.Call) or call.args or not call.keywords:
        return None
    try:
        return {str(word.arg): _literal(word.value) for word in call.keywords}
    except (ValueError, TypeError):
        return None


def _literal(node: ast.expr) -> object:
    words = {"true": True, "false": False, "null": None}
    if isinstance(node, ast.Name) and node.id in words:
        return words[node.id]
    if isinstance(node, ast.List):  # `[1, null, 2]`: a tree as JSON writes it
        return [_literal(item) for item in node.elts]
    return ast.literal_eval(node)


def _literal_or_source(value: str, text: str, error: Exception) -> object:
    if len(text) <= _LITERAL_MAX:
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            if text[0] == '"':  # assert source may open with a string
                return value
    where, said = "", "it nests too deep"
    if isinstance(error, json.JSONDecodeError):
        where, said = f"line {error.lineno} column {error.colno}: ", error.msg
    elif isinstance(error, ValueError):
        said = str(error)
    raise InputError(
        f"the tests open like JSON and are not ({where}{said}), nor are they a Python literal"
    )
