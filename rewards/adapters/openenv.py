r"""OpenEnv: a rubric for an environment's steps.

```python
from rewards.adapters.openenv import reward

class MathEnv(Environment):
    def __init__(self):
        super().__init__(rubric=reward("accuracy(tolerance=1e-3)"))

    def reset(self, seed=None, episode_id=None, **kwargs):
        self.rubric.expect(ROWS[seed])  # the row stays here: an observation goes to the client
        …
    def step(self, action, **kwargs):
        observation = …
        observation.reward = self._apply_rubric(action, observation)
```

The environment tells the rubric the row, the rubric judges `action.text` (or the field that `field`
names). A step without a score has the reward `None`, which OpenEnv sends as it is. `rubric.record`
has what an observation's metadata may say of the last step: its status and what was read, neither
what was expected nor the reason, which may quote it. `rubric.verdict` is the whole, for a log.

The reference is the row's `reference`, or one of the usual columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards.adapters.bridge import Row, Source, bridge, peer_module, prompt_in
from rewards.verdict import Verdict

# An observation goes to the client, and a reason quotes what it compares.
_TELLING = frozenset({"expected", "reason"})


def reward(source: Source | None = None, *, field: str = "text") -> Any:
    """A rubric for one reward: one object for each environment.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
        field: where an action holds what the model wrote.
    """
    crossed = bridge("openenv", source)
    base: Any = peer_module("openenv.core.rubrics", install="pip install openenv").Rubric

    class RlvrRubric(base):  # type: ignore[misc]
        """A reward of ours as a rubric."""

        def __init__(self) -> None:
            super().__init__()
            self.row: Mapping[str, object] = {}
            self.record: dict[str, float | str] = {}
            self.verdict: Verdict | None = None

        def expect(self, row: Mapping[str, object]) -> None:
            """Tell the rubric the row that the next actions answer."""
            self.row, self.record, self.verdict = row, {}, None

        def forward(self, action: Any, observation: Any) -> float | None:  # noqa: ARG002
            """Judge what an action says."""
            verdict = crossed.verdict(Row(getattr(action, field), self.row, prompt_in(self.row)))
            record = crossed.record(verdict)
            self.verdict = verdict
            self.record = {name: cell for name, cell in record.items() if name not in _TELLING}
            return verdict.score

    return RlvrRubric()
