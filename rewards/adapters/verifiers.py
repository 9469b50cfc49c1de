r"""verifiers (and prime-rl, whose environments are verifiers'): a reward plugged into any taskset.

```bash
RLVR_REWARD='accuracy(tolerance=1e-3)' vf-eval my-taskset \
  --env.taskset.task.rewards '{"near": {"fn": "rewards.adapters.verifiers:rlvr", "weight": 1}}'
```

verifiers 0.4 awaits it with the task's data and the trace, in the worker of an environment server:
verdicts are made in a thread. A trace without a score gets none under the plugged name. The verdict
goes into `trace.info["rlvr"]`, which `traces.jsonl` keeps.

The row is the task's data; the reference its field `answer`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rewards.adapters.bridge import Bridge, Row, Source, bridge, prompt_in


def reward(
    source: Source | None = None,
) -> Callable[[Any, Any], Awaitable[float | dict[str, float]]]:
    """The function for `task.rewards`, for one reward; awaited inside `@vf.reward` as well.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
    """
    crossed = bridge("verifiers", source)

    async def judged(task: Any, trace: Any) -> float | dict[str, float]:
        return await _judge(crossed, task, trace)

    judged.__name__ = crossed.name
    return judged


async def rlvr(task: Any, trace: Any) -> float | dict[str, float]:
    """The same for what `RLVR_REWARD` names."""
    return await _judge(bridge("verifiers", None), task, trace)


async def _judge(crossed: Bridge, task: Any, trace: Any) -> float | dict[str, float]:
    cells: Mapping[str, object] = task if isinstance(task, Mapping) else task.model_dump()
    verdict = await crossed.verdict_apart(Row(trace.last_reply, cells, prompt_in(cells)))
    trace.info["rlvr"] = {**trace.info.get("rlvr", {}), crossed.name: crossed.record(verdict)}
    return {} if verdict.score is None else verdict.score
