"""The process that does tasks: read one, do it under limits, answer, repeat.

It never survives a limit: the kernel kills it for CPU, whoever watches the clock kills it for
wall time, and after a `MemoryError` or when it has grown it asks to be replaced.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from rewards.worker import frames
from rewards.worker.result import Ending
from rewards.worker.server.limits import TaskLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from rewards.worker.plan import Plan
    from rewards.worker.result import JSON

_MAX_ERROR_CHARS = 2000


def serve(
    receive: Callable[[], tuple[int, bytes]],
    write: Callable[[memoryview], int],
    function: Callable[..., JSON],
    plan: Plan,
) -> None:
    """Answer tasks until `receive` raises `EOFError`."""
    limits = TaskLimits(plan.budget)
    largest = limits.held_bytes() + (plan.growth_mb << 20)
    answered = 0
    while True:
        try:
            task_id, body = receive()
        except EOFError:
            return
        ending, error, value, cpu_s = _perform(function, body, limits, plan.max_bytes)
        answered += 1
        retire = (
            ending is Ending.MEMORY_LIMIT
            or answered >= plan.tasks_per_child
            or limits.held_bytes() > largest
        )
        reply = frames.Reply(ending, None, error, cpu_s, time.process_time(), retire)
        frames.send(write, task_id, frames.encode_reply(reply, value))


def _perform(
    function: Callable[..., JSON], body: bytes, limits: TaskLimits, max_bytes: int
) -> tuple[Ending, str, str, float]:
    """One task as (ending, error, value as JSON text, CPU seconds)."""
    start = time.process_time()
    ending, error, value = Ending.FAILED, "", "null"
    try:
        arguments = json.loads(body)
        start = time.process_time()
        limits.arm()
        try:
            result = function(*arguments)
            try:
                value = json.dumps(result)
            except (TypeError, ValueError, RecursionError) as why:
                error = f"the result ({type(result).__name__}) is not JSON: {describe(why)}"
            else:
                ending = Ending.DONE
        finally:
            limits.lift()
    except MemoryError as why:
        ending, error = Ending.MEMORY_LIMIT, describe(why)
    except BaseException as why:  # noqa: BLE001  # SystemExit included: the task failed, we go on
        error = describe(why)
    cpu_s = time.process_time() - start
    if len(value) > max_bytes:
        ending = Ending.FAILED
        error = f"the result's {len(value):,} bytes are above the cap of {max_bytes:,}"
    return ending, error, value if ending is Ending.DONE else "null", cpu_s


def describe(why: BaseException) -> str:
    """`Type: message` of an exception, even of one that cannot print itself."""
    try:
        message = str(why)
    except Exception as again:  # noqa: BLE001  # a foreign __str__ may raise anything
        message = f"<its message raised {type(again).__name__}>"
    if len(message) > _MAX_ERROR_CHARS:
        message = message[:_MAX_ERROR_CHARS] + " …"
    return f"{type(why).__name__}: {message}" if message else type(why).__name__
