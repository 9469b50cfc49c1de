"""Linked lists and binary trees as LeetCode has them, made of values and read back.

Not covered: cycles; reading one back ends with an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class ListNode:
    """A link of a list, for programs that bring none."""

    def __init__(self, val: object = 0, next: object = None) -> None:  # noqa: A002 - LeetCode's
        self.val = val
        self.next = next


class TreeNode:
    """A node of a binary tree, for programs that bring none."""

    def __init__(self, val: object = 0, left: object = None, right: object = None) -> None:
        self.val = val
        self.left = left
        self.right = right


def build_list(values: list[object], node_type: Callable[[object], Any]) -> object:
    """A linked list of these values; `None` for none."""
    head: Any = None
    for value in reversed(values):
        node = node_type(value)
        node.next = head
        head = node
    return head


def build_tree(values: list[object], node_type: Callable[[object], Any]) -> object:
    """A binary tree in level order; `None` where a child is missing."""
    if not values or values[0] is None:
        return None
    nodes = [None if value is None else node_type(value) for value in values]
    parents = iter([node for node in nodes if node is not None])
    for index in range(1, len(nodes), 2):
        parent = next(parents)
        parent.left = nodes[index]
        parent.right = nodes[index + 1] if index + 1 < len(nodes) else None
    return nodes[0]
