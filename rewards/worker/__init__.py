"""A worker that can be killed: trusted functions on data that may eat CPU, memory or hang.

```python
with WorkerPool("sympy_compare:equal", workers=2, budget=Budget(cpu_s=1.0)) as pool:
    pool.run("x+x", "2*x").value
```

What it does **not** cover: attacks. The function is ours and the data is only data; a function
that runs model-written code belongs in `sandbox`. Nothing here is confined: a task sees the
user's files, environment and network. Limits bound the task's own process, not programs that it
starts, nor memory it shares with others.

`Budget` what a task may use · `TaskResult`, `Ending` what became of it · `WorkerPool` runs
tasks · `shared_pool` one pool for everybody in this process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewards.lazy import lazy_attributes

if TYPE_CHECKING:
    from rewards.worker.budget import Budget as Budget
    from rewards.worker.pool import WorkerPool as WorkerPool
    from rewards.worker.result import JSON as JSON
    from rewards.worker.result import Ending as Ending
    from rewards.worker.result import TaskResult as TaskResult
    from rewards.worker.shared import shared_pool as shared_pool

# Imported at first use: every server imports this package, and needs none of the pool's side.
_HOMES = {
    "JSON": "result",
    "Budget": "budget",
    "Ending": "result",
    "TaskResult": "result",
    "WorkerPool": "pool",
    "shared_pool": "shared",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the table above is the list
__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
