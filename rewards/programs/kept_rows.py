"""Rows that were read lately, and their tests as the sandbox takes them.

The completions of a group share their row: it is read, and its tests are made, once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from rewards.programs.task import Task

_KEPT_MAX = 8  # one may be of 100 MB

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


def remembered(key: object, read: Callable[[], Task]) -> Task:
    """The row with this key as it was read before, or as it is read now.

    A key that has no hash, of a row of lists, is not kept: reading it again costs little.
    """
    try:
        hash(key)
    except TypeError:
        return read()
    with _lock:
        known = _tasks.get(key)
    if known is None:
        known = read()
        _keep(_tasks, key, known)
    return known


def made_of(task: Task, make: Callable[[], _Value]) -> _Value:
    """The tests of a row that was read, made now unless they were made before."""
    with _lock:
        known = _made.get(id(task))
    if known is None:
        known = task, make()  # the task too, so that its id stays its
        _keep(_made, id(task), known)
    made: _Value = known[1]
    return made


def _keep(where: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    with _lock:
        where[key] = value
        while len(where) > _KEPT_MAX:
            where.pop(next(iter(where)))


_lock = threading.Lock()
_tasks: dict[object, Task] = {}
_made: dict[int, tuple[Task, Any]] = {}
