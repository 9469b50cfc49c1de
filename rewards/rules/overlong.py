"""DAPO's soft overlong punishment: nothing up to a length, then less and less, then -1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rewards.errors import InputError
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.text.lengths import measure
from rewards.verdict import Status, Verdict


@dataclass(frozen=True, kw_only=True)
class Overlong(Reward):
    r"""0 for a completion that ends in time, down to -1 for one that fills its whole budget.

    With `L` the completion's length:

    ```
     0                                    L <= max_length - buffer
    (max_length - buffer - L) / buffer    in between
    -1                                    L > max_length
    ```

    Source: DAPO (arXiv 2503.14476), section 3.4, equation 13. It is meant to be added to a reward
    for correctness.

    Attributes:
        max_length: the longest completion allowed, in tokens (words where no token ids are given).
        buffer: over how many tokens before `max_length` the punishment grows.

    >>> Overlong(max_length=100, buffer=20).verify("", completion_ids=[7] * 90).score
    -0.5

    Raises:
        InputError: the buffer is not in (0, max_length].
    """

    name: str = "overlong"
    max_length: int = 20_480
    buffer: int = 4_096

    bounds: ClassVar[tuple[float, float]] = (-1.0, 0.0)

    def __post_init__(self) -> None:
        if not 0 < self.buffer <= self.max_length:
            raise InputError(
                f"buffer={self.buffer} must be above 0 and at most max_length={self.max_length}"
            )

    def judge(self, sample: Sample) -> Verdict:
        """Judge the length of one completion."""
        length = measure(sample)
        free = self.max_length - self.buffer
        if length.count <= free:
            return Verdict(0.0, Status.SCORED, reason=f"{length}, at most {free} go unpunished")
        score = max(-1.0, (free - length.count) / self.buffer)
        reason = f"{length}: {length.count - free} more than the {free} that go unpunished"
        return Verdict(score, Status.WRONG, reason=reason)


overlong = Overlong()
