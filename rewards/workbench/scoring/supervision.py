"""A reward asked for rows in processes that can be ended: in batches, else row by row.

`rlvr score` and `rlvr bench` judge by the same rules. A reward gets a batch of rows; when the batch
fails its rows are asked for one by one, so that only the guilty row pays. Batches behind one that
failed are small, for such rows come one after another, and grow again.

The time limit of a user's reward is wall time, so a row that takes about as long as it may can pass
in one run and fail in the next; a row that sleeps into the limit is tried a second time.

Not covered: programs that a reward starts, which outlive a process that is ended; memory where
there is no `/proc`; a module that starts threads or a GPU when it is imported, since processes are
forked after that (let it do so at the first call).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from rewards.workbench.scoring.row_limits import RowLimits
from rewards.workbench.scoring.row_parts import Job

if TYPE_CHECKING:
    from rewards.worker import JSON, Budget, TaskResult, WorkerPool

Row = TypeVar("Row")

_MESSAGE_MB = 512  # a row of the greatest length, escaped twice
_KILLS = 3  # a row survives two: it is hardly the row that has its process killed from outside
_FAILURES = {
    "wall_limit": "timeout",
    "cpu_limit": "timeout",
    "memory_limit": "memory",
    "died": "crash",
    "failed": "error",
}


def open_pool(function: str, job: Job, budget: Budget, *, workers: int = 1) -> WorkerPool:
    """Processes that import a job's rewards once and do `function`; not started yet.

    A user's module is imported before processes are forked: an import may take longer than a row
    may, and would be repeated after each process that was ended.
    """
    from rewards.worker import WorkerPool

    return WorkerPool(
        function,
        workers=workers,
        budget=budget,
        preload=["rewards"],
        initializer="rewards.workbench.scoring.judge:prepare",
        initargs=[cast("JSON", job)],
        message_mb=_MESSAGE_MB,
    )


def budget_of_users(limits: RowLimits) -> Budget:
    """What a user's reward may use: wall seconds, for it may wait for a server, and memory."""
    from rewards.worker import Budget

    return Budget(cpu_s=None, wall_s=limits.timeout_s, memory_mb=limits.memory_mb)


def budget_of_ours(limits: RowLimits) -> Budget:
    """What a reward of ours may use: CPU seconds, which do not depend on the load, and memory.

    Each of its comparisons and programs has narrower limits of its own, in a further process that
    is not counted here: this is for what none of them foresaw.
    """
    from rewards.worker import Budget

    return Budget(cpu_s=limits.timeout_s, wall_s=None, memory_mb=limits.memory_mb)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a row got no verdict.

    Attributes:
        kind: "timeout", "memory", "crash" or "error".
        reason: what its reward did, in words; the same in each run, so without what was measured.
    """

    kind: str
    reason: str


def describe_failure(result: TaskResult, limits: RowLimits) -> Failure:
    """What a task that is not done says about the reward."""
    kind = _FAILURES[result.ending.value]
    if result.ending.value == "cpu_limit":
        return Failure(kind, f"used more than {limits.timeout_s:g} s of CPU (its limit)")
    reasons = {
        "timeout": limits.timeout_reason,
        "memory": f"took more than {limits.memory_mb} MB (its limit)",
        "crash": "ended its worker process",
    }
    return Failure(kind, reasons.get(kind, f"failed: {result.error}"))


class BatchSize:
    """How many rows a reward is asked for at once, by what became of those before.

    >>> size = BatchSize(16)
    >>> size.note_failed()
    >>> size.rows
    1
    >>> size.note_done()
    >>> size.rows
    2
    """

    def __init__(self, most: int) -> None:
        self.rows = self._most = most

    def note_done(self) -> None:
        """A batch was judged."""
        self.rows = min(2 * self.rows, self._most)

    def note_failed(self) -> None:
        """A batch failed."""
        self.rows = 1

    def note_too_many(self, rows: int) -> None:
        """A batch of so many rows failed, and each of them by itself was fine."""
        self._most = min(self._most, max(1, rows // 2))


@dataclass(frozen=True, slots=True)
class Answer(Generic[Row]):
    """Rows that were asked for together, and how that ended; `None`: the reward was not called.

    Of several rows it is always done.
    """

    rows: Sequence[Row]
    result: TaskResult | None

    @property
    def is_done(self) -> bool:
        """Whether there are verdicts."""
        return self.result is not None and self.result.is_done


def ask_batch(
    rows: Sequence[Row],
    ask: Callable[[Sequence[Row]], TaskResult],
    ask_alone: Callable[[Row], TaskResult | None],
    size: BatchSize,
) -> Generator[Answer[Row]]:
    """Ask for a batch of rows together, or else, as they are asked for, one by one.

    Args:
        rows: the batch.
        ask: judges several rows.
        ask_alone: judges one; `None` for not calling the reward any more.
        size: told how it went.
    """
    if len(rows) > 1:
        result = ask(rows)
        if result.is_done:
            size.note_done()
            yield Answer(rows, result)
            return
        size.note_failed()
    done = 0
    for row in rows:
        answer = Answer([row], _ask_patiently(ask_alone, row))
        done += answer.is_done
        yield answer
    if len(rows) == done == 1:
        size.note_done()
    elif len(rows) == done:
        size.note_too_many(done)


def _ask_patiently(ask_alone: Callable[[Row], TaskResult | None], row: Row) -> TaskResult | None:
    """Ask for a row, and again where something killed its process from outside."""
    for _ in range(_KILLS - 1):
        result = ask_alone(row)
        if result is None or result.ending.value != "died" or not _was_killed(result):
            return result
    return ask_alone(row)


def _was_killed(result: TaskResult) -> bool:
    """Whether a process that died was killed by another one, or by a system short of memory."""
    return "SIGKILL" in result.error or "server was lost" in result.error
