"""The untrusted side of function tests: define the program, answer one call at a time.

Not covered: honesty. Whatever this process sends is the program's guess; the trusted process
compares it. It never learns what is expected.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
from types import CodeType, ModuleType
from typing import Any

from sandbox.wire import WireError, decode, encode, from_bytes, to_bytes
from sandbox.zygote.databases import open_without_locks
from sandbox.zygote.fitting import fit_arguments, fit_changed, fit_result
from sandbox.zygote.nodes import ListNode, TreeNode, build_list, build_tree
from sandbox.zygote.platform_names import platform_builtins
from sandbox.zygote.protocol import PLATFORM, frame, read_frame, read_texts, texts, write_all

MODULE_NAME = "solution"
FILE_NAME = "solution.py"
_QUESTION_MAX = 1 << 30  # from the trusted process
_SAID_MAX = 300
_WARM_ROUNDS = 20
_STARTING = frozenset({"fork", "forkpty", "system", "popen", "posix_spawn", "posix_spawnp"})
_NO_PROCESSES = "; a program may start no process here, see Limits(processes=…)"
_NO_MODULE = "; not installed here, or not among the sandbox's modules"
_alone = True


def answer_calls(channel: int) -> None:
    """Serve the calls of one run, then end the process."""
    prelude, source, entry, given = read_texts(read_frame(channel, _QUESTION_MAX) or b"")
    namespace = make_namespace(given)
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


def make_namespace(given: str) -> dict[str, Any]:
    """The program's module, with the platform's names if it is given those."""
    module = ModuleType(MODULE_NAME)
    sys.modules[MODULE_NAME] = module
    if given == PLATFORM:
        module.__dict__["__builtins__"] = platform_builtins()
    return module.__dict__


def execute(source: str | ast.Module, file_name: str, namespace: dict[str, Any]) -> None:
    """Run source as a file of its own would run: none of our `__future__` imports apply to it."""
    exec(compile(source, file_name, "exec", dont_inherit=True), namespace)  # noqa: S102 - our trade


def define(prelude: str, source: str, namespace: dict[str, Any]) -> None:
    """Run the trusted prelude and then the program in one namespace."""
    if prelude:
        execute(prelude, "<prelude>", namespace)
    prepare_for(source)
    execute(source, FILE_NAME, namespace)


def prepare_for(source: str) -> None:
    """Let a program find its source, which lies in no file, and keep databases in files."""
    open_without_locks(source)
    if "getsource" in source:
        linecache.cache[FILE_NAME] = (len(source), None, source.splitlines(True), FILE_NAME)


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
        args, kwargs, positions, steps, loose = decode_arguments(question, namespace)
        given = after = [*args, *kwargs.values()]
        if steps:
            result: object = _follow(steps, namespace)
        else:
            function = eval(target, namespace)  # noqa: S307 - the tests name the entry
            if loose:
                args, kwargs = fit_arguments(function, args, kwargs)
                after = [*args, *kwargs.values()]
            result = finish_coroutine(function(*args, **kwargs))
            if loose:
                result = fit_result(function, result)
        became = [fit_changed(given[position], after[position]) for position in positions]
        answer = to_bytes(encode((result, *became)))
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
    """What a coroutine returns, in an event loop where the program uses one; else the result."""
    if hasattr(type(result), "__await__") and hasattr(result, "send"):
        asyncio = sys.modules.get("asyncio")
        if asyncio is not None:
            return asyncio.run(result)
        try:
            result.send(None)
        except StopIteration as end:
            return end.value
        raise RuntimeError("the coroutine waits for an event loop that nobody imported")
    return result


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
    hint = _NO_PROCESSES if _alone and isinstance(error, OSError) and _forks(error) else ""
    if isinstance(error, ModuleNotFoundError) and _is_of_others(error.name):
        hint = _NO_MODULE
    return f"{type(error).__name__[:80]}: {message}{place}{hint}"


def _is_of_others(module: object) -> bool:
    """Whether a module's name is none of Python's own."""
    return isinstance(module, str) and module.partition(".")[0] not in sys.stdlib_module_names


def allow_processes() -> None:
    """Say no more of a failure that processes are not allowed."""
    global _alone  # noqa: PLW0603 - of this child
    _alone = False


def _forks(error: BaseException) -> bool:
    """Whether an error comes from where a process is started, or something that one needs."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.endswith("/subprocess.py") or "/multiprocessing/" in code.co_filename:
            return True
        if not _STARTING.isdisjoint(code.co_names) and trace.tb_next is None:
            return True
        trace = trace.tb_next
    return False


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
    question = to_bytes(encode((([1, 2.5], "a"), {}, (), (), False)))
    platform_builtins()
    sink = os.open("/dev/null", os.O_RDWR)
    for _ in range(_WARM_ROUNDS):
        inward, outward = os.pipe()
        os.write(outward, frame(texts("", source, "f", "")) + frame(question))
        prelude, program, entry, _ = read_texts(read_frame(inward, 1 << 20) or b"")
        namespace: dict[str, Any] = {}
        define(prelude, program, namespace)
        target = find_entry(entry, namespace)
        answer_one(sink, read_frame(inward, 1 << 20) or b"", target, namespace)
        os.close(inward)
        os.close(outward)
    os.close(sink)
