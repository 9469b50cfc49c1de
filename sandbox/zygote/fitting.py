"""Arguments and results of data that came as JSON text, in the form that a program wants.

Not covered: data that is typed; there a wrong name or a list for a `ListNode` is an error.

Function problems state their cases as text: `nums = [1, 2], k = 3`, whose names are the author's,
and `[1, 2, 3]` for a list of links. A program's parameters may bear other names, and its signature
says where it wants links or trees. All of this is the untrusted side: what comes of it is a value.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from sandbox.wire import BinaryTree, LinkedList, encode
from sandbox.zygote.nodes import ListNode, TreeNode, build_list, build_tree

_VARIADIC_NAMES = 0x08  # CO_VARKEYWORDS
Fitted = tuple[list[Any], dict[str, Any]]


def fit_arguments(function: Any, args: Any, kwargs: dict[str, Any]) -> Fitted:
    """The arguments as this function takes them."""
    plain = getattr(function, "__func__", function)
    code = getattr(plain, "__code__", None)
    given = list(args)
    if code is None:
        return given, kwargs
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if kwargs and not given and not code.co_flags & _VARIADIC_NAMES and not kwargs.keys() <= {
        *names
    }:  # fmt: skip
        given, kwargs = list(kwargs.values()), {}
    hints = _hints(plain)
    if hints:
        own = names[1:] if plain is not function else names
        make = _makers(plain)
        named = zip([*own, *[""] * len(given)], given, strict=False)
        given = [_fit(value, hints.get(name, ""), make) for name, value in named]
        kwargs = {name: _fit(value, hints.get(name, ""), make) for name, value in kwargs.items()}
    return given, kwargs


def fit_result(function: Any, result: Any) -> object:
    """A result as JSON would have it, where the signature says links or a tree."""
    hint = _hints(getattr(function, "__func__", function)).get("return", "")
    if "ListNode" not in hint and "TreeNode" not in hint:
        return result
    if isinstance(result, list):
        return [_plain(item) for item in result]
    return _plain(result)


def fit_changed(given: Any, after: Any) -> object:
    """An argument after the call as JSON would have it, where links or a tree were made of it."""
    return after if after is given else _plain(after)


def _plain(value: Any) -> object:
    if value is None:
        return []
    wire = encode(value)
    return wire[1:] if isinstance(wire, list) and wire[0] in {"ln", "tn"} else value


def _hints(function: Any) -> dict[str, str]:
    found = getattr(function, "__annotations__", None)
    if not isinstance(found, dict):
        return {}
    hints = {name: value if isinstance(value, str) else repr(value)
             for name, value in islice(found.items(), 64)}  # fmt: skip
    return {name: hint for name, hint in hints.items() if "ListNode" in hint or "TreeNode" in hint}


def _makers(function: Any) -> dict[str, Callable[[Any], Any]]:
    names = getattr(function, "__globals__", {})
    return {
        "ListNode": lambda values: build_list(values, names.get("ListNode", ListNode)),
        "TreeNode": lambda values: build_tree(values, names.get("TreeNode", TreeNode)),
    }


def _fit(value: Any, hint: str, make: dict[str, Callable[[Any], Any]]) -> Any:
    kind = next((name for name in make if name in hint), None)
    if kind is None or not isinstance(value, list) or isinstance(value, LinkedList | BinaryTree):
        return value
    if "ist[" in hint.partition(kind)[0]:  # List[Optional[ListNode]]
        return [make[kind](item) if isinstance(item, list) else item for item in value]
    return make[kind](value)
