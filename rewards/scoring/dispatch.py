"""Chunks of rows over worker processes: in order, look-ahead bounded, nothing lost.

A chunk whose process dies is judged again row by row, so that a row that kills its process costs
only itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, cast

from rewards.scoring.judge import Job, JudgedChunk, WireRow, fail_row, judge_rows
from rewards.scoring.rows import RawRow

if TYPE_CHECKING:
    from rewards.worker import JSON, TaskResult, WorkerPool

CHUNK_ROWS = 64
CHUNK_CHARACTERS = 2**20
_MESSAGE_MB = 512  # a row of the greatest length, escaped twice


def chunk_rows(rows: Iterable[RawRow]) -> Iterator[list[WireRow]]:
    """Group rows into chunks, small enough that many can be on their way at once."""
    chunk: list[WireRow] = []
    size = 0
    for row in rows:
        chunk.append((row.line, row.text, row.flaw))
        size += len(row.text)
        if len(chunk) >= CHUNK_ROWS or size >= CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def judge_here(job: Job, rows: Iterable[RawRow]) -> Generator[JudgedChunk]:
    """Judge rows in this very process: for debugging, and where no process can be started."""
    for chunk in chunk_rows(rows):
        yield judge_rows(job, chunk)


def judge_in_workers(job: Job, rows: Iterable[RawRow], *, workers: int) -> Generator[JudgedChunk]:
    """Judge rows in `workers` processes, in the order of the rows.

    Raises:
        WorkerError: no worker process can be started.
    """
    from rewards.worker import Budget, WorkerPool  # noqa: PLC0415 - only where it is used

    # No limits on a whole chunk: the rewards limit what each comparison may use.
    unlimited = Budget(cpu_s=None, wall_s=None, memory_mb=None)
    with WorkerPool(
        "rewards.scoring.judge:judge_rows",
        workers=workers,
        budget=unlimited,
        preload=["rewards"],
        initializer="rewards.scoring.judge:claim_one_cpu",
        message_mb=_MESSAGE_MB,
    ) as pool:
        sent: deque[list[WireRow]] = deque()
        for result in pool.run_many(_tasks(job, chunk_rows(rows), sent)):
            chunk = sent.popleft()
            if result.ending.value == "done":
                yield cast("JudgedChunk", result.value)
            elif len(chunk) == 1:
                yield fail_row(job, chunk[0], _reason(result))
            else:
                for row in chunk:
                    yield _judge_alone(pool, job, row)


def _tasks(
    job: Job, chunks: Iterable[list[WireRow]], sent: deque[list[WireRow]]
) -> Iterator[list[JSON]]:
    for chunk in chunks:
        sent.append(chunk)
        yield [cast("JSON", job), chunk]


def _judge_alone(pool: WorkerPool, job: Job, row: WireRow) -> JudgedChunk:
    result = pool.run(cast("JSON", job), [row])
    if result.ending.value == "done":
        return cast("JudgedChunk", result.value)
    return fail_row(job, row, _reason(result))


def _reason(result: TaskResult) -> str:
    if result.ending.value == "failed":  # it raised what no reward should, such as SystemExit
        return f"judging this row failed: {result.error}"
    # What else is known differs from run to run, and the output must not.
    return f"judging this row ended its worker process ({result.ending.value})"
