"""Shorter than the others of its group: Kimi k1.5's length reward."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from rewards.composite import Batch, Combination, check_rewards
from rewards.logs import warn_once
from rewards.reward import Reward
from rewards.text.lengths import measure
from rewards.verdict import Status, Verdict


@dataclass(frozen=True)
class GroupLength(Combination):
    r"""+1/2 for the shortest of a group, -1/2 for the longest; a wrong completion gains nothing.

    With `L` a completion's length and min and max taken over its group:

    ```
    lambda = 1/2 - (L - min) / (max - min)      0 for all when max = min
    score  = lambda          when the verdict of `correctness` is `correct`
             min(0, lambda)  otherwise
    ```

    Source: Kimi k1.5 (arXiv 2501.12599), section 2.3.3, which adds it to the reward for correctness
    with a small weight, after a first phase without it.

    A group is the completions of one batch that have the same prompt. So it needs the prompts; a
    completion alone in its group scores `None`. When processes share a group (the completions per
    process are no multiple of the group's size) each one takes min and max over the part that it
    holds, and groups of different sizes are logged once. In a file the rows of a group stand one
    behind the other. A verdict of `correctness` without a score is passed on and its completion
    counts for no min or max.

    Attributes:
        correctness: the reward that says whether a completion is right.

    >>> from rewards import accuracy
    >>> GroupLength(accuracy)(
    ...     prompts=["1+1"] * 3, completions=[r"\boxed{2}"] * 3, answer=["2"] * 3,
    ...     completion_ids=[[0], [0] * 2, [0] * 3])
    [0.5, 0.0, -0.5]

    Raises:
        InputError: `correctness` is no reward.
    """

    correctness: Reward

    bounds = (-0.5, 0.5)
    compares_completions = True

    def __post_init__(self) -> None:
        check_rewards("GroupLength", [self.correctness])
        self._set_name(f"{self.correctness.name}_group_length")

    @property
    def parts(self) -> tuple[Reward, ...]:
        """The reward for correctness."""
        return (self.correctness,)

    def combine(self, batch: Batch) -> list[Verdict]:
        """Compare the lengths within each group."""
        verdicts = batch.ask_all(self.correctness)
        groups: dict[str, list[int]] = defaultdict(list)
        for at, (verdict, sample) in enumerate(zip(verdicts, batch.samples, strict=True)):
            if verdict.score is None or sample is None:
                continue
            if sample.prompt is None:
                verdicts[at] = _alone(verdict, "without prompts there are no groups")
            else:
                groups[_key(sample.prompt)].append(at)
        for places in groups.values():
            if len(places) == 1:
                verdicts[places[0]] = _alone(verdicts[places[0]], "alone in its group")
                continue
            # Nothing stands at these places but completions: see above.
            lengths = [measure(sample) for at in places if (sample := batch.samples[at])]
            low, high = min(length.count for length in lengths), max(n.count for n in lengths)
            for at, length in zip(places, lengths, strict=True):
                share = (length.count - low) / (high - low) if high > low else 0.5
                verdicts[at] = _shaped(
                    verdicts[at], 0.5 - share, f"{length}, group {low} to {high}"
                )
        _warn_of_torn({len(places) for places in groups.values()})
        return verdicts


def _key(prompt: object) -> str:
    import json  # not needed to import the package

    return prompt if isinstance(prompt, str) else json.dumps(prompt, sort_keys=True, default=repr)


def _alone(verdict: Verdict, why: str) -> Verdict:
    return replace(verdict, score=None, status=Status.NOT_APPLICABLE, reason=why)


def _shaped(verdict: Verdict, score: float, said: str) -> Verdict:
    if verdict.status is not Status.CORRECT:
        score = min(0.0, score)
    reason = f"{verdict.status.value}: {verdict.reason}; {said}"
    return replace(verdict, score=score, reason=reason)


def _warn_of_torn(sizes: set[int]) -> None:
    if len(sizes) > 1:
        warn_once(
            "GroupLength met groups of different sizes in one batch. Where processes share a group "
            "its lengths are compared within each process; make the completions per process a "
            "multiple of num_generations."
        )
