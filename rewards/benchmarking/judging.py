"""Each reward on each row, one row a call, in a process that can be ended.

Rows go to a worker process in batches; a batch that ends its process is judged again row by row, so
that a reward which hangs, crashes or eats memory on one row loses that row only.

Not covered: a function that returns the wrong number of values only for batches of more than two.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, cast

from rewards.benchmarking.labelled import LabelledRow, LabelledSet
from rewards.scoring.judge import Job, ask_reward, resolve_for_job
from rewards.scoring.patience import PATIENCE_ROWS, RowLimits
from rewards.verdict import Status

if TYPE_CHECKING:
    from rewards.worker import JSON, TaskResult, WorkerPool

BATCH_ROWS = 16
_MEGABYTE = 2**10 if sys.platform == "linux" else 2**20  # of what `getrusage` counts in
_ENDINGS = {
    "wall_limit": "timeout",
    "cpu_limit": "timeout",
    "memory_limit": "memory",
    "died": "crash",
    "failed": "error",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one reward said about one row.

    Attributes:
        score: the score, or `None`.
        status: the verdict's status; "timeout", "memory", "crash" or "not_run" when the call did
            not return.
        extracted: what was read from the completion, if the reward says so.
        reason: why.
        seconds: wall seconds of the call, or `None` when it did not return.
    """

    score: float | None
    status: str
    extracted: str | None
    reason: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One reward on one set.

    Attributes:
        judgements: one per row, in order.
        peak_mb: the most memory that a process judging rows held.
    """

    judgements: tuple[Judgement, ...]
    peak_mb: float


def judge_set(source: str, labelled: LabelledSet, *, search_path: str, limits: RowLimits) -> Judged:
    """One reward on every row of a set.

    Raises:
        WorkerError: no worker process can be started.
    """
    from rewards.worker import Budget, WorkerPool  # noqa: PLC0415 - only where it is used

    job: Job = {
        "rewards": [("", source)],
        "completion": labelled.completion,
        "prompt": labelled.prompt,
        "reference": None,
        "search_path": search_path,
    }
    budget = Budget(cpu_s=None, wall_s=limits.timeout_s, memory_mb=limits.memory_mb)
    with WorkerPool(
        "rewards.benchmarking.judging:judge_batch",
        budget=budget,
        preload=["rewards"],
        initializer="rewards.scoring.judge:prepare",
        initargs=[cast("JSON", job)],
        message_mb=512,
    ) as pool:
        pool.start()
        return _Run(pool, job, limits).judge(labelled.rows)


def judge_batch(
    job: Job,
    rows: Sequence[dict[str, object]],
    warm_up: bool,  # noqa: FBT001 - tasks have positional arguments only
) -> tuple[list[tuple[float | None, str, str | None, str, float]], float]:
    """What a worker process does: each row judged by a call of its own, and its peak memory.

    What is loaded at the first call is no row's own time, and a function that does not return one
    value per completion is found by two completions, not by one: a warm-up call is for both.
    """
    ((_, source),) = job["rewards"]
    reward = resolve_for_job(source, job["reference"], job["search_path"])
    misshapen = None
    if warm_up:
        first = ask_reward(reward, [rows[0], rows[0]], job)[0]
        if first.status is Status.ERROR and "one value per completion" in first.reason:
            misshapen = first
    found = []
    for row in rows:
        started = perf_counter()
        verdict = misshapen or ask_reward(reward, [row], job)[0]
        seconds = perf_counter() - started
        found.append(
            (verdict.score, verdict.status.value, verdict.extracted, verdict.reason, seconds)
        )
    return found, _peak_mb()


def _peak_mb() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource  # noqa: PLC0415 - not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE


class _Run:
    """One reward's batches, one after another."""

    def __init__(self, pool: WorkerPool, job: Job, limits: RowLimits) -> None:
        self._pool, self._job, self._limits = pool, job, limits
        self._peak_mb = 0.0
        self._hung = 0
        self._batch_rows = BATCH_ROWS

    def judge(self, rows: Sequence[LabelledRow]) -> Judged:
        """Judge rows in order, and stop asking a reward that hangs on row after row."""
        found: list[Judgement] = []
        while len(found) < len(rows):
            found += self._judge_batch(rows[len(found) :][: self._batch_rows])
        return Judged(tuple(found), self._peak_mb)

    def _judge_batch(self, rows: Sequence[LabelledRow]) -> list[Judgement]:
        if self._hung < PATIENCE_ROWS:
            result = self._ask(rows, warm_up=True)
            if result.ending.value == "done":
                self._hung = 0
                return self._read(result)
        found = [self._judge_row(row) for row in rows]
        if all(one.seconds is not None for one in found):  # only their number was too large
            self._batch_rows = max(1, self._batch_rows // 4)
        return found

    def _judge_row(self, row: LabelledRow) -> Judgement:
        if self._hung >= PATIENCE_ROWS:
            reason = f"not called: it hung on {PATIENCE_ROWS} rows one after another"
            return Judgement(None, "not_run", None, reason, None)
        result = self._ask([row], warm_up=False)
        if result.ending.value == "done":
            self._hung = 0
            return self._read(result)[0]
        status = _ENDINGS[result.ending.value]
        self._hung = self._hung + 1 if status == "timeout" else 0
        return Judgement(None, status, None, self._reason(status, result), None)

    def _ask(self, rows: Sequence[LabelledRow], *, warm_up: bool) -> TaskResult:
        columns = [dict(row.columns) for row in rows]
        return self._pool.run(cast("JSON", self._job), cast("JSON", columns), warm_up)

    def _read(self, result: TaskResult) -> list[Judgement]:
        found, peak_mb = cast("tuple[list[list[object]], float]", result.value)
        self._peak_mb = max(self._peak_mb, peak_mb)
        return [Judgement(*fields) for fields in found]  # type: ignore[arg-type] # from JSON

    def _reason(self, status: str, result: TaskResult) -> str:
        if status == "timeout":
            return f"was ended after {self._limits.timeout_s:g} s (its limit)"
        if status == "memory":
            return f"took more than {self._limits.memory_mb} MB (its limit)"
        return "ended its worker process" if status == "crash" else result.error
