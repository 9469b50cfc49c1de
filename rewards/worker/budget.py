"""What one task may use.

Not covered: a limit on programs that the task starts, on disk, or on the network.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """The CPU seconds, wall seconds and megabytes of one task; `None` is no limit.

    The clocks start when the function starts, never while it waits for a worker. Memory is what
    the task adds to what its process held before, so preloaded modules are free. The CPU limit is
    the one that decides (it does not depend on the machine's load); the wall limit is there for
    a task that sleeps.

    Raises:
        ValueError: a limit is zero or negative.
    """

    cpu_s: float | None = 1.0
    wall_s: float | None = 10.0
    memory_mb: int | None = 512

    def __post_init__(self) -> None:
        for name in ("cpu_s", "wall_s", "memory_mb"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"Budget({name}={value}): a limit is above 0; None is no limit")


DEFAULT_BUDGET = Budget()
