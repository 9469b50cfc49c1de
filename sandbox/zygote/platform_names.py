"""Names that judges of function problems import for every program: `List`, `Counter`, `inf`.

Not covered: programs that stand alone; there a name that nobody imported is a `NameError`.

The names are builtins of the program's namespace, so that a program's own definitions hide them
and nothing is copied for a run. They are looked up once, in the zygote.
"""

from __future__ import annotations

import builtins
from typing import Any

from sandbox.zygote.nodes import ListNode, TreeNode

# `from … import *` of each, then each under its own name, which wins (LiveCodeBench, LeetCode).
# `operator` is not among them: `add` or `index` would stand for a function that was forgotten.
_OPENED = """
string re datetime collections heapq bisect copy math random statistics itertools functools typing
"""
_NAMED = """
string re datetime collections heapq bisect copy math random statistics itertools functools typing
operator sys os json io time
"""
_OF_OPERATOR = ("itemgetter", "attrgetter", "methodcaller")
_names: dict[str, Any] = {}


def platform_builtins() -> dict[str, Any]:
    """The builtins of a program that is given these names: one table for the process."""
    if not _names:
        _look_up()
    return _names


def _look_up() -> None:
    for name in _OPENED.split():
        module = __import__(name)
        public = getattr(module, "__all__", None) or [n for n in vars(module) if n[0] != "_"]
        _names.update({each: getattr(module, each) for each in public})
    _names.update({name: __import__(name) for name in _NAMED.split()})
    _names.update({name: getattr(_names["operator"], name) for name in _OF_OPERATOR})
    _names.update({"ListNode": ListNode, "TreeNode": TreeNode, "Deque": _names["deque"]})
    _names.update(vars(builtins))  # `pow` and `open` mean what they mean everywhere
