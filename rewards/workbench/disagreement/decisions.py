"""One row's verdicts as decisions, and the counts of two rewards on the same rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from rewards.verdict import Status, Verdict
from rewards.workbench.disagreement.agreement import cohen_kappa

MAX_KINDS = 1000
OTHER_KINDS = "(other kinds)"


class Decision(str, Enum):
    """What a verdict comes down to."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NONE = "none"


def decide(verdict: Verdict, min_score: float | None = None) -> Decision:
    """Whether a verdict lets a completion pass.

    Args:
        verdict: what the reward said. Without a score it decides nothing.
        min_score: the lowest score that passes; `None` asks for the status `correct`.

    >>> decide(Verdict(0.5, Status.CORRECT)).value, decide(Verdict(0.5, Status.CORRECT), 1).value
    ('pass', 'fail')
    """
    if verdict.score is None:
        return Decision.NONE
    good = verdict.status is Status.CORRECT if min_score is None else verdict.score >= min_score
    return Decision.PASS if good else Decision.FAIL


def is_right(decision: Decision, truth: bool) -> bool:  # noqa: FBT001 - the truth is a truth value
    """Whether a decision is the true one; none at all is not."""
    return decision is (Decision.PASS if truth else Decision.FAIL)


@dataclass
class KindCount:
    """How many rows of a kind there are, and on how many two rewards disagree."""

    rows: int = 0
    disagreements: int = 0


@dataclass(kw_only=True)
class PairCounts:
    """Two rewards on the same rows.

    Attributes:
        first: the one's name.
        second: the other's.
        decisions: how often the first decided this and the second that.
        statuses: the same of statuses.
        kinds: the same by kind of row; after `MAX_KINDS` different ones the rest are together.
        first_right: of the disagreements whose truth is known, how often the first is right.
        second_right: how often the second is.
        labelled_disagreements: how many such disagreements there are; where one decided nothing
            the other may be wrong too.

    >>> counts = PairCounts(first="a", second="b")
    >>> counts.add(Verdict(1.0, Status.CORRECT), Verdict(0.0, Status.WRONG), truth=True)
    True
    >>> counts.disagreements, counts.first_right, counts.second_right
    (1, 1, 0)
    """

    first: str
    second: str
    decisions: Counter[tuple[Decision, Decision]] = field(default_factory=Counter)
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: dict[str, KindCount] = field(default_factory=dict)
    first_right: int = 0
    second_right: int = 0
    labelled_disagreements: int = 0

    def add(
        self,
        first: Verdict,
        second: Verdict,
        *,
        kind: str | None = None,
        truth: bool | None = None,
        min_score: float | None = None,
    ) -> bool:
        """Count one row; returns whether the two disagree on it."""
        one, other = decide(first, min_score), decide(second, min_score)
        self.decisions[one, other] += 1
        self.statuses[first.status.value, second.status.value] += 1
        differ = one is not other
        if kind is not None:
            count = self.kinds.setdefault(self.kind_of(kind), KindCount())
            count.rows += 1
            count.disagreements += differ
        if differ and truth is not None:
            self.labelled_disagreements += 1
            self.first_right += is_right(one, truth)
            self.second_right += is_right(other, truth)
        return differ

    def kind_of(self, kind: str) -> str:
        """The name under which rows of a kind are counted."""
        return kind if kind in self.kinds or len(self.kinds) < MAX_KINDS else OTHER_KINDS

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return self.decisions.total()

    @property
    def disagreements(self) -> int:
        """Rows decided differently; no decision counts as different from one."""
        return sum(count for (one, other), count in self.decisions.items() if one is not other)

    @property
    def judged(self) -> dict[tuple[Decision, Decision], int]:
        """The decisions on the rows that both decided."""
        return {pair: n for pair, n in self.decisions.items() if Decision.NONE not in pair}

    @property
    def agreement(self) -> float | None:
        """The share of the rows that both decided on which they agree; `None` without such rows."""
        both = sum(self.judged.values())
        return sum(n for (a, b), n in self.judged.items() if a is b) / both if both else None

    @property
    def kappa(self) -> float | None:
        """Cohen's κ on the rows that both decided; `None` where it is not defined."""
        return cohen_kappa(self.judged)

    def worst_kinds(self) -> list[str]:
        """The kinds with disagreements: most of them first, then the greatest share, by name."""
        found = [(kind, count) for kind, count in self.kinds.items() if count.disagreements]
        found.sort(key=lambda one: (-one[1].disagreements, one[1].rows, one[0]))
        return [kind for kind, _ in found]

    def to_dict(self) -> dict[str, object]:
        """The counts as plain JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "rows": self.rows,
            "disagreements": self.disagreements,
            "both_judged": sum(self.judged.values()),
            "agreement": self.agreement,
            "kappa": self.kappa,
            "decisions": {
                one.value: {other.value: self.decisions[one, other] for other in Decision}
                for one in Decision
            },
            "statuses": [
                {"first": one, "second": other, "rows": count}
                for (one, other), count in self.statuses.most_common()
            ],
            "kinds": [
                {
                    "kind": kind,
                    "rows": self.kinds[kind].rows,
                    "disagreements": self.kinds[kind].disagreements,
                }
                for kind in self.worst_kinds()
            ],
            "labelled_disagreements": self.labelled_disagreements,
            "first_right": self.first_right,
            "second_right": self.second_right,
        }
