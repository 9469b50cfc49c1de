"""What a reward says about the prompts: pass@k, and on how many all completions score alike.

A trainer learns from differences between the completions of one prompt; where all of them score
the same there is nothing to learn.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rewards.verdict import Status
from rewards.workbench.benchmarking.intervals import ClusteredMean, Interval
from rewards.workbench.reporting.scored_rows import ScoredVerdict
from rewards.workbench.scoring.completion_lists import pass_at

MAX_PROMPTS = 100_000
_KEYS = 2**64


@dataclass(slots=True)
class PromptScores:
    """One prompt's completions as one reward saw them."""

    judged: int = 0
    correct: int = 0
    lowest: float = 0.0
    highest: float = 0.0

    def add(self, score: float, *, correct: bool) -> None:
        """Count one completion."""
        self.lowest = min(self.lowest, score) if self.judged else score
        self.highest = max(self.highest, score) if self.judged else score
        self.judged += 1
        self.correct += correct


@dataclass(frozen=True, slots=True)
class PassAt:
    """Mean pass@k over the prompts with at least k completions."""

    k: int
    prompts: int
    mean: float
    interval: Interval | None


@dataclass
class PromptTable:
    """Scores by prompt, of `MAX_PROMPTS` prompts at most.

    When there are more, those with the smallest numbers stay: a prompt's number is drawn from its
    text, so they are a fair sample, and each stays whole.

    Attributes:
        prompts: by the prompt's number.
        graded: whether any verdict says how much rather than whether: nothing passes there.
        kept_share: the share of all prompts that is kept.
    """

    prompts: dict[int, PromptScores] = field(default_factory=dict)
    graded: bool = False
    kept_share: float = 1.0

    def add(self, prompt: int, verdict: ScoredVerdict) -> None:
        """Count one verdict; one without a number counts for nothing."""
        if verdict.score is None or prompt >= self.kept_share * _KEYS:
            return
        self.graded |= verdict.status == Status.SCORED.value
        if prompt not in self.prompts:
            self.prompts[prompt] = PromptScores()
        self.prompts[prompt].add(verdict.score, correct=verdict.status == Status.CORRECT.value)
        if len(self.prompts) > MAX_PROMPTS:
            self.kept_share /= 2
            limit = self.kept_share * _KEYS
            self.prompts = {key: one for key, one in self.prompts.items() if key < limit}

    @property
    def several(self) -> list[PromptScores]:
        """The prompts with more than one completion."""
        return [one for one in self.prompts.values() if one.judged > 1]

    @property
    def without_spread(self) -> int:
        """How many of `several` have completions that all score the same."""
        return sum(one.lowest == one.highest for one in self.several)

    def pass_at(self) -> list[PassAt]:
        """pass@k for k = 1, 2, 4, … up to the most completions that a prompt has.

        The unbiased estimator (Chen et al. 2021, "Evaluating Large Language Models Trained on
        Code", equation 1), averaged over the prompts that have at least k. Nothing where no prompt
        has two, or scores say how much.
        """
        most = max((one.judged for one in self.prompts.values()), default=0)
        if most < 2 or self.graded:
            return []
        known: dict[tuple[int, int, int], float] = {}
        found = []
        for k in sorted({2**n for n in range(most.bit_length())} | {most}):
            mean = ClusteredMean()
            for prompt, one in self.prompts.items():
                if one.judged >= k:
                    key = (k, one.judged, one.correct)
                    if key not in known:
                        known[key] = pass_at(*key)
                    mean.add(known[key], prompt)
            if mean.value is not None:
                found.append(PassAt(k, mean.count, mean.value, mean.interval))
        return found
