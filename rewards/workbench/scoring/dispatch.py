"""Chunks of rows over worker processes: in order, look-ahead bounded, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, nullcontext

from rewards.verdict import VerdictFields
from rewards.workbench.rows.rows import RawRow, parse_row
from rewards.workbench.scoring.chunk_judge import ChunkJudge
from rewards.workbench.scoring.judge import (
    JudgedChunk,
    error_fields,
    judge_fields,
    judge_rows,
)
from rewards.workbench.scoring.row_columns import with_paths
from rewards.workbench.scoring.row_limits import Patience, RowLimits, expect_patience
from rewards.workbench.scoring.row_parts import Job, Single, WireRow, pack, unfold_rows

CHUNK_ROWS = 64
CHUNK_CHARACTERS = 2**20
MOST_TOGETHER = 16


def chunk_rows(job: Job, rows: Iterable[RawRow]) -> Iterator[list[WireRow]]:
    """Group rows into chunks, small enough that many can be on their way at once.

    For a reward that compares the completions of a prompt, rows of one prompt that follow each
    other stay together, up to `MOST_TOGETHER` times what a chunk holds otherwise.
    """
    chunk: list[WireRow] = []
    size, full, last = 0, 0.0, None
    whole_groups = job.get("whole_groups", False)
    for row in rows:
        if whole_groups:
            group = _group_of(job, row)
            if full >= 1 and (group is None or group != last):
                yield chunk
                chunk, size = [], 0
            last = group
        chunk.append((row.line, row.text, row.flaw))
        size += len(row.text)
        full = max(len(chunk) / CHUNK_ROWS, size / CHUNK_CHARACTERS)
        if full >= (MOST_TOGETHER if whole_groups else 1):
            yield chunk
            chunk, size, full = [], 0, 0.0
    if chunk:
        yield chunk


def _group_of(job: Job, raw: RawRow) -> str | None:
    """What a row shares with the others of its prompt; `None` where nothing says."""
    row = parse_row(raw)
    if isinstance(row, str) or job["prompt"] is None:
        return None
    prompt = with_paths(row, job.get("paths", [])).get(job["prompt"])
    return None if prompt is None else json.dumps(prompt, sort_keys=True)


def judge_here(job: Job, rows: Iterable[RawRow]) -> Generator[JudgedChunk]:
    """Judge rows in this very process: for debugging, and where no process can be started.

    Without limits: a reward that hangs hangs the run, and one that crashes ends it. What it
    raises, `SystemExit` and `MemoryError` included, costs only its row; `KeyboardInterrupt` cannot
    be told from Ctrl-C and interrupts the run.
    """
    for chunk in chunk_rows(job, rows):
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


def _judge_row_here(job: Job, row: Single, label: str, source: str) -> VerdictFields:
    try:
        return judge_fields(job, pack([row]), [label])[label][0]
    except MemoryError:
        return error_fields(f"{source} asked for more memory than there is")


class KeptWorkers:
    """The worker processes of one file, kept for the next when that has the same job.

    >>> with closing(KeptWorkers()) as kept:  # doctest: +SKIP
    ...     for rows in files:
    ...         chunks = list(judge_in_workers(job, rows, workers=2, kept=kept))
    """

    def __init__(self) -> None:
        self._judge: ChunkJudge | None = None
        self._made_of: object = None

    def take(self, job: Job, workers: int, limits: RowLimits, patience: Patience) -> ChunkJudge:
        """Processes for this job: those of the file before, or new ones.

        Raises:
            WorkerError: they cannot be started.
        """
        made_of = (json.dumps(job), workers, limits)
        if self._judge is not None and self._made_of == made_of:
            self._judge.patience = patience
            return self._judge
        self.close()
        self._judge = ChunkJudge(job, workers=workers, limits=limits, patience=patience)
        self._made_of = made_of
        self._judge.start()
        return self._judge

    def close(self) -> None:
        """End them."""
        if self._judge is not None:
            self._judge.close()
            self._judge = None


def judge_in_workers(  # noqa: PLR0913 - options are keyword-only and have defaults
    job: Job,
    rows: Iterable[RawRow],
    *,
    workers: int,
    limits: RowLimits | None = None,
    patience: Patience | None = None,
    kept: KeptWorkers | None = None,
) -> Generator[JudgedChunk]:
    """Judge rows in `workers` processes at a time, in the order of the rows.

    Args:
        job: what to judge with.
        rows: what to judge.
        workers: how many processes may work at once.
        limits: what a user's reward may use.
        patience: what earlier runs wrote, counted.
        kept: processes that outlive this call; without it they end with the rows.

    Raises:
        WorkerError: no worker process can be started. It is not tried a second time.
    """
    from rewards.worker.stream import in_order

    limits = limits or RowLimits()
    patience = patience or expect_patience(job, limits)
    with nullcontext(kept) if kept is not None else closing(KeptWorkers()) as workers_kept:
        chunks = workers_kept.take(job, workers, limits, patience)
        for judged in in_order(chunks.judge, chunk_rows(job, rows), threads=workers):
            yield chunks.write(judged)
