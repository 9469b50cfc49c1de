r"""OpenRLHF: the reward file of `--reward.remote_url`.

```python
# reward.py, for --reward.remote_url /path/to/reward.py
from rewards.adapters.openrlhf import reward

reward_func = reward("accuracy(tolerance=1e-3)")
```

OpenRLHF 0.11 calls it in a thread of the generating Ray actor, with lists of one. `queries` are
prompt and completion with their special tokens: what stands before the completion is cut off, and
a query in which the prompt cannot be found is not judged, for the prompt may hold an answer of its
own. Whatever is raised there is only logged, so nothing is raised for a row. It has no missing
scores: such a row scores `unscored`. `extra_logs` takes numbers alone: one for `unscored` and one
for each status, whose means are their shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rewards.adapters.bridge import Bridge, Row, Source, bridge, peer_module
from rewards.verdict import Status, Verdict

Logs = dict[str, Any]


def reward(source: Source | None = None, *, unscored: float = 0.0) -> Callable[..., Logs]:
    """The `reward_func` of a reward file, for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        unscored: the score of a row that has none.
    """
    crossed = bridge("openrlhf", source, unscored=unscored)

    def reward_func(
        queries: Sequence[str], prompts: Sequence[str], labels: Sequence[object], **_: object
    ) -> Logs:
        return _logs(crossed, queries, prompts, labels)

    return reward_func


def rlvr(
    queries: Sequence[str], prompts: Sequence[str], labels: Sequence[object], **_: object
) -> Logs:
    """The same for what `RLVR_REWARD` names."""
    return _logs(bridge("openrlhf", None), queries, prompts, labels)


def completion_of(query: str, prompt: str) -> str | None:
    """What the model wrote: the query behind its prompt; `None` where the prompt is not in it.

    >>> completion_of("<s>2+2? 4</s>", "2+2?")
    ' 4</s>'
    """
    at = query.find(prompt)
    return query[at + len(prompt) :] if at >= 0 else None


def judge(
    crossed: Bridge, queries: Sequence[str], prompts: Sequence[str], labels: Sequence[object]
) -> list[Verdict]:
    """The verdicts on a call's queries, in order."""
    texts = [completion_of(*pair) for pair in zip(queries, prompts, strict=True)]
    rows = [
        Row(text, {"label": label}, prompt)
        for text, prompt, label in zip(texts, prompts, labels, strict=True)
        if text is not None
    ]
    found = iter(crossed.verdicts(rows))
    return [next(found) if text is not None else _NO_PROMPT for text in texts]


_NO_PROMPT = Verdict(None, Status.ERROR, reason="the query does not hold its prompt")


def _logs(
    crossed: Bridge, queries: Sequence[str], prompts: Sequence[str], labels: Sequence[object]
) -> Logs:
    torch = peer_module("torch", install="pip install torch")
    verdicts = judge(crossed, queries, prompts, labels)
    scores = torch.tensor([crossed.number(verdict) for verdict in verdicts])
    shares = {
        status.value: torch.tensor([float(verdict.status is status) for verdict in verdicts])
        for status in Status
    }
    unscored = torch.tensor([float(verdict.score is None) for verdict in verdicts])
    return {"rewards": scores, "scores": scores, "extra_logs": {"unscored": unscored, **shares}}
