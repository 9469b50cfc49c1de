"""Blocks of rows judged as Ray tasks: in order, look-ahead bounded, nothing lost with a node.

The process that was started reads and writes; tasks parse, judge and make the lines. A task is a
function of its rows and the job, so one that was lost with its node is done again elsewhere, and
the output is that of any other run, byte for byte. In a Ray worker the rewards run in a process of
their own that can be ended, as they do without Ray.

Not covered: own code that lies on this machine alone (`mine.py:length` is imported where the task
runs: every node needs it at the same path); files that only other nodes see.
"""

from __future__ import annotations

import logging
import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from rewards.errors import InputError, WorkerError
from rewards.extras import require_package
from rewards.verdict import VerdictFields
from rewards.workbench.rows.rows import RawRow
from rewards.workbench.scoring.chunk_judge import ChunkJudge, PendingChunk
from rewards.workbench.scoring.dispatch import KeptWorkers, chunk_rows
from rewards.workbench.scoring.judge import JudgedChunk
from rewards.workbench.scoring.row_limits import Patience, RowLimits, expect_patience
from rewards.workbench.scoring.row_parts import Job, WireRow, unfold_rows

HERE = "local"
"""The address that means: start Ray on this machine."""

BLOCK_ROWS = 512
_BLOCK_CHARACTERS = 2**23
_BLOCKS_AHEAD = 3  # for each CPU of the cluster
_LEAST_AHEAD = 4

TRIES = 20
"""How often a task is done: nodes may go; what ends every worker it meets must not run for ever."""

Told = tuple[JudgedChunk | None, dict[str, list[VerdictFields]] | None]
"""What a task says of a chunk: its lines, or the fields to make them from."""


def judge_on_ray(
    job: Job,
    rows: Iterable[RawRow],
    *,
    address: str,
    limits: RowLimits | None = None,
    patience: Patience | None = None,
) -> Generator[JudgedChunk]:
    """Judge rows as Ray tasks, in the order of the rows.

    Args:
        job: what to judge with.
        rows: what to judge.
        address: of a running cluster (`auto`, `host:6379`, `ray://host:10001`), or `local`.
        limits: what a user's reward may use.
        patience: what earlier runs wrote, counted.

    Raises:
        MissingExtraError: Ray is not installed.
        InputError: there is no cluster at that address.
        WorkerError: a task failed again and again.
    """
    ray = connect(address)
    limits = limits or RowLimits()
    patience = patience or expect_patience(job, limits)
    task = ray.remote(
        num_cpus=1, max_retries=TRIES, retry_exceptions=[WorkerError], scheduling_strategy="SPREAD"
    )(judge_block)
    told_job = ray.put((job, limits.timeout_s, limits.memory_mb))
    ahead = max(_LEAST_AHEAD, int(_BLOCKS_AHEAD * ray.cluster_resources().get("CPU", 1)))
    pending: deque[tuple[list[list[WireRow]], Any]] = deque()
    # Never started: it only writes what tasks found, in the order of the rows.
    with closing(ChunkJudge(job, workers=1, limits=limits, patience=patience)) as writer:
        for block in blocks(job, rows):
            pending.append((block, task.remote(told_job, block)))
            if len(pending) >= ahead:
                yield from _written(ray, job, writer, *pending.popleft())
        while pending:
            yield from _written(ray, job, writer, *pending.popleft())


def _written(
    ray: Any, job: Job, writer: ChunkJudge, block: Sequence[list[WireRow]], reference: Any
) -> Iterator[JudgedChunk]:
    try:
        told: Sequence[Told] = ray.get(reference)
    except ray.exceptions.RayError as error:
        raise WorkerError(f"a Ray task failed: {str(error).strip().splitlines()[-1]}") from error
    for chunk, (lines, fields) in zip(block, told, strict=True):
        singles = () if fields is None else unfold_rows(job, chunk)
        yield writer.write(PendingChunk(chunk, singles, lines=lines, fields=fields))


def blocks(job: Job, rows: Iterable[RawRow]) -> Iterator[list[list[WireRow]]]:
    """Chunks of rows together, as many as are worth a task."""
    block: list[list[WireRow]] = []
    count = size = 0
    for chunk in chunk_rows(job, rows):
        block.append(chunk)
        count += len(chunk)
        size += sum(len(text) for _, text, _ in chunk)
        if count >= BLOCK_ROWS or size >= _BLOCK_CHARACTERS:
            yield block
            block, count, size = [], 0, 0
    if block:
        yield block


KEPT = KeptWorkers()
"""Of this Ray worker; the next task has mostly the same job."""


def judge_block(told_job: tuple[Job, float, int], block: Sequence[list[WireRow]]) -> list[Told]:
    """What a task does: judge the chunks of a block.

    Raises:
        WorkerError: no process can be started here.
    """
    job, timeout_s, memory_mb = told_job
    limits = RowLimits(timeout_s=timeout_s, memory_mb=memory_mb)
    judge = KEPT.take(job, 1, limits, expect_patience(job, limits))
    judged = [judge.judge(chunk) for chunk in block]
    return [(one.lines, one.fields) for one in judged]


def connect(address: str) -> Any:
    """Ray, connected; what is connected already stays so.

    Raises:
        MissingExtraError: Ray is not installed.
        InputError: there is no cluster at that address.
    """
    require_package("ray", needed_by="--ray", extra="ray")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    if ray.is_initialized():
        return ray
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        ray.init(
            address=address,  # `local` is Ray's own word; no address would take a cluster it finds
            logging_level=logging.ERROR,
            log_to_driver=False,
            **({"include_dashboard": False} if address == HERE else {}),
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        said = str(error).strip().splitlines()
        raise InputError(f"--ray {address}: {said[0] if said else type(error).__name__}") from error
    finally:
        for number, handler in before.items():  # it takes SIGTERM; how a run ends is ours to say
            signal.signal(number, handler)
    return ray
