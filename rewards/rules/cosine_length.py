"""Correct answers are worth more when they are short, wrong ones less."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi

from rewards.composite import Batch, Combination, check_rewards
from rewards.errors import InputError
from rewards.reward import Reward
from rewards.rules.accuracy import accuracy
from rewards.text.lengths import measure
from rewards.verdict import Status, Verdict


@dataclass(frozen=True)
class CosineLength(Combination):
    r"""A reward for correctness that moves with the length along half a cosine.

    With `L` the completion's length and `(a, b)` the values at length 0 and at `max_length`:

    ```
    a + (b - a) / 2 · (1 - cos(pi · L / max_length))    L < max_length
    too_long                                            L >= max_length
    ```

    `correct` gives `(a, b)` when the verdict of `correctness` is `correct`, else `wrong` does: a
    right answer should be short, a wrong one had better gone on thinking. A verdict without a score
    is passed on. Source: "Demystifying Long Chain-of-Thought Reasoning in LLMs"
    (arXiv 2502.03373), the cosine reward; there `correct=(2, 1)`, `wrong=(-10, 0)`,
    `too_long=-10`.

    Attributes:
        correctness: the reward that says whether a completion is right.
        max_length: in tokens (words where no token ids are given).
        correct: the score of a right completion at length 0 and at `max_length`.
        wrong: the same for a wrong one.
        too_long: the score of any completion that reaches `max_length`.

    >>> short = CosineLength(accuracy, max_length=100)
    >>> short.verify(r"\boxed{1}", "1", completion_ids=[7] * 50).score
    0.75

    Raises:
        InputError: `max_length` is not above 0, or `correctness` is no reward.
    """

    correctness: Reward
    max_length: int = 4_096
    correct: tuple[float, float] = (1.0, 0.5)
    wrong: tuple[float, float] = (-1.0, -0.5)
    too_long: float = -1.0

    def __post_init__(self) -> None:
        check_rewards("CosineLength", [self.correctness])
        if self.max_length < 1:
            raise InputError(f"max_length={self.max_length} must be above 0")
        self._set_name(f"{self.correctness.name}_cosine_length")

    @property
    def parts(self) -> tuple[Reward, ...]:
        """The reward for correctness."""
        return (self.correctness,)

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]  # as the options say
        """The lowest and the highest score there can be."""
        ends = (*self.correct, *self.wrong, self.too_long)
        return min(ends), max(ends)

    def combine(self, batch: Batch) -> list[Verdict]:
        """Shape the verdicts of the reward for correctness."""
        verdicts = batch.ask_all(self.correctness)
        shaped: list[Verdict] = []
        for verdict, sample in zip(verdicts, batch.samples, strict=True):
            if verdict.score is None or sample is None:
                shaped.append(verdict)
                continue
            length = measure(sample)
            right = verdict.status is Status.CORRECT
            first, last = self.correct if right else self.wrong
            score = first + (last - first) * (1 - cos(pi * length.count / self.max_length)) / 2
            said = f"of {self.max_length} at most"
            if length.count >= self.max_length:
                score, said = self.too_long, f"reaches {self.max_length}"
            reason = f"{verdict.status.value}: {verdict.reason}; {length} {said}"
            shaped.append(replace(verdict, score=score, reason=reason))
        return shaped


cosine_length = CosineLength(accuracy, name="cosine_length")
