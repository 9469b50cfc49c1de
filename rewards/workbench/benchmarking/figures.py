"""The figures of every reward on one set, from what they said about its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations

from rewards.columns import Role, columns_for
from rewards.text.shorten import cut_middle
from rewards.workbench.benchmarking.counts import Counts, quantile
from rewards.workbench.benchmarking.group_signal import RewardSignal
from rewards.workbench.benchmarking.judging import JudgedSet
from rewards.workbench.benchmarking.labelled import LabelledRow, LabelledSet
from rewards.workbench.benchmarking.pairs import RewardPair, compare_pair
from rewards.workbench.benchmarking.stress import Hackability

_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
_ENDED = ("timeout", "memory", "crash", "error", "not_run")
_SHOWN_CHARACTERS = 4000  # of a completion that was made to be huge


@dataclass(frozen=True, slots=True)
class RewardFigures:
    """One reward on one set.

    Attributes:
        counts: right and wrong decisions; `None` where the rows do not say what is right.
        false_negatives: how many by kind.
        false_positives: likewise.
        ended: calls without a score by what became of them: timeout, memory, crash, error, not_run.
        latency_s: wall seconds of a call by quantile: p50, p90, p99, max.
        rows_per_s: rows by the sum of those seconds.
        peak_mb: the most memory that a process judging rows held.
    """

    counts: Counts | None
    false_negatives: Mapping[str, int]
    false_positives: Mapping[str, int]
    ended: Mapping[str, int]
    latency_s: Mapping[str, float | None]
    rows_per_s: float | None
    peak_mb: float

    def to_dict(self) -> dict[str, object]:
        """The figures as plain JSON."""
        plain = asdict(replace(self, counts=None))
        return {**plain, "counts": self.counts.to_dict() if self.counts else None}


@dataclass(frozen=True, kw_only=True)
class SetFigures:
    """Every reward on one set.

    Attributes:
        name: of the set.
        rows: how many it has.
        rewards: by name.
        kinds: how many rows there are by kind.
        pairs: each two rewards.
        hackability: of a set of attacks, by reward and category.
        grouped_by: the column that tells the groups apart, where there are groups.
        group_sizes: how many rows each group has.
        signal: what each reward would teach, where there are groups.
        columns: what was read for what, of a user's file.
    """

    name: str
    rows: int
    rewards: Mapping[str, RewardFigures]
    kinds: Mapping[str, int]
    pairs: Sequence[RewardPair]
    hackability: Mapping[str, Mapping[str, Hackability]] = field(default_factory=dict)
    grouped_by: str | None = None
    group_sizes: Sequence[int] = ()
    signal: Mapping[str, RewardSignal] = field(default_factory=dict)
    columns: Mapping[str, str | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """The figures as plain JSON."""
        found: dict[str, object] = {
            "name": self.name,
            "rows": self.rows,
            "kinds": dict(self.kinds),
            "rewards": {name: one.to_dict() for name, one in self.rewards.items()},
            "pairs": [asdict(pair) for pair in self.pairs],
        }
        if self.columns:
            found["columns"] = dict(self.columns)
        if self.hackability:
            found["hackability"] = {
                reward: {category: asdict(one) for category, one in categories.items()}
                for reward, categories in self.hackability.items()
            }
        if self.signal:
            sizes = sorted(self.group_sizes)
            found["signal"] = {
                "grouped_by": self.grouped_by,
                "groups": len(sizes),
                "group_size": {
                    "min": sizes[0],
                    "median": quantile(sizes, 0.5),
                    "max": sizes[-1],
                },
                "rewards": {name: one.to_dict() for name, one in self.signal.items()},
            }
        return found


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong decision, with the verdict's explanation."""

    set: str
    line: int
    kind: str
    reward: str
    truth: bool
    reference: str
    completion: str
    score: float | None
    status: str
    extracted: str | None
    reason: str


def measure_set(
    name: str,
    rows: Sequence[LabelledRow],
    judged: Mapping[str, JudgedSet],
    threshold: float,
    *,
    prompts: Sequence[str] | None = None,
) -> SetFigures:
    """The figures of rewards on rows; without decisions where the rows do not say what is right.

    Args:
        name: of the set.
        rows: labelled, or not.
        judged: what each reward said.
        threshold: a score above it is a reward.
        prompts: what each row belongs to, where several belong to one.
    """
    truths = [row.truth for row in rows if row.truth is not None]
    labelled = len(truths) == len(rows)
    decisions = {
        label: [said.rewarded(threshold) for said in one.judgements]
        for label, one in judged.items()
    }
    return SetFigures(
        name=name,
        rows=len(rows),
        rewards={
            label: _figures(rows, truths if labelled else None, one, threshold, prompts)
            for label, one in judged.items()
        },
        kinds=_count(row.kind for row in rows),
        pairs=[
            compare_pair((one, other), (decisions[one], decisions[other]), truths)
            for one, other in combinations(judged if labelled else (), 2)
        ],
    )


def list_mistakes(
    labelled: LabelledSet, judged: Mapping[str, JudgedSet], threshold: float
) -> list[Mistake]:
    """Every wrong decision of rewards on a set."""
    found = []
    for label, one in judged.items():
        for row, said in zip(labelled.rows, one.judgements, strict=True):
            if row.truth is None or said.rewarded(threshold) is row.truth:
                continue
            names = columns_for(Role.REFERENCE, row.columns, column=labelled.reference)
            found.append(
                Mistake(
                    set=labelled.name,
                    line=row.line,
                    kind=row.kind,
                    reward=label,
                    truth=row.truth,
                    reference=_shown(row.columns[names[0]]) if names else "",
                    completion=_shown(row.columns[labelled.completion]),
                    score=said.score,
                    status=said.status,
                    extracted=said.extracted if said.extracted is None else _shown(said.extracted),
                    reason=_shown(said.reason),
                )
            )
    return found


def _figures(
    rows: Sequence[LabelledRow],
    truths: Sequence[bool] | None,
    judged: JudgedSet,
    threshold: float,
    prompts: Sequence[str] | None,
) -> RewardFigures:
    said = judged.judgements
    pairs = zip(rows, said, strict=True)
    wrong = [row for row, one in pairs if truths and one.rewarded(threshold) is not row.truth]
    seconds = [one.seconds for one in said if one.seconds is not None]
    statuses = _count(one.status for one in said if one.score is None)
    return RewardFigures(
        counts=Counts.of(truths, [one.score for one in said], threshold, prompts=prompts)
        if truths
        else None,
        false_negatives=_count(row.kind for row in wrong if row.truth),
        false_positives=_count(row.kind for row in wrong if not row.truth),
        ended={name: statuses[name] for name in _ENDED if name in statuses},
        latency_s={name: quantile(seconds, share) for name, share in _QUANTILES.items()},
        rows_per_s=len(seconds) / sum(seconds) if seconds and sum(seconds) else None,
        peak_mb=judged.peak_mb,
    )


def _count(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def _shown(value: object) -> str:
    return cut_middle(str(value), _SHOWN_CHARACTERS)[0]
