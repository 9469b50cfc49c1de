"""Each reward on each row, in a process that can be ended.

A row is asked for by a call of its own, or together with its group where that is how the reward
will be used. Rows go to a worker process in batches; a batch that ends its process is judged again
row by row, so that a reward which hangs, crashes or eats memory on one row loses that row only. The
next batches are small, for such rows come one after another.

Some functions return the right number of values for one completion and a wrong one for many. So
rows that were judged alone are asked for once more in batches of several sizes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from time import perf_counter
from typing import TYPE_CHECKING, cast

from rewards.errors import RlvrError
from rewards.named.reward_function import RewardFunction
from rewards.reward import Reward
from rewards.workbench.benchmarking.labelled import LabelledRow, LabelledSet
from rewards.workbench.benchmarking.shapes import BATCH_SIZES, find_differences, find_misshapen
from rewards.workbench.scoring.judge import ask_reward, resolve_for_job
from rewards.workbench.scoring.row_limits import PATIENCE_ROWS, RowLimits
from rewards.workbench.scoring.row_parts import Job
from rewards.workbench.scoring.supervision import (
    Answer,
    BatchSize,
    ask_batch,
    budget_of_users,
    describe_failure,
    open_pool,
)

if TYPE_CHECKING:
    from rewards.worker import JSON, TaskResult, WorkerPool

BATCH_ROWS = 16
_MEGABYTE = 2**10 if sys.platform == "linux" else 2**20  # of what `getrusage` counts in


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one reward said about one row.

    Attributes:
        score: the score, or `None`.
        status: the verdict's status; "timeout", "memory", "crash" or "not_run" when the call did
            not return.
        extracted: what was read from the completion, if the reward says so.
        reason: why.
        seconds: wall seconds of the call, its row's share where rows were judged together, or
            `None` when it did not return.
    """

    score: float | None
    status: str
    extracted: str | None
    reason: str
    seconds: float | None

    def rewarded(self, threshold: float) -> bool:
        """Whether the score is above a threshold; none at all is not."""
        return self.score is not None and self.score > threshold


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """One reward on one set.

    Attributes:
        judgements: one per row, in order.
        peak_mb: the most memory that a process judging rows held.
    """

    judgements: tuple[Judgement, ...]
    peak_mb: float


@dataclass
class Record:
    """What is known of one reward, from set to set.

    Attributes:
        hung: on how many rows it hung one after another, the last ones asked for.
        shape_known: whether it was asked for rows in batches of several sizes.
        misshapen: how it was found to return a wrong number of values, or "".
        batch_dependent: how scores in a batch were found to differ from those of rows judged
            alone, or "".
    """

    hung: int = 0
    shape_known: bool = False
    misshapen: str = ""
    batch_dependent: str = ""

    @property
    def given_up(self) -> bool:
        """Whether it is not called any more."""
        return self.hung >= PATIENCE_ROWS


def judge_set(  # noqa: PLR0913 - options are keyword-only
    source: str,
    labelled: LabelledSet,
    *,
    search_path: str,
    limits: RowLimits,
    record: Record | None = None,
    groups: Sequence[Sequence[int]] | None = None,
) -> JudgedSet:
    """One reward on every row of a set.

    Args:
        source: the reward.
        labelled: the rows.
        search_path: see `reward_named`.
        limits: what one call may use.
        record: what is known of the reward from earlier sets; brought up to date.
        groups: places of rows to judge together, each row in one of them; by default each row is
            judged alone.

    Raises:
        WorkerError: no worker process can be started.
    """
    job = job_for(source, labelled, search_path)
    with started_pool("rewards.workbench.benchmarking.judging:judge_batch", job, limits) as pool:
        run = _Run(pool, job, limits, record or Record())
        if groups is None:
            return run.judge(labelled.rows)
        return run.judge_groups(labelled.rows, groups)


def job_for(source: str, labelled: LabelledSet, search_path: str) -> Job:
    """What all calls of one reward on one set have in common."""
    return {
        "rewards": [("", source)],
        "completion": labelled.completion,
        "prompt": labelled.prompt,
        "reference": labelled.reference,
        "tests": labelled.tests,
        "search_path": search_path,
    }


@contextmanager
def started_pool(
    function: str, job: Job, limits: RowLimits, *, workers: int = 1
) -> Iterator[WorkerPool]:
    """Processes that have imported a job's reward and can be ended.

    Raises:
        WorkerError: no worker process can be started.
    """
    with open_pool(function, job, budget_of_users(limits), workers=workers) as pool:
        pool.start()
        yield pool


def judge_batch(
    job: Job, rows: Sequence[dict[str, object]], task: str, warm_up: dict[str, object] | None
) -> (
    tuple[list[tuple[float | None, str, str | None, str, float]], float]
    | tuple[str, list[float | None]]
):
    """What a worker process does, with one of these tasks.

    "alone" judges each row by a call of its own, "together" all rows by one call; both return the
    verdicts and the process's peak memory. "shape" returns what `find_misshapen` does.

    What is loaded at the first call is no row's own time: a new process is called with `warm_up`
    before.
    """
    ((_, source),) = job["rewards"]
    reward = resolve_for_job(source, job["reference"], job["search_path"])
    if task == "shape":
        return find_misshapen(reward, rows, job)
    if warm_up is not None and source not in _warm:
        load_reward(reward, warm_up, job)
    _warm.add(source)
    found = []
    for batch in [rows] if task == "together" else [[row] for row in rows]:
        started = perf_counter()
        verdicts = ask_reward(reward, batch, job)
        seconds = (perf_counter() - started) / len(batch)
        found += [
            (verdict.score, verdict.status.value, verdict.extracted, verdict.reason, seconds)
            for verdict in verdicts
        ]
    return found, _peak_mb()


_warm: set[str] = set()  # the rewards that this process has called


def load_reward(reward: Reward | RewardFunction, row: dict[str, object], job: Job) -> None:
    """Call a reward for what it loads at its first call, and start its workers if it has some."""
    ask_reward(reward, [row], job)
    if callable(start := getattr(reward, "warm_up", None)):
        with suppress(RlvrError):  # what cannot be started is the verdict of the rows that need it
            start()


def _peak_mb() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE


class _Run:
    """One reward's batches, one after another."""

    def __init__(self, pool: WorkerPool, job: Job, limits: RowLimits, record: Record) -> None:
        self._pool, self._job, self._limits, self._record = pool, job, limits, record
        self._peak_mb = 0.0
        self._size = BatchSize(BATCH_ROWS)
        self._harmless: dict[str, object] | None = None  # a row that was judged

    def judge(self, rows: Sequence[LabelledRow]) -> JudgedSet:
        """Judge rows in order, and stop asking a reward that hangs on row after row."""
        found: list[Judgement] = []
        while len(found) < len(rows):
            found += self._judge_batch(rows[len(found) :][: self._size.rows], "alone")
        return self._judged(found)

    def judge_groups(
        self, rows: Sequence[LabelledRow], groups: Sequence[Sequence[int]]
    ) -> JudgedSet:
        """Judge rows group by group."""
        found: dict[int, Judgement] = {}
        for places in groups:
            said = self._judge_batch([rows[at] for at in places], "together")
            found.update(zip(places, said, strict=True))
        return self._judged([found[at] for at in range(len(rows))])

    def _judged(self, found: Sequence[Judgement]) -> JudgedSet:
        if self._record.misshapen:
            broken = Judgement(None, "error", None, self._record.misshapen, None)
            found = [broken] * len(found)
        return JudgedSet(tuple(found), self._peak_mb)

    def _judge_batch(self, rows: Sequence[LabelledRow], task: str) -> list[Judgement]:
        if self._record.given_up:
            return [self._skipped()] * len(rows)
        found: list[Judgement] = []
        alone = task == "alone"
        for answer in ask_batch(
            rows, lambda some: self._ask(some, task), self._ask_alone, self._size
        ):
            found += self._read(answer)
            alone = alone or len(answer.rows) == 1  # as those of a group that failed are
        returned = [at for at, one in enumerate(found) if one.seconds is not None]
        if returned:
            said = [found[at] for at in returned]
            self._check_shape([rows[at] for at in returned], said, alone=alone)
        return found

    def _check_shape(
        self, rows: Sequence[LabelledRow], said: Sequence[Judgement], *, alone: bool
    ) -> None:
        """Ask for rows that can be judged in batches of several sizes, once."""
        if self._record.shape_known:
            return
        self._record.shape_known = True
        for size in BATCH_SIZES:
            result = self._ask(list(islice(cycle(rows), size)), "shape")
            if not result.is_done:  # a batch that takes too long proves nothing
                return
            flaw, scores = cast("tuple[str, list[float | None]]", result.value)
            self._record.misshapen = flaw
            if flaw:
                return
            if alone:
                expected = [one.score for one in islice(cycle(said), size)]
                self._record.batch_dependent = find_differences(expected, scores)

    def _skipped(self) -> Judgement:
        reason = f"not called: it hung on {PATIENCE_ROWS} rows one after another"
        return Judgement(None, "not_run", None, reason, None)

    def _ask_alone(self, row: LabelledRow) -> TaskResult | None:
        return None if self._record.given_up else self._ask([row], "alone")

    def _ask(self, rows: Sequence[LabelledRow], task: str) -> TaskResult:
        columns = [dict(row.columns) for row in rows]
        # A single row has its limit to itself: loading might not leave enough of it.
        warm_up = (self._harmless or columns[0]) if len(rows) > 1 else None
        result = self._pool.run(
            cast("JSON", self._job), cast("JSON", columns), task, cast("JSON", warm_up)
        )
        if result.is_done:
            self._harmless = self._harmless or columns[0]
        return result

    def _read(self, answer: Answer[LabelledRow]) -> list[Judgement]:
        if answer.result is None:
            return [self._skipped()]
        if not answer.is_done:
            failure = describe_failure(answer.result, self._limits)
            self._record.hung = self._record.hung + 1 if failure.kind == "timeout" else 0
            reason = answer.result.error if failure.kind == "error" else failure.reason
            return [Judgement(None, failure.kind, None, reason, None)]
        self._record.hung = 0
        found, peak_mb = cast("tuple[list[list[object]], float]", answer.result.value)
        self._peak_mb = max(self._peak_mb, peak_mb)
        return [Judgement(*fields) for fields in found]  # type: ignore[arg-type] # from JSON
