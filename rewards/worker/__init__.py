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

from rewards.worker.budget import Budget
from rewards.worker.pool import WorkerPool
from rewards.worker.result import JSON, Ending, TaskResult
from rewards.worker.shared import shared_pool

__all__ = ["JSON", "Budget", "Ending", "TaskResult", "WorkerPool", "shared_pool"]
