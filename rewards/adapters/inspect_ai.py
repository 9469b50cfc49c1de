r"""inspect_ai: a scorer, in a task and on logs that were written before.

```python
from rewards.adapters.inspect_ai import reward

Task(dataset=…, solver=generate(), scorer=reward("accuracy(tolerance=1e-3)"))
```

```bash
inspect score logs/old.eval --scorer rewards/rlvr -S reward="accuracy(tolerance=1e-3)"
```

inspect_ai 0.3 awaits the scorer on the loop that generates: verdicts are made in a thread. The
score has what was read as `answer`, the reason as `explanation`, status and expected in `metadata`.
A sample that cannot be judged is `Score.unscored`, which its metrics leave out and count. A target
of several texts is met by any of them.

The row is the sample's metadata and its target.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rewards.adapters.bridge import Bridge, Row, Source, bridge, peer_module
from rewards.verdict import Status, Verdict

_PIP = "pip install inspect-ai"


def reward(source: Source | None = None, *, name: str | None = None) -> Any:
    """The scorer for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        name: what logs call it; by default as the reward is called.
    """
    crossed = bridge("inspect_ai", source)
    scoring = peer_module("inspect_ai.scorer", install=_PIP)

    def made(reward: str) -> Any:  # noqa: ARG001 - the log keeps it among the scorer's options
        return judge_by(crossed)

    registered = scoring.scorer(
        metrics=[scoring.accuracy(), scoring.stderr()], name=name or crossed.name
    )(made)
    return registered(reward=source if isinstance(source, str) else crossed.name)


def judge_by(crossed: Bridge) -> Callable[[Any, Any], Awaitable[Any]]:
    """What a scorer returns: judges a task's state by its target."""
    scoring = peer_module("inspect_ai.scorer", install=_PIP)

    async def judge(state: Any, target: Any) -> Any:
        rows = [
            Row(state.output.completion, {**state.metadata, "target": text}, state.input_text)
            for text in target
        ]
        if not rows:
            return scoring.Score.unscored(explanation="the sample has no target")
        return _score(scoring, crossed.best(await crossed.verdicts_apart(rows)))

    return judge


def _score(scoring: Any, verdict: Verdict) -> Any:
    said = {
        "answer": verdict.extracted,
        "explanation": verdict.reason,
        "metadata": {"status": verdict.status.value, "expected": verdict.expected},
    }
    if verdict.score is None:
        return scoring.Score.unscored(reason=verdict.status.value, **said)
    letters = {Status.CORRECT: "C", Status.NO_ANSWER: "N"}
    letter = letters.get(verdict.status, "I") if verdict.score in {0.0, 1.0} else None
    graded = verdict.status is Status.SCORED or letter is None
    return scoring.Score(value=verdict.score if graded else letter, **said)
