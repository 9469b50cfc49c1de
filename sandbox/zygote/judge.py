"""The judge: trusted test source, confined all the same, with the candidate behind a line.

Not covered: tests that look at the program's source, signature or types; they see handles.

Names that the tests use and neither define nor import come from the candidate. A name of Python's
own (`all`, `abs`, `sorted`) never does, unless the tests call nothing else of the program: a
program must not decide what `all` means. Modules the tests use without importing them are
imported here, and so are well-known libraries under their usual short names.
"""

from __future__ import annotations

import ast
import builtins
import os
import symtable
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any

from sandbox.zygote.asserted import keep_sides, sides_in
from sandbox.zygote.function import describe, finish_coroutine, say
from sandbox.zygote.protocol import read_frame, read_texts
from sandbox.zygote.remote import CandidateGoneError, Line, OversizedAnswerError

_TESTS_FILE = "tests.py"
_FRAME_MAX = 1 << 30
_LIBRARIES = {
    "np": "numpy", "pd": "pandas", "numpy": "numpy", "pandas": "pandas", "scipy": "scipy",
    "sp": "sympy", "sympy": "sympy", "torch": "torch", "pytest": "pytest",
}  # fmt: skip


def judge(channel: int, line_descriptor: int) -> None:
    """Run the tests, say of each whether it held, and end the process."""
    told = read_texts(read_frame(channel, _FRAME_MAX) or b"")
    prelude, entry, answer_max, fail_fast, *tests = told
    module = ModuleType("__tests__")
    sys.modules["__tests__"] = module
    namespace = module.__dict__
    line = Line(line_descriptor, namespace, int(answer_max))
    try:
        if prelude:
            exec(compile(prelude, "<prelude>", "exec", dont_inherit=True), namespace)  # noqa: S102 - trusted
        trees = [ast.parse(test, _TESTS_FILE) for test in tests]
        compared = [keep_sides(tree) for tree in trees]
        wanted = _wanted(tests, trees, namespace)
    except BaseException as error:  # noqa: BLE001 - the tests are broken, whoever wrote them
        say(channel, b"T", describe(error))
        os._exit(0)
    try:
        candidate = line.look_up("expression", entry) if entry else None
        _share_classes(trees, line)
        _fill(namespace, wanted, line)
        for test, tree, lines in zip(tests, trees, compared, strict=True):
            held = _run_one(channel, test, tree, lines, candidate, namespace, line)
            if not held and fail_fast:
                break
    except CandidateGoneError:
        say(channel, b"G", "the program ended")
    except Exception as error:  # noqa: BLE001 - the entry is not there
        say(channel, b"B", describe(error))
    os._exit(0)


def _run_one(  # noqa: PLR0913, PLR0917 - one call
    channel: int,
    test: str,
    tree: ast.Module,
    compared: frozenset[int],
    candidate: Any,
    namespace: dict[str, Any],
    line: Line,
) -> bool:
    asked = line.asked
    try:
        exec(compile(tree, _TESTS_FILE, "exec", dont_inherit=True), namespace)  # noqa: S102 - trusted
        check = namespace.get("check")
        if candidate is not None and callable(check) and not _calls_check(tree):
            finish_coroutine(check(candidate))
    except CandidateGoneError:
        raise
    except BaseException as error:  # noqa: BLE001 - any exception fails the test
        say(channel, _kind(error), _why(error, test, compared))
        return False
    used = line.asked > asked or line.gave_values
    say(channel, b"P" if used else b"V", "")
    return True


def _wanted(tests: list[str], trees: list[ast.Module], namespace: dict[str, Any]) -> list[str]:
    """The names that must come from the candidate."""
    used: set[str] = set()
    own = set(namespace)
    for test in tests:
        _collect(symtable.symtable(test, _TESTS_FILE, "exec"), used, own)
    called = {
        node.func.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    missing = {name for name in used - own if not hasattr(builtins, name)}
    for name in (missing - called) & _LIBRARIES.keys():  # never the program's to define
        namespace[name] = import_module(_LIBRARIES[name])
    missing -= namespace.keys()
    modules = {name for name in missing - called if name in sys.stdlib_module_names}
    for name in modules:
        namespace[name] = __import__(name)
    missing -= modules
    return sorted(missing or ((used & called) - own))


def _collect(table: symtable.SymbolTable, used: set[str], own: set[str]) -> None:
    """Global names that a scope and those within it use, and those that they define."""
    at_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        makes = symbol.is_assigned() or symbol.is_imported()
        if makes and (at_top or symbol.is_declared_global()):
            own.add(symbol.get_name())
        elif symbol.is_referenced() and (at_top or symbol.is_global()):
            used.add(symbol.get_name())
    for child in table.get_children():
        _collect(child, used, own)


def _fill(namespace: dict[str, Any], wanted: list[str], line: Line) -> None:
    for name in wanted:
        with suppress(NameError):  # the test that needs it will say so
            namespace[name] = line.look_up("name", name)


def _share_classes(trees: list[ast.Module], line: Line) -> None:
    """Let the candidate define the tests' own classes, for copies of their objects."""
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                line.ask("define", node.name, ast.unparse(node))


def _calls_check(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "check"
        for node in tree.body
    )


def _kind(error: BaseException) -> bytes:
    if isinstance(error, AssertionError):
        return b"F"
    return b"O" if isinstance(error, OversizedAnswerError) else b"E"


def _why(error: BaseException, test: str, compared: frozenset[int]) -> str:
    """The line of the test that failed, and how: what came, or what was raised."""
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == _TESTS_FILE:
            place = frame, line
    source = test.splitlines()
    failed = source[place[1] - 1].strip() if place and place[1] <= len(source) else ""
    how = describe(error)
    if isinstance(error, AssertionError):
        message = how.partition(": ")[2]
        sides = sides_in(place[0]) if place and place[1] in compared else ""
        how = "; ".join(filter(None, (message, sides))) or "does not hold"
    return f"{failed[:200]}: {how}" if failed else how
