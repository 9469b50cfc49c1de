"""Completions a second against worker processes, each reward by itself.

What was measured is scoring as `rlvr score` and a trainer do it: batches of rows, caches empty,
every process with what the reward loads at its first call. Rows on which a call did not return
before are left out, and a batch that takes far longer than its rows took is ended.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter, sleep
from typing import TYPE_CHECKING, cast

from rewards.errors import InputError
from rewards.workbench.benchmarking.judging import Judgement, job_for, load_reward, started_pool
from rewards.workbench.benchmarking.labelled import LabelledSet
from rewards.workbench.scoring.judge import ask_reward, resolve_for_job
from rewards.workbench.scoring.row_limits import RowLimits
from rewards.workbench.scoring.row_parts import Job
from rlvr_cpus import usable_cpus

if TYPE_CHECKING:
    from rewards.worker import JSON, WorkerPool

REPEATS = 3
_BATCH_ROWS = 32
_MAX_ROWS = 4096
_MAX_SECONDS = 3.0  # of one repeat with one worker, by what the rows took before
_SLACK = 5  # how much longer than its rows took by themselves a batch may take
_GRACE_S = 5.0  # and what comes on top, for what a process loads at its first call
_MAX_WORKERS = 1024
_OVERLAP_S = 0.2  # how long a warm-up holds its process, so that the next one gets another


@dataclass(frozen=True, slots=True)
class Throughput:
    """One reward with one number of worker processes.

    Attributes:
        workers: how many.
        rows: completions in one repeat.
        runs_s: wall seconds of each repeat.
        per_s: completions a second, the median of the repeats; `None` where there is none.
        reason: why there is none, or "".
    """

    workers: int
    rows: int
    runs_s: tuple[float, ...]
    per_s: float | None
    reason: str = ""


def read_workers(text: str) -> tuple[int, ...]:
    """Numbers of workers from `1,2,4`; `auto` is one, and all processors that may be used.

    Raises:
        InputError: a number is none, or is too large.

    >>> read_workers("1,4,2")
    (1, 2, 4)
    """
    if text.strip().lower() == "auto":
        return tuple(sorted({1, usable_cpus()}))
    numbers = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in numbers) or not all(
        0 < int(part) <= _MAX_WORKERS for part in numbers
    ):
        raise InputError(
            f"--throughput {text}: write numbers of worker processes from 1 to {_MAX_WORKERS:,} "
            "with commas between them (1,2,4), or auto"
        )
    return tuple(sorted(set(map(int, numbers))))


def measure_throughput(  # noqa: PLR0913 - options are keyword-only
    source: str,
    sets: Sequence[tuple[LabelledSet, Sequence[Judgement]]],
    *,
    workers: Sequence[int],
    search_path: str,
    limits: RowLimits,
    repeats: int = REPEATS,
) -> list[Throughput]:
    """How many completions a second a reward judges, for each number of workers.

    Args:
        source: the reward.
        sets: rows, and what the reward said about them when each was judged by itself.
        workers: how many processes, one figure each.
        search_path: see `reward_named`.
        limits: what one call may use.
        repeats: how often each figure is taken; the numbers of workers take turns.

    Raises:
        WorkerError: no worker process can be started.
    """
    batches = [
        (job_for(source, labelled, search_path), rows, seconds)
        for labelled, said in sets
        for rows, seconds in _batches(
            labelled,
            said,
            share=len(labelled.rows) / sum(len(one.rows) for one, _ in sets),
            workers=max(workers),
        )
    ]
    rows = sum(len(batch) for _, batch, _ in batches)
    if not batches:
        reason = "no call returned a score"
        return [Throughput(count, 0, (), None, reason) for count in workers]
    slowest = max(seconds for _, _, seconds in batches)
    limits = replace(limits, timeout_s=limits.timeout_s + _SLACK * slowest + _GRACE_S)
    runs: dict[int, list[float]] = {count: [] for count in workers}
    flaws: dict[int, str] = {}
    for _ in range(repeats):
        for count in workers:
            if count in flaws:
                continue
            with started_pool(
                "rewards.workbench.benchmarking.throughput:judge_together",
                batches[0][0],
                limits,
                workers=count,
            ) as pool:
                seconds, flaw = _run_once(pool, [(job, batch) for job, batch, _ in batches], count)
            runs[count].append(seconds)
            if flaw:
                flaws[count] = f"a batch of rows that were judged alone {flaw}"
    return [
        Throughput(count, rows, tuple(runs[count]), None, flaws[count])
        if count in flaws
        else Throughput(count, rows, tuple(runs[count]), rows / median(runs[count]))
        for count in workers
    ]


def judge_together(job: Job, rows: Sequence[dict[str, object]], hold_s: float) -> int:
    """What a worker process does: a batch judged by one call, or a warm-up that holds it."""
    ((_, source),) = job["rewards"]
    reward = resolve_for_job(source, job["reference"], job["search_path"])
    if hold_s:
        load_reward(reward, rows[0], job)
        sleep(hold_s)
        return 0
    return len(ask_reward(reward, rows, job))


def _run_once(
    pool: WorkerPool, batches: Sequence[tuple[Job, Sequence[Mapping[str, object]]]], workers: int
) -> tuple[float, str]:
    """Wall seconds of all batches, and how one of them ended if it did not return."""
    first, rows = batches[0]
    warm = [_task(first, rows[:1], hold_s=_OVERLAP_S)] * workers
    list(pool.run_many(warm))
    started = perf_counter()
    for result in pool.run_many(_task(job, batch) for job, batch in batches):
        if not result.is_done:
            return perf_counter() - started, f"ended with {result.ending.value}"
    return perf_counter() - started, ""


def _task(
    job: Job, rows: Sequence[Mapping[str, object]], *, hold_s: float = 0.0
) -> tuple[JSON, JSON, JSON]:
    return cast("JSON", job), cast("JSON", [dict(row) for row in rows]), hold_s


def _batches(
    labelled: LabelledSet, said: Sequence[Judgement], *, share: float, workers: int
) -> list[tuple[list[Mapping[str, object]], float]]:
    """Batches of rows that were judged, evenly chosen so that a repeat is short; their seconds.

    `share` is the part of all rows that this set's are.
    """
    judged = [
        (row.columns, one.seconds)
        for row, one in zip(labelled.rows, said, strict=True)
        if one.seconds is not None and one.status != "error"
    ]
    seconds = sum(took for _, took in judged)
    too_many = max(len(judged) / (_MAX_ROWS * share), seconds / (_MAX_SECONDS * share), 1.0)
    chosen = judged[:: math.ceil(too_many)]
    # So many that no worker is idle for long while the last batches are judged.
    size = max(1, min(_BATCH_ROWS, len(chosen) // (4 * workers)))
    batches = [chosen[at : at + size] for at in range(0, len(chosen), size)]
    return [([row for row, _ in batch], sum(took for _, took in batch)) for batch in batches]
