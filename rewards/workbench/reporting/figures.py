"""Statistics of a run over all of its rows, in memory that does not grow with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rewards.workbench.reporting.breakdowns import Bin, Breakdown, Scores, StepBins
from rewards.workbench.reporting.confusion import Confusion
from rewards.workbench.reporting.prompts import PromptTable
from rewards.workbench.reporting.same_answers import SameAnswers
from rewards.workbench.reporting.scored_rows import ScoredRow, ScoredVerdict, usable_score
from rewards.workbench.scoring.completion_lists import summary_name
from rewards.workbench.scoring.tally import kind_of_reason

OTHER_REASONS = "(other reasons)"
NO_REASON = "(no reason given)"
_MOST_REASONS = 200
_KEPT_FLAWS = 5


@dataclass
class RewardScores:
    """What one reward said.

    Attributes:
        scores: their mean.
        statuses: how often each came.
        reasons: how often each kind of reason for a score of 0 or none came, by status; of a
            reward that has more kinds than are kept, those that came first, and `OTHER_REASONS`.
        confusion: against the labels.
        prompts: by prompt.
        majority: the scores of the answers that most completions of a prompt gave, of rows that
            say it (see `completion_lists`).
        same_answers: answers that score against many references.
        compares: whether it compares with a reference, so that a label is about it.
        lowest: score, or 0 where all are above.
        highest: likewise.
    """

    scores: Scores = field(default_factory=Scores)
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    confusion: Confusion = field(default_factory=Confusion)
    prompts: PromptTable = field(default_factory=PromptTable)
    majority: Scores = field(default_factory=Scores)
    same_answers: SameAnswers = field(default_factory=SameAnswers)
    compares: bool = False
    lowest: float = 0.0
    highest: float = 0.0
    _seen: set[float] = field(default_factory=set)

    def add(self, row: ScoredRow, verdict: ScoredVerdict) -> None:
        """Count one verdict."""
        self.scores.add(verdict.score, row.cluster)
        self.statuses[verdict.status] += 1
        self.compares |= verdict.expected is not None
        if verdict.is_zero_or_none:
            self.reasons[verdict.status, self.kind_of(verdict)] += 1
        if row.truth is not None:
            self.confusion.add(verdict, truth=row.truth)
        if row.prompt is not None:
            self.prompts.add(row.prompt, verdict)
        self.same_answers.add(row, verdict)
        if verdict.score is not None:
            self.lowest = min(self.lowest, verdict.score)
            self.highest = max(self.highest, verdict.score)
            if len(self._seen) < 2:
                self._seen.add(verdict.score)

    @property
    def only_score(self) -> float | None:
        """The score that every row has which got one; `None` where they differ."""
        return next(iter(self._seen)) if len(self._seen) == 1 else None

    def kind_of(self, verdict: ScoredVerdict) -> str:
        """The kind of a verdict's reason, as `reasons` counts it."""
        kind = kind_of_reason(verdict.reason) or NO_REASON
        key = (verdict.status, kind)
        return kind if key in self.reasons or len(self.reasons) < _MOST_REASONS else OTHER_REASONS


@dataclass
class RunFigures:
    """Everything counted of one scored file.

    Attributes:
        path: the file.
        name: what the page calls it.
        rows: rows that could be read.
        flaws: what is wrong with the first lines that could not.
        unreadable: how many could not.
        rewards: by name.
        groups: by grouping column.
        lengths: by completion length, in characters and in tokens: the length's number of binary
            digits says which bin, so bin b > 0 holds 2^(b-1) to 2^b - 1.
        steps: by training step, of rows that name one.
        prompts_known: whether any row says which prompt it belongs to.
    """

    path: Path
    name: str
    rows: int = 0
    unreadable: int = 0
    flaws: list[str] = field(default_factory=list)
    rewards: dict[str, RewardScores] = field(default_factory=dict)
    groups: dict[str, Breakdown] = field(default_factory=dict)
    lengths: dict[str, dict[int, Bin]] = field(
        default_factory=lambda: {"characters": {}, "tokens": {}}
    )
    steps: StepBins = field(default_factory=StepBins)
    prompts_known: bool = False

    def add_flaw(self, flaw: str) -> None:
        """Count a line that is no row."""
        self.unreadable += 1
        if len(self.flaws) < _KEPT_FLAWS:
            self.flaws.append(flaw)

    def add(self, row: ScoredRow) -> None:
        """Count one row."""
        self.rows += 1
        self.prompts_known |= row.prompt is not None
        for reward, verdict in row.verdicts.items():
            figures = self.rewards.setdefault(reward, RewardScores())
            figures.add(row, verdict)
            if row.nth == 1:  # once for all completions of a line
                figures.majority.add(_majority_score(row, reward), row.cluster)
        for column, value in row.groups.items():
            self.groups.setdefault(column, Breakdown()).add(value, row)
        self._add_length("characters", None if row.text is None else len(row.text), row)
        self._add_length("tokens", row.tokens, row)
        if row.step is not None:
            self.steps.add(row)

    def about_labels(self) -> dict[str, RewardScores]:
        """The rewards that labels are about: those that compare with a reference, or else all.

        Whether an answer is right says nothing about its form, its length or its language.
        """
        judged = {
            name: figures
            for name, figures in self.rewards.items()
            if figures.confusion.judged or figures.confusion.not_judged
        }
        comparing = {name: figures for name, figures in judged.items() if figures.compares}
        return comparing or judged

    @property
    def length_unit(self) -> str:
        """What lengths are given in: tokens where every completion has them."""
        counts = {unit: self._measured(unit) for unit in self.lengths}
        return "tokens" if counts["tokens"] >= max(counts["characters"], 1) else "characters"

    @property
    def labelled(self) -> bool:
        """Whether any judged row has a label."""
        return any(figures.confusion.judged for figures in self.rewards.values())

    def _add_length(self, unit: str, length: int | None, row: ScoredRow) -> None:
        if length is not None:
            self.lengths[unit].setdefault(length.bit_length(), Bin()).add(row, length)

    def _measured(self, unit: str) -> int:
        return sum(found.rows for found in self.lengths[unit].values())


def _majority_score(row: ScoredRow, reward: str) -> float | None:
    summary = row.columns.get(summary_name(reward))
    majority = summary.get("majority") if isinstance(summary, dict) else None
    score = majority.get("score") if isinstance(majority, dict) else None
    return usable_score(score)
