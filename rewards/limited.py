"""Rewards whose judgement may eat CPU or memory, done in a process that can be killed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar

from rewards.errors import InputError
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.verdict import Status, Verdict
from rlvr_cpus import cpus_per_rank

if TYPE_CHECKING:
    from rewards.worker import JSON, TaskResult, WorkerPool


@dataclass(frozen=True, slots=True)
class Task:
    """What to hand over for one completion, and what its verdict will show."""

    arguments: Sequence[JSON]
    extracted: str | None = None
    expected: str | None = None


@dataclass(frozen=True, kw_only=True)
class JudgedApart(Reward):
    """A reward that prepares a task in this process and has it judged in another one.

    Attributes:
        cpu_s: CPU seconds one completion may take; more scores 0.0 as a time-out.
        memory_mb: megabytes it may take; more scores 0.0 as a time-out.

    Raises:
        InputError: a limit is not above 0.
    """

    cpu_s: float = 1.0
    memory_mb: int = 512

    function: ClassVar[str]
    """The judge, as `package.module:name`: takes the task's arguments, returns a status's value
    (`correct`, `wrong`, `bad_format`, `bad_reference`) and the reason."""
    preload: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if self.cpu_s <= 0 or self.memory_mb <= 0:
            raise InputError(f"{self.name}: cpu_s and memory_mb must be above 0")

    @abstractmethod
    def prepare(self, sample: Sample) -> Task | Verdict:
        """What to judge; or the verdict, where it is clear already."""

    def judge(self, sample: Sample) -> Verdict:
        """Judge one completion."""
        return self._settle([self.prepare(sample)])[0]

    def judge_many(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Judge samples, in order, on all workers together."""
        verdicts = self._settle([self._prepare_safely(sample) for sample in samples])
        for sample, verdict in zip(samples, verdicts, strict=True):
            self._warn_of(sample, verdict)
        return verdicts

    def warm_up(self) -> None:
        """Start the workers now rather than in the first training step.

        Raises:
            WorkerError: they cannot be started.
        """
        self._pool().start()

    def _prepare_safely(self, sample: Sample) -> Task | Verdict:
        try:
            return self.prepare(sample)
        except Exception as error:  # noqa: BLE001 - one bad row must not end a training run
            return self._failed(error)

    def _settle(self, prepared: Sequence[Task | Verdict]) -> list[Verdict]:
        tasks = [item for item in prepared if isinstance(item, Task)]
        if not tasks:
            return [item for item in prepared if isinstance(item, Verdict)]
        started = perf_counter()
        results = iter(list(self._pool().run_many([task.arguments for task in tasks])))
        seconds = (perf_counter() - started) / len(tasks)
        return [
            replace(self._concluded(item, next(results)), seconds=seconds)
            if isinstance(item, Task)
            else item
            for item in prepared
        ]

    def _concluded(self, task: Task, result: TaskResult) -> Verdict:
        from rewards.worker import Ending  # only where something is judged

        if result.is_done and isinstance(result.value, list):
            status, reason = Status(result.value[0]), str(result.value[1])
        elif result.ending is Ending.CPU_LIMIT:
            status, reason = Status.TIMEOUT, f"spent the CPU budget of {self.cpu_s:g} s"
        elif result.ending is Ending.MEMORY_LIMIT:
            status, reason = Status.TIMEOUT, f"spent the memory budget of {self.memory_mb} MB"
        else:
            status, reason = Status.ERROR, f"{result.ending.value}: {result.error[:300]}"
        score = None if not status.is_scored else float(status is Status.CORRECT)
        return Verdict(score, status, task.extracted, task.expected, reason)

    def _pool(self) -> WorkerPool:
        from rewards.worker import Budget, shared_pool

        # Wall time is no measure of work on a loaded machine: only a task that sleeps meets it.
        budget = Budget(cpu_s=self.cpu_s, wall_s=10 + 20 * self.cpu_s, memory_mb=self.memory_mb)
        return shared_pool(
            self.function, workers=cpus_per_rank(), budget=budget, preload=self.preload
        )
