"""Chunks of rows judged in worker processes: our rewards together, a user's each by itself.

Both are under limits. What one reward does to a row costs that row one verdict, never another row
and never the verdict of another reward.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rewards.verdict import Status, Verdict, VerdictFields
from rewards.workbench.scoring.judge import JudgedChunk, error_fields, judge_rows
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
from rewards.workbench.scoring.supervision import (
    Answer,
    BatchSize,
    ask_batch,
    budget_of_ours,
    budget_of_users,
    describe_failure,
    open_pool,
)

if TYPE_CHECKING:
    from rewards.worker import JSON, Budget, TaskResult, WorkerPool

_BATCH_ROWS = 64


@dataclass(frozen=True, slots=True)
class PendingChunk:
    """A chunk that was judged and is not written yet: its lines, or the fields to make them from.

    Attributes:
        chunk: its rows.
        singles: the same with one completion each.
        lines: the output.
        fields: for the output, of each of `singles`.
    """

    chunk: list[WireRow]
    singles: Sequence[Single] = ()
    lines: JudgedChunk | None = None
    fields: dict[str, list[VerdictFields]] | None = None


class ChunkJudge:
    """The worker processes of one run.

    `judge` may be called from as many threads as there are `workers`; `write` is called in the
    order of the rows.

    Attributes:
        patience: what was written so far, counted; a new file sets a new one.
    """

    def __init__(self, job: Job, *, workers: int, limits: RowLimits, patience: Patience) -> None:
        self._job = job
        self._limits = limits
        self.patience = patience
        self._users = users_rewards(job)
        self._ours = [label for label, _ in job["rewards"] if label not in self._users]
        self._sizes = {label: BatchSize(_BATCH_ROWS) for label, _ in job["rewards"]}
        self._our_pool = self._pool(self._ours, budget_of_ours(limits), workers)
        self._users_pool = self._pool(list(self._users), budget_of_users(limits), workers)

    def _pool(self, labels: Sequence[str], budget: Budget, workers: int) -> WorkerPool | None:
        if not labels:
            return None
        rewards = [(label, source) for label, source in self._job["rewards"] if label in labels]
        job: Job = {**self._job, "rewards": rewards}
        return open_pool("rewards.workbench.scoring.judge:judge", job, budget, workers=workers)

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

    def judge(self, chunk: list[WireRow]) -> PendingChunk:
        """Judge a chunk of rows.

        Raises:
            WorkerError: a worker process cannot be started any more.
        """
        if not self._users and self._our_pool is not None:
            result = self._run(self._our_pool, chunk, None)
            if result.ending.value == "done":
                return PendingChunk(chunk, lines=cast("JudgedChunk", result.value))
        fields: dict[str, list[VerdictFields]] = {}
        singles = unfold_rows(self._job, chunk)
        if self._our_pool is not None:
            fields |= self._judge_ours(self._our_pool, singles)
        if self._users_pool is not None:
            for label in self._users:
                fields[label] = self._judge_users(self._users_pool, singles, label)
        return PendingChunk(chunk, singles, fields=fields)

    def write(self, judged: PendingChunk) -> JudgedChunk:
        """The output of a chunk; a reward that was given up says so on each further row."""
        if judged.lines is not None:
            return judged.lines
        fields = judged.fields or {}
        for at, row in enumerate(judged.singles):
            for label in self.patience.given_up:
                fields[label][at : at + 1] = self._skipped([row], label)
            self.patience.count({label: column[at] for label, column in fields.items()})
        return judge_rows(self._job, judged.chunk, fields)

    def _judge_ours(
        self, pool: WorkerPool, chunk: Sequence[Single]
    ) -> dict[str, list[VerdictFields]]:
        result = self._run(pool, chunk, self._ours)
        if result.ending.value == "done":
            return cast("dict[str, list[VerdictFields]]", result.value)
        return {label: self._judge_apart(pool, chunk, label) for label in self._ours}

    def _judge_apart(
        self, pool: WorkerPool, chunk: Sequence[Single], label: str
    ) -> list[VerdictFields]:
        found: list[VerdictFields] = []
        while len(found) < len(chunk):
            batch = chunk[len(found) :][: self._sizes[label].rows]
            for answer in self._ask(pool, batch, label):
                found += self._read(answer, label)
        return found

    def _judge_users(
        self, pool: WorkerPool, chunk: Sequence[Single], label: str
    ) -> list[VerdictFields]:
        hanging = self._limits.describe_timeout(self._users[label])
        # From this chunk's start: what `write` knows of the rows before can only end it sooner.
        patience = Patience({label: hanging})
        found: list[VerdictFields] = []
        while len(found) < len(chunk):
            if label in patience.given_up or label in self.patience.given_up:
                return found + self._skipped(chunk[len(found) :], label)
            batch = chunk[len(found) :][: self._sizes[label].rows]
            with closing(self._ask(pool, batch, label)) as answers:
                for answer in answers:
                    for fields in self._read(answer, label):
                        patience.count({label: fields})
                        found.append(fields)
                    if label in patience.given_up or label in self.patience.given_up:
                        break
        return found

    def _ask(
        self, pool: WorkerPool, batch: Sequence[Single], label: str
    ) -> Generator[Answer[Single]]:
        return ask_batch(
            batch,
            lambda rows: self._run(pool, rows, [label]),
            lambda row: self._run(pool, [row], [label]),
            self._sizes[label],
        )

    def _read(self, answer: Answer[Single], label: str) -> list[VerdictFields]:
        """What is written for these rows and one reward."""
        result = cast("TaskResult", answer.result)
        if answer.is_done:
            return cast("dict[str, list[VerdictFields]]", result.value)[label]
        failure = describe_failure(result, self._limits)
        reason = f"{self._users.get(label, label)} {failure.reason}"
        if label in self._ours and failure.kind in {"timeout", "memory"}:
            # A bomb is the completion's doing: it costs it the reward, as any other wrong answer.
            spent = Verdict(0.0, Status.TIMEOUT, reason=reason)
            return [{**spent.to_dict(seconds=False)}]
        return [error_fields(reason)]

    def _run(
        self, pool: WorkerPool, rows: Sequence[WireRow | Single], labels: Sequence[str] | None
    ) -> TaskResult:
        sent = rows if labels is None else pack(cast("Sequence[Single]", rows))
        return pool.run(cast("JSON", self._job), cast("JSON", sent), None, labels)

    def _skipped(self, rows: Sequence[Single], label: str) -> list[VerdictFields]:
        reason = (
            f"not called: {self._users[label]} was ended after {self._limits.timeout_s:g} s on "
            f"{PATIENCE_ROWS} rows one after another"
        )
        return [error_fields(flaw or reason) for flaw in find_flaws(self._job, pack(rows))]
