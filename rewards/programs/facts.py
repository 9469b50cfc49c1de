"""What a row says about its tests beside the tests: entry, limits, tolerance, conventions.

Not covered: the tests themselves, see `rewards.programs.row_tests`.

The same words stand in columns, in the mapping that holds the tests, or in `metadata` within it
(text or mapping): the outermost wins.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rewards.errors import InputError

ENTRY_NAMES = ("entry_point", "fn_name", "func_name", "function_name", "entry", "method_name")
SETUP_NAMES = ("test_setup_code", "test_setup", "setup_code", "prelude")
IMPORT_NAMES = ("test_imports", "imports")
_LANGUAGE_NAMES = ("language", "lang", "programming_language")
_TOLERANCE_NAMES = ("tolerance", "float_tolerance", "atol", "eps", "epsilon")
_TIME_NAMES = ("time_limit", "time_limit_s", "timeout", "timelimit")
_MEMORY_NAMES = ("memory_limit", "memory_limit_mb", "memory_limit_bytes", "memlimit")
_ORDER_NAMES = ("any_order", "order_insensitive", "unordered", "ignore_order")
_INTERACTIVE_NAMES = ("interaction_format", "interactor", "is_interactive", "interactive")
ALSO_READS = (
    *ENTRY_NAMES, *SETUP_NAMES, *IMPORT_NAMES, *_LANGUAGE_NAMES, *_TOLERANCE_NAMES, *_TIME_NAMES,
    *_MEMORY_NAMES, *_ORDER_NAMES, *_INTERACTIVE_NAMES, "checker", "metadata", "exact",
    "starter_code", "in_place",
)  # fmt: skip
_METADATA_MAX = 1_000_000
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?(?:[eE]-?\d+)?)\s*([a-zA-Z]*)", re.ASCII)
_SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 0.001}
_MEGABYTES = {"": 1.0, "mb": 1.0, "mib": 1.0, "megabytes": 1.0, "megabyte": 1.0, "m": 1.0,
              "gb": 1024.0, "gib": 1024.0, "kb": 1 / 1024, "kib": 1 / 1024}  # fmt: skip
_BYTES_FROM = 1 << 20  # a limit this large is meant in bytes: a million megabytes is none
_MILLISECONDS_FROM = 500


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a row says of its tests.

    Attributes:
        entry: what is called.
        setup: trusted source that goes with the tests.
        imports: import lines that go before program and tests.
        checker: trusted source that judges answers.
        language: the programming language's name, as the row has it.
        tolerance: allowed difference between numbers, or `None`.
        time_s, memory_mb: limits of a test, or `None`.
        any_order: an answer's items may come in any order.
        exact: printed numbers compare as text.
        in_place: the function changes its first argument; `None` where the row does not say.
        interactive: the program talks with a judge, which no fixed input can stand for.
    """

    entry: str | None = None
    setup: str | None = None
    imports: str = ""
    checker: str | None = None
    language: str | None = None
    tolerance: float | None = None
    time_s: float | None = None
    memory_mb: float | None = None
    any_order: bool = False
    exact: bool = False
    in_place: bool | None = None
    interactive: bool = False


def read_facts(*sources: Mapping[str, object]) -> Facts:
    """The facts in these mappings, the first that has one wins.

    >>> read_facts({"time_limit": "2 seconds"}, {"fn_name": "f", "memory_limit": 256}).memory_mb
    256.0
    """
    tables: list[Mapping[str, object]] = []
    for source in sources:
        tables.append(source)
        tables += _metadata(source)
    tolerance = _number(tables, _TOLERANCE_NAMES)
    return Facts(
        entry=_text(tables, ENTRY_NAMES),
        setup=_text(tables, SETUP_NAMES),
        imports=_import_lines(_first(tables, IMPORT_NAMES)),
        checker=_text(tables, ("checker",)),
        language=_text(tables, _LANGUAGE_NAMES),
        tolerance=tolerance if tolerance is None or 0 <= tolerance < 1 else None,
        time_s=_amount(_first(tables, _TIME_NAMES), _SECONDS, _MILLISECONDS_FROM, 0.001),
        memory_mb=_amount(_first(tables, _MEMORY_NAMES), _MEGABYTES, _BYTES_FROM, 1 / (1 << 20)),
        any_order=_yes(_first(tables, _ORDER_NAMES)) or _first(tables, ("order",)) == "any",
        exact=_yes(_first(tables, ("exact",))),
        in_place=_in_place(tables),
        interactive=_yes(_first(tables, _INTERACTIVE_NAMES)),
    )


def _metadata(source: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = source.get("metadata")
    if isinstance(found, str) and found.lstrip()[:1] == "{" and len(found) <= _METADATA_MAX:
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            return []
    return [found] if isinstance(found, Mapping) else []


def _first(tables: Sequence[Mapping[str, object]], names: Sequence[str]) -> object:
    for table in tables:
        for name in names:
            value = table.get(name)
            if value is not None and not (isinstance(value, float) and value != value):  # noqa: PLR0124
                return value
    return None


def _text(tables: Sequence[Mapping[str, object]], names: Sequence[str]) -> str | None:
    for table in tables:
        for name in names:
            value = table.get(name)
            if isinstance(value, str) and value.strip():
                return value
    return None


def _number(tables: Sequence[Mapping[str, object]], names: Sequence[str]) -> float | None:
    return _amount(_first(tables, names), {"": 1.0}, None, 1.0)


def _amount(
    value: object, units: Mapping[str, float], large: float | None, of_large: float
) -> float | None:
    """A number with its unit, or `None` where there is none to read."""
    if isinstance(value, Mapping):  # a protocol buffer's duration (CodeContests)
        seconds, nanos = value.get("seconds"), value.get("nanos") or 0
        if isinstance(seconds, int | float) and isinstance(nanos, int | float):
            return float(seconds) + float(nanos) / 1e9
        return None
    unit = ""
    if isinstance(value, str):
        found = _NUMBER.match(value)
        if found is None:
            return None
        value, unit = float(found.group(1)), found.group(2).lower()
    if isinstance(value, bool) or not isinstance(value, int | float) or unit not in units:
        return None
    amount = float(value) * units[unit]
    if large is not None and not unit and amount >= large:
        amount *= of_large
    return amount if 0 < amount < 1e9 else None


def _import_lines(value: object) -> str:
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, Sequence) and not hasattr(lines, "tolist"):
        return ""
    texts = [str(line).strip() for line in list(lines)]  # type: ignore[call-overload]
    return "\n".join(text for text in texts if text.startswith(("import ", "from ")))


def _yes(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in {"", "false", "no", "0", "none", "null"}
    return bool(value) if isinstance(value, bool | int | list | dict) else False


def _in_place(tables: Sequence[Mapping[str, object]]) -> bool | None:
    said = _first(tables, ("in_place",))
    if isinstance(said, bool):
        return said
    starter = _text(tables, ("starter_code",))
    return None if starter is None or "->" not in starter else "-> None" in starter


def records_of(setup: str) -> str:
    r"""Of set-up source, what a program may see: imports, and classes that only hold values.

    A reference solution, a table of answers or a class that computes stays with the tests.

    >>> records_of("import math\nKEY = {1: 2}\nclass P:\n    x: int\ndef ref(): return KEY")
    'import math\nclass P:\n    x: int'
    """
    try:
        body = ast.parse(setup).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ""
    kept = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)
            or (isinstance(node, ast.ClassDef) and _only_holds(node))]  # fmt: skip
    return "\n".join(ast.unparse(node) for node in kept)


_OF_A_RECORD = frozenset({"__init__", "__repr__", "__str__", "__eq__", "__lt__", "__hash__"})


def _only_holds(made: ast.ClassDef) -> bool:
    for node in made.body:
        is_field = isinstance(node, ast.AnnAssign) and (
            node.value is None or isinstance(node.value, ast.Constant)
        )
        is_method = isinstance(node, ast.FunctionDef) and node.name in _OF_A_RECORD
        is_text = isinstance(node, ast.Pass) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )
        if not (is_field or is_method or is_text):
            return False
    return True


def require_not_interactive(facts: Facts) -> None:
    """Refuse tests that are a conversation.

    Raises:
        InputError: they are.
    """
    if facts.interactive:
        raise InputError("the problem is interactive: its judge answers what a program prints")
