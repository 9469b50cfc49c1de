"""What Python source that a row gives, a prompt, set-up or tests, is made of.

Not covered: source that a model wrote; nothing here reads it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable


def lacks_entry(source: str) -> bool:
    """Whether test source defines `check(candidate)` and nothing says what the candidate is."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    checks = [n for n in body if isinstance(n, ast.FunctionDef) and n.name == "check"]
    used = {node.id for n in body if n not in checks for node in ast.walk(n)
            if isinstance(node, ast.Name)}  # fmt: skip
    return bool(checks and checks[-1].args.args) and "check" not in used


def can_fail(tests: Iterable[str]) -> bool:
    """Whether Python tests hold anything that looks at an answer; calls alone do not.

    >>> can_fail(["assert f(1) == 2"]), can_fail(["print(f(1))", "f(2)"])
    (True, False)
    """
    return any(_LOOKS.search(test) for test in tests)


_LOOKS = re.compile(r"assert|rais|fail|exit|doctest|expect|verif", re.IGNORECASE)


def split_prompt(prompt: object, entry: str | None) -> tuple[str, str]:
    """Of a Python prompt: what helps the program, and the whole of it where it ends in a stub.

    A stub is a function whose body the program is to write (it has imports, a docstring, `pass` or
    `...` at most): no help, and in the way where a program forgets to.
    """
    if not isinstance(prompt, str) or len(prompt) > 200_000:
        return "", ""
    try:
        body = ast.parse(prompt).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return "", ""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    if not any(isinstance(node, kinds) for node in body):
        return "", ""
    last: ast.stmt = body[-1]
    inner = last.body[-1] if isinstance(last, ast.ClassDef) else last
    if not isinstance(inner, ast.FunctionDef) or not _is_stub(inner):
        return prompt, ""
    if entry is not None and re.split(r"\W+", entry.strip())[-1] != inner.name:
        return prompt, ""
    first = min((last.lineno, *(mark.lineno for mark in _decorators(last))))
    helpers = "\n".join(prompt.split("\n")[: first - 1])
    return helpers.strip("\n") and helpers, prompt if prompt.endswith("\n") else prompt + "\n"


def _is_stub(function: ast.FunctionDef) -> bool:
    return all(
        isinstance(node, ast.Pass | ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []


def only_defines(source: str) -> bool:
    """Whether source makes nothing but functions, classes and imports."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return True  # where it runs, it will say so
    defining = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return all(isinstance(node, defining) for node in body)
