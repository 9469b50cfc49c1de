"""Tests that stand in functions and classes for a runner to find: pytest's and unittest's.

Not covered: order across classes, `setUpModule`, sub-processes; each test runs in the judge, one
after the other, and the first that fails is the source's failure.
"""

from __future__ import annotations

import ast
import sys
from typing import Any

from sandbox.zygote.function import finish_coroutine
from sandbox.zygote.pytest_stand_in import calls


def found_in(tree: ast.Module) -> list[str]:
    """Names of the functions and classes in test source that a runner would run.

    Source that calls one of its test functions itself is not for a runner.
    """
    names = []
    called = {
        node.func.id
        for statement in tree.body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            if statement.name.startswith("test"):
                names.append(statement.name)
        elif isinstance(statement, ast.ClassDef) and _holds_tests(statement):
            names.append(statement.name)
    return [] if called & {*names} else names


def _holds_tests(made: ast.ClassDef) -> bool:
    bases = [ast.unparse(base) for base in made.bases]
    named = made.name.startswith("Test") or any(base.endswith("TestCase") for base in bases)
    return named and any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
        for node in made.body
    )


def drop_runner(tree: ast.Module) -> None:
    """Take out what would run the tests when the file is a program: `unittest.main()`."""
    tree.body = [node for node in tree.body if not _runs(node)]


def _runs(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return "__name__" in ast.unparse(node.test)
    text = ast.unparse(node) if isinstance(node, ast.Expr) else ""
    return text.startswith(("unittest.main(", "pytest.main("))


def run(names: list[str], namespace: dict[str, Any]) -> None:
    """Run these functions and classes; raises what the first failing test raises."""
    for name in names:
        found = namespace[name]
        if isinstance(found, type):
            _run_class(found, namespace)
        else:
            for given in calls(found, namespace):
                finish_coroutine(found(**given))


def _run_class(found: Any, namespace: dict[str, Any]) -> None:
    unittest = sys.modules.get("unittest")
    is_case = unittest is not None and issubclass(found, unittest.TestCase)
    methods = [
        name for name in dir(found) if name.startswith("test") and callable(getattr(found, name))
    ]
    before, after = ("setUp", "tearDown") if is_case else ("setup_method", "teardown_method")
    if is_case:
        found.setUpClass()
    for name in methods:
        for given in calls(getattr(found, name), namespace):
            made = found(name) if is_case else found()
            getattr(made, before, _nothing)()
            finish_coroutine(getattr(made, name)(**given))
            getattr(made, after, _nothing)()
            if is_case:
                made.doCleanups()
    if is_case:
        found.tearDownClass()


def _nothing() -> None:
    return None
