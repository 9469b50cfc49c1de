"""Rewards judged where they can do no harm: a user's under limits, ours without.

Ours limit what each comparison may use. A user's reward runs in processes of its own, first on a
batch of rows; when the batch fails its rows are judged again one by one, so that only the guilty
row gets an error, and only from the guilty reward.

The time limit is wall time, so a row that takes about as long as it may can pass in one run and
fail in the next; a row that sleeps into the limit is tried a second time.

Not covered: programs that a reward starts, which outlive a process that is ended; memory where
there is no `/proc`; a module that starts threads or a GPU when it is imported, since processes are
forked after that (let it do so at the first call).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rewards.workbench.scoring.judge import Fields, JudgedChunk, error_fields, judge_rows
from rewards.workbench.scoring.row_limits import PATIENCE_ROWS, Patience, RowLimits
from rewards.workbench.scoring.row_parts import (
    Job,
    Single,
    WireRow,
    find_flaws,
    pack,
    unfold_rows,
    users_rewards,
)

if TYPE_CHECKING:
    from rewards.worker import JSON, Budget, TaskResult, WorkerPool

_MESSAGE_MB = 512  # a row of the greatest length, escaped twice
_BATCH_ROWS = 64  # of a user's reward at first
_SHRINK = 4  # how much smaller batches become after one that was only too large


@dataclass(frozen=True, slots=True)
class Judged:
    """A chunk and what came of it: lines, or the fields to make them from.

    Attributes:
        chunk: its rows.
        singles: the same with one completion each.
        lines: the output.
        fields: for the output, of each of `singles`.
    """

    chunk: list[WireRow]
    singles: Sequence[Single] = ()
    lines: JudgedChunk | None = None
    fields: dict[str, list[Fields]] | None = None


class Isolation:
    """The worker processes of one run.

    `judge` may be called from as many threads as there are `workers`; `write` is called in the
    order of the rows.

    Attributes:
        patience: what was written so far, counted; a new file sets a new one.
    """

    def __init__(self, job: Job, *, workers: int, limits: RowLimits, patience: Patience) -> None:
        from rewards.worker import Budget  # noqa: PLC0415 - only where it is used

        self._job = job
        self._limits = limits
        self.patience = patience
        self._users = users_rewards(job)
        self._ours = [label for label, _ in job["rewards"] if label not in self._users]
        self._batch_rows = dict.fromkeys(self._users, _BATCH_ROWS)
        no_limit = Budget(cpu_s=None, wall_s=None, memory_mb=None)
        limited = Budget(cpu_s=None, wall_s=limits.timeout_s, memory_mb=limits.memory_mb)
        self._our_pool = self._pool(self._ours, no_limit, workers)
        self._users_pool = self._pool(list(self._users), limited, workers)

    def _pool(self, labels: Sequence[str], budget: Budget, workers: int) -> WorkerPool | None:
        from rewards.worker import WorkerPool  # noqa: PLC0415 - only where it is used

        if not labels:
            return None
        rewards = [(label, source) for label, source in self._job["rewards"] if label in labels]
        return WorkerPool(
            "rewards.workbench.scoring.judge:judge",
            workers=workers,
            budget=budget,
            preload=["rewards"],
            # A user's module is imported once, before processes are forked: an import may take
            # longer than a row may, and would be repeated after each process that was ended.
            initializer="rewards.workbench.scoring.judge:prepare",
            initargs=[cast("JSON", {**self._job, "rewards": rewards})],
            message_mb=_MESSAGE_MB,
        )

    def start(self) -> None:
        """Start the processes, once: what cannot start is not tried again for each row.

        Raises:
            WorkerError: they cannot be started.
        """
        for pool in (self._our_pool, self._users_pool):
            if pool is not None:
                pool.start()

    def close(self) -> None:
        """End the processes."""
        for pool in (self._our_pool, self._users_pool):
            if pool is not None:
                pool.close()

    def judge(self, chunk: list[WireRow]) -> Judged:
        """Judge a chunk of rows.

        Raises:
            WorkerError: a worker process cannot be started any more.
        """
        if not self._users and self._our_pool is not None:
            result = self._run(self._our_pool, chunk, None)
            if result.ending.value == "done":
                return Judged(chunk, lines=cast("JudgedChunk", result.value))
        fields: dict[str, list[Fields]] = {}
        singles = unfold_rows(self._job, chunk)
        if self._our_pool is not None:
            fields |= self._judge_ours(self._our_pool, singles)
        if self._users_pool is not None:
            for label in self._users:
                fields[label] = self._judge_users(self._users_pool, singles, label)
        return Judged(chunk, singles, fields=fields)

    def write(self, judged: Judged) -> JudgedChunk:
        """The output of a chunk; rewards that ran out of patience are not heard."""
        if judged.lines is not None:
            return judged.lines
        fields = judged.fields or {}
        for at, row in enumerate(judged.singles):
            for label in self.patience.given_up:
                fields[label][at : at + 1] = self._skipped([row], label)
            self.patience.count({label: column[at] for label, column in fields.items()})
        return judge_rows(self._job, judged.chunk, fields)

    def _judge_ours(self, pool: WorkerPool, chunk: Sequence[Single]) -> dict[str, list[Fields]]:
        result = self._run(pool, chunk, self._ours)
        if result.ending.value == "done":
            return cast("dict[str, list[Fields]]", result.value)
        return {
            label: [self._judge_row(pool, row, label)[0] for row in chunk] for label in self._ours
        }

    def _judge_users(self, pool: WorkerPool, chunk: Sequence[Single], label: str) -> list[Fields]:
        hanging = self._limits.describe_timeout(self._users[label])
        # From this chunk's start: what `write` knows of the rows before can only end it sooner.
        patience = Patience({label: hanging})
        found: list[Fields] = []
        while len(found) < len(chunk):
            if label in patience.given_up or label in self.patience.given_up:
                return found + self._skipped(chunk[len(found) :], label)
            batch = chunk[len(found) : len(found) + self._batch_rows[label]]
            for fields in self._judge_batch(pool, batch, label):
                patience.count({label: fields})
                found.append(fields)
                if label in patience.given_up or label in self.patience.given_up:
                    break
        return found

    def _judge_batch(
        self, pool: WorkerPool, batch: Sequence[Single], label: str
    ) -> Iterator[Fields]:
        """Judge rows together, or else, as they are asked for, one by one."""
        too_large = False
        if len(batch) > 1:
            result = self._run(pool, batch, [label])
            if result.ending.value == "done":
                yield from cast("dict[str, list[Fields]]", result.value)[label]
                return
            too_large = result.ending.value in {"wall_limit", "memory_limit"}
        for row in batch:
            fields, ending = self._judge_row(pool, row, label)
            too_large = too_large and ending == "done"
            yield fields
        if too_large:  # no row is at fault, only their number
            smaller = max(1, len(batch) // _SHRINK)
            self._batch_rows[label] = min(self._batch_rows[label], smaller)

    def _judge_row(self, pool: WorkerPool, row: Single, label: str) -> tuple[Fields, str]:
        """What is written for one row and one reward, and how judging it ended."""
        result = self._run(pool, [row], [label])
        if result.ending.value == "done":
            return cast("dict[str, list[Fields]]", result.value)[label][0], "done"
        return error_fields(self._reason(label, result)), result.ending.value

    def _run(
        self, pool: WorkerPool, rows: Sequence[WireRow | Single], labels: Sequence[str] | None
    ) -> TaskResult:
        sent = rows if labels is None else pack(cast("Sequence[Single]", rows))
        return pool.run(cast("JSON", self._job), cast("JSON", sent), None, labels)

    def _skipped(self, rows: Sequence[Single], label: str) -> list[Fields]:
        reason = (
            f"not called: {self._users[label]} was ended after {self._limits.timeout_s:g} s on "
            f"{PATIENCE_ROWS} rows one after another"
        )
        return [error_fields(flaw or reason) for flaw in find_flaws(self._job, pack(rows))]

    def _reason(self, label: str, result: TaskResult) -> str:
        """Why a reward failed on a row; the same in each run, so without what was measured."""
        name = self._users.get(label, label)
        ending = result.ending.value
        if ending == "wall_limit":
            return self._limits.describe_timeout(name)
        if ending == "memory_limit" and label in self._users:
            return f"{name} took more than {self._limits.memory_mb} MB (its limit)"
        if ending in {"memory_limit", "failed"}:
            return f"{name} failed: {result.error}"
        return f"{name} ended its worker process"
