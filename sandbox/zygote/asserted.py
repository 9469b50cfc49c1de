"""What stood on the two sides of an assert that failed, for the reason of a verdict.

Not covered: asserts that do not compare two values; they are left as they are.

`assert f(1) == 2` becomes `assert (left := f(1)) == (right := 2)`: evaluated once, in the same
order, so that nothing is asked of the program twice.
"""

from __future__ import annotations

import ast
import reprlib
from types import FrameType

_LEFT, _RIGHT = "_asserted_left", "_asserted_right"
_SHOWN = 120
_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = _SHOWN
_repr.maxlist = _repr.maxtuple = _repr.maxdict = _repr.maxset = 12


def keep_sides(tree: ast.Module) -> frozenset[int]:
    """Have every assert of one comparison keep its sides; returns the lines of those asserts."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            test = node.test
            if isinstance(test, ast.Compare) and len(test.ops) == 1:
                test.left = _kept(_LEFT, test.left)
                test.comparators[0] = _kept(_RIGHT, test.comparators[0])
                lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    ast.fix_missing_locations(tree)
    return frozenset(lines)


def sides_in(frame: FrameType) -> str:
    """What came and what was asked for, in the frame whose assert failed."""
    names = frame.f_locals
    return f"got {_shown(names.get(_LEFT))}, compared with {_shown(names.get(_RIGHT))}"


def _kept(name: str, value: ast.expr) -> ast.expr:
    return ast.copy_location(ast.NamedExpr(ast.Name(name, ast.Store()), value), value)


def _shown(value: object) -> str:
    try:
        return _repr.repr(value)
    except Exception:  # noqa: BLE001 - a class of the tests may have a bug in it
        return f"a {type(value).__name__}"
