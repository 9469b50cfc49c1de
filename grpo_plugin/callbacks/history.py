"""What was sampled and how it scored: bounded memory for renewing rewards."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class ScoredCompletion:
    """One completion of the run.

    Attributes:
        prompt: text or messages.
        completion: text or messages.
        reward: the weighted sum of the rewards; `None` where none applied.
        rewards: of each reward function, by name.
        step: the optimizer steps that were done when it was sampled.
    """

    prompt: Any
    completion: Any
    reward: float | None
    rewards: Mapping[str, float | None]
    step: int


@dataclass(frozen=True)
class RewardHistory:
    """What a refresh may learn from.

    Attributes:
        step: the optimizer steps that are done.
        recent: completions sampled since the last refresh, oldest first.
        replayed: earlier ones, drawn evenly from all of the run before the last refresh.
        resumed: the run was resumed: these are the rows of the last refresh before the checkpoint.
    """

    step: int
    recent: tuple[ScoredCompletion, ...]
    replayed: tuple[ScoredCompletion, ...]
    resumed: bool = False

    @property
    def rows(self) -> tuple[ScoredCompletion, ...]:
        """Replayed and recent ones together: the paper's training set of the reward model."""
        return (*self.replayed, *self.recent)


@dataclass
class ReplayBuffer:
    """Completions since the last refresh, and an even sample of those before it.

    The sample is a reservoir: each completion that ever left `recent` is in it with the same
    probability. Choices depend on the seed and the step alone, so every process, and a resumed
    run, makes the same.

    Attributes:
        capacity: the most completions kept in each of the two; of the recent ones the newest.
        replay_share: the share of a refresh's rows that is replayed, in [0, 1).
        seed: of the choices.
    """

    capacity: int
    replay_share: float
    seed: int = 0
    recent: deque[ScoredCompletion] = field(init=False)
    reservoir: list[ScoredCompletion] = field(init=False, default_factory=list)
    seen: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.recent = deque(maxlen=self.capacity)

    def extend(self, rows: Iterable[ScoredCompletion]) -> None:
        """Remember completions."""
        self.recent.extend(rows)

    def draw(self, step: int) -> RewardHistory:
        """The rows for a refresh; the recent ones become history."""
        rng = random.Random(f"{self.seed}-{step}")  # noqa: S311 - no secrets here
        recent = tuple(self.recent)
        wanted = round(len(recent) * self.replay_share / (1 - self.replay_share))
        replayed = tuple(rng.sample(self.reservoir, min(wanted, len(self.reservoir))))
        for row in recent:
            self.seen += 1
            if len(self.reservoir) < self.capacity:
                self.reservoir.append(row)
            elif (place := rng.randrange(self.seen)) < self.capacity:
                self.reservoir[place] = row
        self.recent.clear()
        return RewardHistory(step, recent, replayed)

    def save(self, path: Path, last: RewardHistory | None) -> None:
        """Write everything as JSON; what JSON cannot hold (images) becomes text."""
        content = {
            "seen": self.seen,
            "recent": [asdict(row) for row in self.recent],
            "reservoir": [asdict(row) for row in self.reservoir],
            "last": last and asdict(last),
        }
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(json.dumps(content, ensure_ascii=False, default=str), encoding="utf-8")
        partial.replace(path)

    def load(self, path: Path) -> RewardHistory | None:
        """Take up what was saved; the rows of the last refresh, if there was one."""
        content = json.loads(path.read_text(encoding="utf-8"))
        self.seen = content["seen"]
        self.recent = deque(_rows(content["recent"]), maxlen=self.capacity)
        self.reservoir = _rows(content["reservoir"])
        last = content["last"]
        return last and RewardHistory(
            last["step"], tuple(_rows(last["recent"])), tuple(_rows(last["replayed"])), resumed=True
        )


def _rows(content: list[dict[str, Any]]) -> list[ScoredCompletion]:
    return [ScoredCompletion(**row) for row in content]
