"""The result of one task: how it ended, its value or its error, and what it used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"


class Ending(str, Enum):
    """How a task ended; all but `DONE` leave no value."""

    DONE = "done"
    FAILED = "failed"  # the function raised, or an argument or its result was not JSON
    CPU_LIMIT = "cpu_limit"  # never retried: CPU seconds do not depend on the machine's load
    WALL_LIMIT = "wall_limit"  # retried once when little CPU was used
    MEMORY_LIMIT = "memory_limit"
    DIED = "died"  # killed from outside or crashed, twice


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The ending of one task, with what it used.

    `value` is what the function returned (`DONE` only), `error` what went wrong otherwise.
    `cpu_s` and `wall_s` are seconds of the last attempt, without starting a worker; `attempts`
    counts how often the task was handed to a worker (0: its arguments could not be sent).
    """

    ending: Ending
    value: JSON | None
    error: str
    cpu_s: float
    wall_s: float
    attempts: int

    @property
    def is_done(self) -> bool:
        """Whether the function returned."""
        return self.ending is Ending.DONE
