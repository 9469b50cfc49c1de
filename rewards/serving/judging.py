"""Batches judged in worker processes: cut into pieces, in order, nothing lost.

The rules are those of `rlvr score`: what a row does to its process costs that row its verdict, a
process killed from outside costs nothing but time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from rewards.errors import InputError, MissingColumnError, WorkerError
from rewards.serving.catalogue import Catalogue, Offer
from rewards.serving.options import ServeOptions
from rewards.serving.work_queue import WorkQueue
from rewards.verdict import Status, Verdict
from rewards.workbench.scoring.row_limits import RowLimits
from rewards.workbench.scoring.supervision import BatchSize, ask_batch, describe_failure
from rewards.worker import JSON, Budget, Ending, TaskResult, WorkerPool

VerdictJSON = dict[str, Any]

_PIECE_ROWS = 16
_MESSAGE_MB = 512
_OURS_AGAIN = 2
_SLEEP_S = 600.0  # of ours, which the CPU limit ends; on a busy machine a row may take long
_STARTS_AGAIN_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_AHEAD = 2  # pieces of one request that wait for each thread; others come in between


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Completions to be judged by one reward, as `Reward.verdicts` or `Reward.verify` take them.

    Attributes:
        completions: texts or chat messages.
        prompts, completion_ids: one for each, or `None`.
        references: one for each, judged as by `verify`; `None` to find them in the columns.
        columns: further cells, one for each completion, by name.
        trainer_state: how far training is, for rewards that change with it.

    Raises:
        InputError: a list is not as long as the completions.
    """

    completions: Sequence[object]
    prompts: Sequence[object] | None = None
    completion_ids: Sequence[object] | None = None
    references: Sequence[object] | None = None
    columns: Mapping[str, Sequence[object]]
    trainer_state: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        count = len(self.completions)
        given = {
            "prompts": self.prompts,
            "completion_ids": self.completion_ids,
            "references": self.references,
            **self.columns,
        }
        for name, cells in given.items():
            if cells is not None and len(cells) != count:
                raise InputError(
                    f"{name} has {len(cells)} values for {count} completions; give one for each"
                )

    def rows(self, start: int, end: int) -> Batch:
        """Some of it."""
        return Batch(
            completions=self.completions[start:end],
            prompts=self.prompts and self.prompts[start:end],
            completion_ids=self.completion_ids and self.completion_ids[start:end],
            references=None if self.references is None else self.references[start:end],
            columns={name: cells[start:end] for name, cells in self.columns.items()},
            trainer_state=self.trainer_state,
        )

    def to_json(self) -> JSON:
        """What a worker process is sent."""
        return cast("JSON", vars(self))


class Judges:
    """The worker processes of a server, behind its queue.

    Args:
        options: how many, and what a row may use.
        catalogue: whose rewards they know.
    """

    def __init__(self, options: ServeOptions, catalogue: Catalogue) -> None:
        self.queue = WorkQueue(threads=options.workers, most_rows=options.queue)
        self._limits = RowLimits(timeout_s=options.row_cpu_s, memory_mb=options.row_memory_mb)
        self._users_limits = RowLimits(
            timeout_s=options.row_wall_s, memory_mb=options.row_memory_mb
        )
        sources = catalogue.users_sources
        ours = Budget(cpu_s=options.row_cpu_s, wall_s=_SLEEP_S, memory_mb=options.row_memory_mb)
        users = replace(ours, cpu_s=None, wall_s=options.row_wall_s)
        self._ours = _pool(options, [], ours)
        self._users = _pool(options, sources, users) if sources else None

    def start(self) -> None:
        """Start the processes.

        Raises:
            WorkerError: they cannot be started.
        """
        for pool in filter(None, (self._ours, self._users)):
            pool.start()

    def close(self) -> None:
        """End the processes and the threads."""
        self.queue.close()
        for pool in filter(None, (self._ours, self._users)):
            pool.close()

    async def judge(self, offer: Offer, batch: Batch) -> list[VerdictJSON]:
        """The verdicts on a batch, in order.

        Raises:
            BusyError: too many rows wait.
            InputError: the reward cannot be asked about such a batch.
            WorkerError: no worker process can be started any more.
        """
        count = len(batch.completions)
        if not count:
            return []
        size = _piece_rows(offer, count, self.queue.threads)
        pieces = [batch.rows(start, start + size) for start in range(0, count, size)]
        turn = asyncio.Semaphore(_AHEAD * self.queue.threads)

        async def one(piece: Batch) -> list[VerdictJSON]:
            async with turn:
                return await self.queue.run(self._judge_piece, offer, piece)

        with self.queue.admit(count):
            tasks = [asyncio.ensure_future(one(piece)) for piece in pieces]
            try:
                found = await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
        return [verdict for piece in found for verdict in piece]

    async def perform(self, task: str, *arguments: JSON) -> TaskResult:
        """Do another task of `tasks` in a worker process.

        Raises:
            BusyError: too many rows wait.
            InputError: it cannot be done with these arguments.
            WorkerError: no worker process can be started any more.
        """
        with self.queue.admit(1):
            result = await self.queue.run(_do_surely, self._ours, task, *arguments)
        if result.is_done:
            _raise_refusal(result.value)
        return result

    def _judge_piece(self, offer: Offer, piece: Batch) -> list[VerdictJSON]:
        """In a thread: a piece judged together, or else row by row."""
        pool = self._users if offer.is_users and self._users is not None else self._ours
        if offer.whole_batch:
            result = _do(pool, "judge", offer.source, piece.to_json())
            count = len(piece.completions)
            return _read(result) or [self._failed(offer, result) for _ in range(count)]
        rows = [piece.rows(at, at + 1) for at in range(len(piece.completions))]

        def ask(asked: Sequence[Batch]) -> TaskResult:
            together = piece if len(asked) > 1 else asked[0]
            return _do(pool, "judge", offer.source, together.to_json())

        found: list[VerdictJSON] = []
        for answer in ask_batch(rows, ask, lambda row: ask([row]), BatchSize(len(rows))):
            result = cast("TaskResult", answer.result)
            found += _read(result) or [self._failed(offer, result)]
        for _ in range(0 if offer.is_users else _OURS_AGAIN):
            # What stays without a verdict through a fault of ours, such as a sandbox that was
            # killed twice, is asked for once more; what is the row's own fault stays as it is.
            for at, verdict in enumerate(found):
                if verdict["status"] == Status.ERROR.value:
                    result = ask([rows[at]])
                    found[at] = (_read(result) or [self._failed(offer, result)])[0]
        return found

    def _failed(self, offer: Offer, result: TaskResult) -> VerdictJSON:
        if result.ending is Ending.WALL_LIMIT and not offer.is_users:
            reason = f"{offer.name} gave no verdict within {_SLEEP_S:g} s"
            return {**Verdict(None, Status.ERROR, reason=reason).to_dict()}
        failure = describe_failure(result, self._users_limits if offer.is_users else self._limits)
        reason = f"{offer.name} {failure.reason}"
        if not offer.is_users and result.ending in {Ending.CPU_LIMIT, Ending.MEMORY_LIMIT}:
            # A bomb is the completion's doing: it costs it the reward, as any other wrong answer.
            return {**Verdict(0.0, Status.TIMEOUT, reason=reason).to_dict()}
        return {**Verdict(None, Status.ERROR, reason=reason).to_dict()}


def _pool(options: ServeOptions, sources: Sequence[str], budget: Budget) -> WorkerPool:
    return WorkerPool(
        "rewards.serving.tasks:perform",
        workers=options.workers,
        budget=budget,
        preload=["rewards", "rewards.rules.accuracy", "rewards.rules.program"],
        initializer="rewards.serving.tasks:prepare",
        initargs=[list(sources)],
        message_mb=_MESSAGE_MB,
    )


def _do(pool: WorkerPool, *arguments: JSON) -> TaskResult:
    """Do a task, also where what starts the processes is killed while it starts.

    Raises:
        WorkerError: no process can be started, try after try.
    """
    pauses = iter(_STARTS_AGAIN_S)
    while True:
        try:
            return pool.run(*arguments)
        except WorkerError:  # noqa: PERF203 - a start takes seconds anyway
            pause_s = next(pauses, None)
            if pause_s is None or pool.closed:
                raise
            time.sleep(pause_s)


def _do_surely(pool: WorkerPool, *arguments: JSON) -> TaskResult:
    """Do a task, again where its process died or its sandbox failed.

    Raises:
        WorkerError: as `_do`.
    """
    for _ in range(_OURS_AGAIN):
        result = _do(pool, *arguments)
        failed = isinstance(result.value, Mapping) and result.value.get("status") == "infra_error"
        if result.ending is not Ending.DIED and not failed:
            return result
    return _do(pool, *arguments)


def _piece_rows(offer: Offer, count: int, threads: int) -> int:
    if offer.whole_batch:
        return count
    if offer.runs_programs:
        return 1
    return max(1, min(_PIECE_ROWS, -(-count // threads)))


def _read(result: TaskResult) -> list[VerdictJSON]:
    """The verdicts that a process sent; none where it failed."""
    if not result.is_done:
        return []
    _raise_refusal(result.value)
    return cast("dict[str, list[VerdictJSON]]", result.value)["verdicts"]


def _raise_refusal(value: object) -> None:
    if isinstance(value, Mapping) and "refused" in value:
        kind = MissingColumnError if value.get("missing") else InputError
        raise kind(str(value["refused"]))
