r"""ms-swift: an `ORM` class for `--external_plugins FILE.py --reward_funcs NAME`.

```python
from swift.rewards import orms
from rewards.adapters.swift import reward

orms["near"] = reward("accuracy(tolerance=1e-3)")
```

ms-swift 4.6 makes one object of the class and calls it with the batch's completions and columns on
the trainer's main thread. A missing score is `None`, which it leaves out of the sum. It logs
nothing but scores; how many got which status says `rewards.adapters.counting.counts("swift")`.

The reference is the column `solution`, the one that its preprocessing keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rewards.adapters.bridge import Row, Source, bridge, last_message, peer_module, prompt_in
from rewards.reward import is_column


def reward(source: Source | None = None) -> Any:
    """The class to put into `orms`, for one reward.

    Args:
        source: the reward or its spec; by default what `RLVR_REWARD` names.
    """
    crossed = bridge("swift", source)
    base: Any = peer_module("swift.rewards", install="pip install ms-swift").ORM

    class RlvrReward(base):  # type: ignore[misc]
        """A reward of ours as ms-swift calls its own."""

        def __call__(self, completions: Sequence[object], **columns: object) -> list[float | None]:
            verdicts = crossed.verdicts(rows_of(completions, columns))
            return [verdict.score for verdict in verdicts]

    return RlvrReward


def rows_of(completions: Sequence[object], columns: dict[str, object]) -> list[Row]:
    """A batch in columns as rows; what is no column of the batch is left out."""
    count = len(completions)
    lists = {
        name: cells for name, cells in columns.items() if is_column(cells) and len(cells) == count
    }
    rows = []
    for at, completion in enumerate(completions):
        cells = {name: values[at] for name, values in lists.items()}
        rows.append(Row(completion, cells, _prompt(cells)))
    return rows


def _prompt(cells: Mapping[str, object]) -> object:
    """What was asked: ms-swift's `messages` end with what the model wrote."""
    messages = cells.get("messages")
    if isinstance(messages, list) and all(isinstance(one, Mapping) for one in messages):
        return last_message(messages)[0] or None
    return cells.get("prompts") or prompt_in(cells)
