"""The judge: trusted test source, confined all the same, with the candidate behind a line.

Not covered: tests that look at the program's source, signature or types; they see handles.

Nothing of the test source goes to the program but the arguments of calls, and the classes of
objects among them when such an object is first sent.

Names that the tests use and neither define nor import come from the candidate. A name of Python's
own (`all`, `abs`, `sorted`) never does, unless the tests call nothing else of the program: a
program must not decide what `all` means. Modules the tests use without importing them are
imported here, and so are well-known libraries under their usual short names. A module that is
not there (`from solution import f`) is the program's. A missing function around the result of
another (`assert close(f(1), 2)`) is a helper that the tests lack: a program must not supply it.
"""

from __future__ import annotations

import ast
import builtins
import os
import re
import symtable
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any

from sandbox.zygote import suites
from sandbox.zygote.asserted import keep_sides, sides_in
from sandbox.zygote.databases import open_without_locks
from sandbox.zygote.exceptions import said_of
from sandbox.zygote.function import describe, execute, finish_coroutine, say
from sandbox.zygote.protocol import SEEDED, read_frame, read_texts
from sandbox.zygote.pytest_stand_in import stand_in
from sandbox.zygote.remote import CandidateGoneError, Line, OversizedAnswerError

_TESTS_FILE = "tests.py"
_MOCKS = re.compile(r"(?:(?:unittest\.)?mock\.)?patch(?:\.(?:object|dict|multiple))?")
_FRAME_MAX = 1 << 30
_LIBRARIES = {
    "np": "numpy", "pd": "pandas", "numpy": "numpy", "pandas": "pandas", "scipy": "scipy",
    "sp": "sympy", "sympy": "sympy", "torch": "torch", "pytest": "pytest",
}  # fmt: skip


def judge(channel: int, line_descriptor: int) -> None:
    """Run the tests, say of each whether it held, and end the process."""
    told = read_texts(read_frame(channel, _FRAME_MAX) or b"")
    preludes, entry, answer_max, fail_fast, *tests = told[:1], *told[2:]
    preludes.append(told[1])
    module = ModuleType("__tests__")
    sys.modules["__tests__"] = module
    namespace = module.__dict__
    line = Line(line_descriptor, namespace, int(answer_max))
    try:
        for prelude in filter(None, preludes):
            execute(prelude, "<prelude>", namespace)
        trees = [ast.parse(test, _TESTS_FILE) for test in tests]
        _refuse_patches(trees)
        open_without_locks("\n".join(tests))
        _share_seeds(line)
        if any("pytest" in test for test in tests):
            sys.modules["pytest"] = stand_in()
        imported = _take_imports_of_the_program(trees, namespace, line)
        compared = [keep_sides(tree) for tree in trees]
        wanted = _wanted([ast.unparse(tree) for tree in trees] if imported else tests, trees,
                         namespace, entry)  # fmt: skip
        wanted = sorted({*wanted, *imported})
        line.classes = _classes(preludes, trees)
        line.awaits = any("await " in test or "asyncio" in test for test in tests)
    except BaseException as error:  # noqa: BLE001 - the tests are broken, whoever wrote them
        say(channel, b"T", describe(error))
        os._exit(0)
    try:
        candidate = line.look_up("expression", entry) if entry else None
        _fill(namespace, wanted, imported, line)
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
        suite = suites.found_in(tree)
        if suite:
            suites.drop_runner(tree)
        execute(tree, _TESTS_FILE, namespace)
        suites.run(suite, namespace)
        check = namespace.get("check")
        if candidate is not None and callable(check) and not _calls_check(tree):
            finish_coroutine(check(candidate))
    except CandidateGoneError:
        raise
    except BaseException as error:  # noqa: BLE001 - any exception fails the test
        if _is_of_the_tests(error):
            say(channel, b"T", describe(error, _TESTS_FILE))
            os._exit(0)
        say(channel, _kind(error), _why(error, test, compared))
        return False
    used = line.asked > asked or line.gave_values
    say(channel, b"P" if used else b"V", "")
    return True


def _is_of_the_tests(error: BaseException) -> bool:
    """Whether the tests themselves lack something: a module, a fixture."""
    if not isinstance(error, ImportError) and type(error) is not LookupError:
        return False
    frames = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    return not any(name.endswith("remote.py") for name in frames)  # the program did not raise it


def _refuse_patches(trees: list[ast.Module]) -> None:
    """See to it that no test replaces what the program uses, which is out of its reach.

    Raises:
        NotImplementedError: one does; a right program would fail it.
    """
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imports = [ast.unparse(n) for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
    if not any("mock" in line for line in imports):
        return
    for node in nodes:
        if isinstance(node, ast.Call) and _MOCKS.fullmatch(ast.unparse(node.func)):
            raise NotImplementedError(
                "the tests patch what the program uses, which runs in another process"
            )


def _share_seeds(line: Line) -> None:
    """Have the program's random numbers seeded whenever the tests seed theirs."""
    for name in SEEDED:
        module: Any = sys.modules.get(name)
        if module is not None:
            module.seed = _seeding(name, module.seed, line)


def _seeding(name: str, seed: Any, line: Line) -> Any:
    def seed_both(*args: object) -> None:
        seed(*args)
        asked = line.asked
        with suppress(Exception):  # of whoever has no such module, or no such seed
            line.ask("seed", name, list(args))
        line.asked = asked  # which says nothing about the program

    return seed_both


class _ProgramModule(ModuleType):
    """The program as a module of the tests' choice; what it has is asked of the program."""

    def __init__(self, name: str, line: Line) -> None:
        super().__init__(name)
        self.__dict__["_ask"] = lambda wanted: line.look_up("name", wanted)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__["_ask"](name)


def _take_imports_of_the_program(
    trees: list[ast.Module], namespace: dict[str, Any], line: Line
) -> dict[str, str]:
    """Take imports of modules that are not there out of the tests: they mean the program.

    Returns what each imported name is called in the program.
    """
    found: dict[str, str] = {}
    for tree in trees:
        kept: list[ast.stmt] = []
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and _is_nowhere(node.module, node.level):
                found |= {a.asname or a.name: a.name for a in node.names if a.name != "*"}
            elif isinstance(node, ast.Import) and all(_is_nowhere(a.name) for a in node.names):
                for alias in node.names:
                    name = alias.asname or alias.name
                    namespace[name] = _ProgramModule(name, line)
            else:
                kept.append(node)
        tree.body = kept
    return found


_PROGRAM_MODULES = frozenset({"solution", "main", "submission", "program", "candidate", "answer",
                              "your_module", "my_solution", "user_solution"})  # fmt: skip


def _is_nowhere(module: str | None, level: int = 0) -> bool:
    top = (module or "").partition(".")[0]
    return level > 0 or top in _PROGRAM_MODULES


def _wanted(
    tests: list[str], trees: list[ast.Module], namespace: dict[str, Any], entry: str
) -> list[str]:
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
    _require_helpers(trees, missing, entry)
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


def _require_helpers(trees: list[ast.Module], missing: set[str], entry: str) -> None:
    """See to it that no missing function decides an assert about another one's result.

    Raises:
        NameError: one does; the tests lack it.
    """
    for tree in trees:
        for node in ast.walk(tree):
            truth = node.test if isinstance(node, ast.Assert) else None
            if isinstance(truth, ast.UnaryOp) and isinstance(truth.op, ast.Not):
                truth = truth.operand
            if not isinstance(truth, ast.Call) or not isinstance(truth.func, ast.Name):
                continue
            name = truth.func.id
            if name in missing and name != entry and _asks_another(truth, missing | {"candidate"}):
                raise NameError(f"the tests lack the function {name!r}")


def _asks_another(call: ast.Call, names: set[str]) -> bool:
    inner = [*call.args, *(word.value for word in call.keywords)]
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
        for argument in inner
        for node in ast.walk(argument)
    )


def _fill(
    namespace: dict[str, Any], wanted: list[str], imported: dict[str, str], line: Line
) -> None:
    for name in wanted:
        with suppress(NameError):  # the test that needs it will say so
            namespace[name] = line.look_up("name", imported.get(name, name))


def _classes(preludes: list[str], trees: list[ast.Module]) -> dict[str, str]:
    """The source of each class of the tests, with those that it is made of in front."""
    nodes = [
        node
        for tree in (*(ast.parse(prelude) for prelude in preludes), *trees)
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    ]
    sources: dict[str, str] = {}
    for node in nodes:
        bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
        parts = [sources[base] for base in bases if base in sources]
        sources[node.name] = "\n".join([*parts, ast.unparse(node)])
    return sources


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
    how = said_of(error) or describe(error)
    if isinstance(error, AssertionError):
        message = how.partition(": ")[2]
        sides = sides_in(place[0]) if place and place[1] in compared else ""
        how = "; ".join(filter(None, (message, sides))) or "does not hold"
    return f"{failed[:200]}: {how}" if failed else how
