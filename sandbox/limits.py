"""How much one run may use.

Not covered: the whole machine. `workers` times `memory_mb` may be more than it has; programs that
share files with nobody cannot fill a disk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of one test, and of all the tests of one program.

    CPU time decides: a process that computes and gets little of a busy machine may take longer
    than `wall_s`, which ends those that sleep.

    Attributes:
        wall_s: wall seconds, measured outside the process.
        cpu_s: CPU seconds over all its threads, measured outside.
        total_s: CPU seconds of all the tests of one program together; by default no limit.
        memory_mb: address space beyond what the bare interpreter takes, or the data segment where
            a runtime reserves address space it never uses (Go, Java, JavaScript).
        processes: how many a Python program may be at a time, itself among them: with more than
            one, `subprocess` and `multiprocessing` work. CPU time, memory and output are those of
            all of them together. Needs namespaces.
        output_mb: what may be printed, and the most one answer may weigh on its way back.
        compile_wall_s, compile_memory_mb: for the compiler of a compiled language.
    """

    wall_s: float = 10.0
    cpu_s: float = 5.0
    memory_mb: int = 512
    total_s: float = math.inf
    processes: int = 1
    output_mb: float = 4.0
    compile_wall_s: float = 60.0
    compile_memory_mb: int = 3072

    @property
    def total_wall_s(self) -> float:
        """Wall seconds for all the tests of one program: in proportion to the CPU time."""
        return self.total_s * max(1.0, self.wall_s / self.cpu_s)

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f"Limits.{name} is {value!r}; it must be positive")
