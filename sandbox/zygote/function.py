"""The untrusted side of function tests: define the program, answer one call at a time.

Not covered: honesty. Whatever this process sends is the program's guess; the trusted process
compares it. It never learns what is expected.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any

from sandbox.wire import WireError, decode, encode, from_bytes, to_bytes
from sandbox.zygote.protocol import frame, read_frame, read_texts, texts, write_all

MODULE_NAME = "solution"
FILE_NAME = "solution.py"
_QUESTION_MAX = 1 << 30  # from the trusted process
_SAID_MAX = 300
_WARM_ROUNDS = 20


def answer_calls(channel: int) -> None:
    """Serve the calls of one run, then end the process."""
    prelude, source, entry = read_texts(read_frame(channel, _QUESTION_MAX) or b"")
    module = ModuleType(MODULE_NAME)
    sys.modules[MODULE_NAME] = module
    namespace = module.__dict__
    target: CodeType | None = None
    try:
        define(prelude, source, namespace)
    except BaseException as error:  # noqa: BLE001 - SystemExit too is no way out
        say(channel, failure_kind(error), describe(error))
        os._exit(0)
    try:
        target = find_entry(entry, namespace)
    except BaseException as error:  # noqa: BLE001
        say(channel, b"B", describe(error))
        os._exit(0)
    while (question := read_frame(channel, _QUESTION_MAX)) is not None:
        answer_one(channel, question, target, namespace)
    os._exit(0)


def define(prelude: str, source: str, namespace: dict[str, Any]) -> None:
    """Run the trusted prelude and then the program in one namespace."""
    if prelude:
        exec(compile(prelude, "<prelude>", "exec", dont_inherit=True), namespace)  # noqa: S102 - our trade
    exec(compile(source, FILE_NAME, "exec", dont_inherit=True), namespace)  # noqa: S102


def find_entry(entry: str, namespace: dict[str, Any]) -> CodeType:
    """Compiled code that yields the callable of this name, or path, or method of `Solution`."""
    if entry.isidentifier() and entry not in namespace:
        solution = namespace.get("Solution")
        if solution is not None and hasattr(solution, entry):
            entry = f"Solution().{entry}"
    target = compile(entry, "<entry>", "eval", dont_inherit=True)
    first = entry.partition("(")[0].partition(".")[0].strip()
    if first not in namespace:
        raise NameError(f"{first!r} is not defined")
    return target


def answer_one(channel: int, question: bytes, target: CodeType, namespace: dict[str, Any]) -> None:
    """Answer one call: `["t", args, kwargs, positions, steps]` in, the wire answer out."""
    try:
        args, kwargs, positions, steps = decode_arguments(question, namespace)
        if steps:
            result: object = _follow(steps, namespace)
        else:
            function = eval(target, namespace)  # noqa: S307 - the tests name the entry
            result = finish_coroutine(function(*args, **kwargs))
        answer = to_bytes(encode((result, *(args[position] for position in positions))))
    except WireError as error:
        say(channel, b"W", str(error))
    except MemoryError:
        say(channel, b"M", "MemoryError")
    except BaseException as error:  # noqa: BLE001
        say(channel, b"E", describe(error))
    else:
        write_all(channel, frame(b"A" + answer))


def decode_arguments(question: bytes, namespace: dict[str, Any]) -> Any:
    """The arguments, with the program's own `ListNode` and `TreeNode` where it has them."""
    return decode(
        from_bytes(question),
        linked_list=lambda values: build_list(values, namespace.get("ListNode", ListNode)),
        binary_tree=lambda values: build_tree(values, namespace.get("TreeNode", TreeNode)),
    )


def _follow(steps: list[tuple[str, list[object]]], namespace: dict[str, Any]) -> list[object]:
    (constructor, arguments), *calls = steps
    made = namespace[constructor](*arguments)
    return [None, *(finish_coroutine(getattr(made, method)(*args)) for method, args in calls)]


def finish_coroutine(result: Any) -> object:
    """What a coroutine returns, when it awaits nothing but others like it; else the result."""
    if hasattr(type(result), "__await__") and hasattr(result, "send"):
        try:
            result.send(None)
        except StopIteration as end:
            return end.value
        raise RuntimeError("the coroutine waits for an event loop, which function tests lack")
    return result


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


def say(channel: int, kind: bytes, text: str) -> None:
    """Send a short text of one kind."""
    write_all(channel, frame(kind + text[:_SAID_MAX].encode("utf-8", "replace")))


def describe(error: BaseException, file_name: str = FILE_NAME) -> str:
    """An exception in a line: type, message, the line of this file where it was raised."""
    try:
        message = str(error)[:_SAID_MAX]
    except BaseException:  # noqa: BLE001 - its __str__ is the program's
        message = ""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file_name:
            line = trace.tb_lineno
        trace = trace.tb_next
    place = f" (line {line})" if line is not None else ""
    return f"{type(error).__name__[:80]}: {message}{place}"


def failure_kind(error: BaseException) -> bytes:
    """The message kind of an error while a program is defined."""
    # A null byte in the source was a ValueError before 3.12.
    is_syntax = isinstance(error, SyntaxError) or (
        isinstance(error, ValueError) and "null bytes" in str(error)
    )
    return b"C" if is_syntax else b"X"


def warm_up() -> None:
    """Do in the zygote, once, what every child does, so that its caches are filled before forks.

    An interpreter specialises code, fills method caches and allocates as it runs; a page that
    is written before the fork is one that no child has to copy for that reason.
    """
    source = "from typing import List\ndef f(a: List[int], b: int) -> list:\n    return [a, b]\n"
    question = to_bytes(encode((([1, 2.5], "a"), {}, (), ())))
    sink = os.open("/dev/null", os.O_RDWR)
    for _ in range(_WARM_ROUNDS):
        inward, outward = os.pipe()
        os.write(outward, frame(texts("", source, "f")) + frame(question))
        prelude, program, entry = read_texts(read_frame(inward, 1 << 20) or b"")
        namespace: dict[str, Any] = {}
        define(prelude, program, namespace)
        target = find_entry(entry, namespace)
        answer_one(sink, read_frame(inward, 1 << 20) or b"", target, namespace)
        os.close(inward)
        os.close(outward)
    os.close(sink)
