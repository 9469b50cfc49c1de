"""Assert source taken apart, so that partial credit has something to count.

Not covered: asserts inside loops, branches and helper functions; each such statement is one part.

The parts run one after the other in one namespace, as the whole would. Where the asserts stand in
`check(candidate)`, every part becomes a `check` of its own whose variables are shared.
"""

from __future__ import annotations

import ast
import copy
import symtable
from collections.abc import Sequence

_PARTS_MAX = 500
_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_NOT_APART = (ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal)


def split_asserts(source: str) -> tuple[str, ...]:
    r"""The source in parts that each end with an assert, or whole where it cannot be taken apart.

    >>> split_asserts("x = f(1)\nassert x == 1\nassert f(2) == 2")
    ('x = f(1)\nassert x == 1', 'assert f(2) == 2')
    >>> split_asserts("def check(c):\n    assert c(1) == 1\n    assert c(2) == 2")[1]
    'def check(c):\n    assert c(2) == 2'
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return (source,)
    check = next(
        (s for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == "check"), None
    )
    parts = _of_module(tree.body) if check is None else _of_check(source, tree.body, check)
    return tuple(parts) if 1 < len(parts) <= _PARTS_MAX else (source,)


def _of_module(statements: Sequence[ast.stmt]) -> list[str]:
    return [_text(part) for part in _chunks(statements)]


def _of_check(source: str, statements: Sequence[ast.stmt], check: ast.FunctionDef) -> list[str]:
    names = [argument.arg for argument in check.args.args]
    calls = [statement for statement in statements if _is_call_of_check(statement)]
    around = [statement for statement in statements if statement not in (check, *calls)]
    calls_elsewhere = calls and (len(calls) > 1 or calls[0] is not statements[-1])
    cannot = any(isinstance(node, _NOT_APART) for node in _in_scope(check.body))
    if len(names) != 1 or calls_elsewhere or cannot or any(map(_holds_assert, around)):
        return []
    shared = sorted(_assigned(source) - set(names))
    if names[0] in _assigned(source, parameters=False):
        return []
    parts = []
    for chunk in _chunks(check.body):
        body: list[ast.stmt] = [ast.Global(names=shared)] if shared else []
        made = copy.copy(check)
        made.body = [*body, *chunk]
        parts.append(_text([ast.fix_missing_locations(made), *calls]))
    if parts and around:
        parts[0] = f"{_text(around)}\n{parts[0]}"
    return parts


def _chunks(statements: Sequence[ast.stmt]) -> list[list[ast.stmt]]:
    chunks: list[list[ast.stmt]] = [[]]
    for statement in statements:
        chunks[-1].append(statement)
        if _holds_assert(statement) or _is_test(statement):
            chunks.append([])
    rest = chunks.pop()
    if chunks:
        chunks[-1] += rest
    return chunks


def _holds_assert(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Assert) for node in _in_scope([statement]))


def _is_test(statement: ast.stmt) -> bool:
    """Whether a runner (pytest) would run this function."""
    return isinstance(
        statement, ast.FunctionDef | ast.AsyncFunctionDef
    ) and statement.name.startswith("test")


def _in_scope(statements: Sequence[ast.stmt]) -> list[ast.AST]:
    """Every node of these statements, those inside functions and classes of their own left out."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, _OWN_SCOPE):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _assigned(source: str, *, parameters: bool = True) -> set[str]:
    """Names that `check` binds."""
    table = symtable.symtable(source, "tests.py", "exec")
    inner = next(child for child in table.get_children() if child.get_name() == "check")
    return {
        symbol.get_name()
        for symbol in inner.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or (parameters and symbol.is_parameter())
    }


def _is_call_of_check(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
        and statement.value.func.id == "check"
    )


def _text(statements: Sequence[ast.stmt]) -> str:
    return "\n".join(ast.unparse(statement) for statement in statements)
