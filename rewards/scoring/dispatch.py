"""Chunks of rows over worker processes: in order, look-ahead bounded, nothing lost."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing

from rewards.scoring.isolation import Isolation
from rewards.scoring.judge import (
    Fields,
    Job,
    JudgedChunk,
    WireRow,
    error_fields,
    judge_fields,
    judge_rows,
    unfold_rows,
)
from rewards.scoring.patience import Patience, RowLimits, expect_patience
from rewards.scoring.rows import RawRow

CHUNK_ROWS = 64
CHUNK_CHARACTERS = 2**20


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
    """Judge rows in this very process: for debugging, and where no process can be started.

    Without limits: a reward that hangs hangs the run, and one that crashes ends it. What it
    raises, `SystemExit` and `MemoryError` included, costs only its row; `KeyboardInterrupt` cannot
    be told from Ctrl-C and interrupts the run.
    """
    for chunk in chunk_rows(rows):
        yield _judge_chunk_here(job, chunk)


def _judge_chunk_here(job: Job, chunk: list[WireRow]) -> JudgedChunk:
    try:
        return judge_rows(job, chunk)
    except MemoryError:
        known = {
            label: [_judge_row_here(job, row, label, source) for row in unfold_rows(job, chunk)]
            for label, source in job["rewards"]
        }
        return judge_rows(job, chunk, known)


def _judge_row_here(job: Job, row: WireRow, label: str, source: str) -> Fields:
    try:
        return judge_fields(job, [row], [label])[label][0]
    except MemoryError:
        return error_fields(f"{source} asked for more memory than there is")


def judge_in_workers(
    job: Job,
    rows: Iterable[RawRow],
    *,
    workers: int,
    limits: RowLimits | None = None,
    patience: Patience | None = None,
) -> Generator[JudgedChunk]:
    """Judge rows in `workers` processes at a time, in the order of the rows.

    Args:
        job: what to judge with.
        rows: what to judge.
        workers: how many processes may work at once.
        limits: what a user's reward may use.
        patience: what earlier runs wrote, counted.

    Raises:
        WorkerError: no worker process can be started. It is not tried a second time.
    """
    from rewards.worker.stream import in_order  # noqa: PLC0415 - only where it is used

    limits = limits or RowLimits()
    patience = patience or expect_patience(job, limits)
    with closing(Isolation(job, workers=workers, limits=limits, patience=patience)) as isolation:
        isolation.start()
        for judged in in_order(isolation.judge, chunk_rows(rows), threads=workers):
            yield isolation.write(judged)
