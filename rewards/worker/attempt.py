"""One task, tried again when the machine rather than the task was to blame."""

from __future__ import annotations

import itertools
import signal
import time
from typing import TYPE_CHECKING

from rewards.worker import frames
from rewards.worker.link import ServerLostError
from rewards.worker.result import Ending, TaskResult
from rewards.worker.server.child import describe

if TYPE_CHECKING:
    from rewards.worker.budget import Budget
    from rewards.worker.link import Death
    from rewards.worker.processes import Lease, Processes

_SERVER_LOSSES = 3  # a task survives two: it is hardly the task that ends servers
_SIGPROF = getattr(signal, "SIGPROF", None)
_ids = itertools.count(1)


def run_with_retry(processes: Processes, lease: Lease, body: bytes) -> TaskResult:
    """Attempt a task; once more if its process died, or slept into the wall limit.

    Raises:
        WorkerError: no worker can be started.
    """
    attempts = losses = 0
    while True:
        attempts += 1
        try:
            result = _attempt(processes, lease, body, attempts)
        except ServerLostError:
            losses += 1
            processes.drop_server(lease)
            if losses < _SERVER_LOSSES:
                continue
            error = f"the worker's server was lost {losses} times"
            return TaskResult(Ending.DIED, None, error, 0.0, 0.0, attempts)
        if attempts - losses > 1 or not _deserves_another(result, processes.plan.budget):
            return result


def _deserves_another(result: TaskResult, budget: Budget) -> bool:
    """Whether the machine rather than the task may be to blame."""
    if result.ending is Ending.WALL_LIMIT:
        return result.cpu_s < 0.5 * (budget.cpu_s or result.wall_s)
    return result.ending is Ending.DIED


def _attempt(processes: Processes, lease: Lease, body: bytes, attempt: int) -> TaskResult:
    link = processes.ready_link(lease)
    budget = processes.plan.budget
    before_s, task_id, start = link.spent_s, next(_ids), time.monotonic()
    late = False
    lease.busy = True
    try:
        data = link.exchange(task_id, body, budget.wall_s)
    except TimeoutError:
        late = True
    except EOFError:
        pass
    else:
        wall_s = time.monotonic() - start
        lease.busy = False
        try:
            reply = frames.decode_reply(data)
        except (ValueError, RecursionError) as why:
            processes.end_link(lease)
            error = f"the result cannot be read in this process: {describe(why)}"
            return TaskResult(Ending.FAILED, None, error, 0.0, wall_s, attempt)
        link.spent_s = reply.spent_s
        if reply.retire:
            processes.end_link(lease)
        return TaskResult(reply.ending, reply.value, reply.error, reply.cpu_s, wall_s, attempt)
    wall_s = time.monotonic() - start
    death = link.end()
    lease.link, lease.busy = None, False
    cpu_s = max(0.0, death.spent_s - before_s)
    ending, error = _judge(death, cpu_s, budget, late=late)
    if ending is Ending.CPU_LIMIT:
        cpu_s = max(cpu_s, budget.cpu_s or 0.0)
    if ending is Ending.DIED:
        error += processes.log_tail(lease)
    return TaskResult(ending, None, error, cpu_s, wall_s, attempt)


def _judge(death: Death, cpu_s: float, budget: Budget, *, late: bool) -> tuple[Ending, str]:
    """What the end of a process in the middle of a task says about the task."""
    if late:
        return Ending.WALL_LIMIT, f"no answer after {budget.wall_s:g} s ({cpu_s:.2g} s of CPU)"
    if death.signal == _SIGPROF and budget.cpu_s is not None:
        return Ending.CPU_LIMIT, f"more than {budget.cpu_s:g} s of CPU"
    return Ending.DIED, f"its process was ended by {_name(death.signal)}"


def _name(number: int) -> str:
    """A signal's name, or that the process ended by itself."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}" if number else "itself"
