r"""rllm: an evaluator for `rllm eval` and `rllm train`.

```python
# evaluators.py
from rewards.adapters.rllm import reward

near = reward("accuracy(tolerance=1e-3)")
```

rllm 0.3 calls `evaluate(task, episode)` in its own process, in threads. What is judged is the
model's last text; an episode that kept none, its recorded answer. There are no missing scores: such
an episode scores `unscored` and says 1 in the signal of that name. The verdict is the output's
`metadata`.

The row is the task (or its metadata); the reference `ground_truth`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards.adapters.bridge import Row, Source, bridge, peer_module, prompt_in
from rewards.verdict import Status

_INSTALL = "install rllm-org/rllm from its repository"


def reward(source: Source | None = None, *, unscored: float = 0.0) -> Any:
    """The evaluator for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        unscored: the reward of an episode that has none.
    """
    crossed = bridge("rllm", source, unscored=unscored)
    types = peer_module("rllm.eval.types", install=_INSTALL)
    decorator = peer_module("rllm.eval.rollout_decorator", install=_INSTALL)

    def judge(task: Any, episode: Any) -> Any:
        cells = task if isinstance(task, Mapping) else getattr(task, "metadata", None) or {}
        verdict = crossed.verdict(Row(written(episode), cells, prompt_in(cells)))
        number = crossed.number(verdict)
        return types.EvalOutput(
            reward=number,
            is_correct=verdict.status is Status.CORRECT,
            signals=[
                types.Signal(crossed.name, number),
                types.Signal("unscored", float(verdict.score is None)),
            ],
            metadata=crossed.record(verdict),
        )

    judge.__name__ = crossed.name
    return decorator.evaluator(judge)


def written(episode: Any) -> str:
    """The model's last text in an episode: its last response, its output, its recorded answer."""
    trajectories = getattr(episode, "trajectories", None) or []
    if trajectories:
        steps = getattr(trajectories[-1], "steps", None) or []
        for step in reversed(steps):
            if step.model_response:
                return str(step.model_response)
        for step in (*reversed(steps), trajectories[-1]):
            if getattr(step, "output", None):
                return str(step.output)
    return str((getattr(episode, "artifacts", None) or {}).get("answer", ""))
