"""The figures of a run: every reward on every labelled set."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, combinations
from pathlib import Path

from rewards.benchmarking.counts import Counts, quantile
from rewards.benchmarking.judging import Judged, Judgement, judge_set
from rewards.benchmarking.labelled import LabelledRow, LabelledSet, load_labelled, shipped
from rewards.benchmarking.pairs import Pair, compare_pair
from rewards.benchmarking.peers import expand_peer
from rewards.columns import Role, columns_for
from rewards.errors import InputError
from rewards.scoring.patience import RowLimits
from rewards.scoring.resolve import NamedReward, read_reward_argument, resolve_reward

_PACKAGES = ("rlvr", "math-verify", "latex2sympy2_extended", "sympy", "trl")
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
_ENDED = ("timeout", "memory", "crash", "error", "not_run")


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """What to measure, on what.

    Attributes:
        rewards: names, `trl`, `math-verify`, `module:object`, or `NAME=` before one of them.
        data: labelled JSONL files; none for the set that comes with the package.
        stress: measure on completions that try to win an undeserved reward, too.
        box_bare: see `load_labelled`.
        threshold: a score above it is a reward.
        limits: what one call may use.
    """

    rewards: Sequence[str]
    data: Sequence[Path] = ()
    stress: bool = False
    box_bare: bool = False
    threshold: float = 0.5
    limits: RowLimits = field(default_factory=RowLimits)


@dataclass(frozen=True, slots=True)
class RewardFigures:
    """One reward on one set.

    Attributes:
        counts: right and wrong decisions.
        false_negatives: how many by kind.
        false_positives: likewise.
        ended: calls without a score by what became of them: timeout, memory, crash, error, not_run.
        latency_s: wall seconds of a call by quantile: p50, p90, p99, max.
        rows_per_s: rows by the sum of those seconds.
        peak_mb: the most memory that a process judging rows held.
    """

    counts: Counts
    false_negatives: Mapping[str, int]
    false_positives: Mapping[str, int]
    ended: Mapping[str, int]
    latency_s: Mapping[str, float | None]
    rows_per_s: float | None
    peak_mb: float

    def to_dict(self) -> dict[str, object]:
        """The figures as plain JSON."""
        return {**asdict(self), "counts": self.counts.to_dict()}


@dataclass(frozen=True, slots=True)
class SetFigures:
    """Every reward on one set.

    Attributes:
        name: of the set.
        rewards: by name.
        kinds: how many rows there are by kind.
        pairs: each two rewards.
    """

    name: str
    rewards: Mapping[str, RewardFigures]
    kinds: Mapping[str, int]
    pairs: Sequence[Pair]


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


@dataclass(frozen=True, kw_only=True)
class BenchReport:
    """What `run_bench` found.

    Attributes:
        sets: one per file, and one over all where there are several files.
        mistakes: every wrong decision.
        environment: versions and hardware.
        threshold: a score above it is a reward.
    """

    sets: Sequence[SetFigures]
    mistakes: Sequence[Mistake]
    environment: Mapping[str, object]
    threshold: float

    @property
    def ended(self) -> int:
        """How many calls did not return, or failed."""
        files = self.sets[:-1] if len(self.sets) > 1 else self.sets
        return sum(sum(one.ended.values()) for found in files for one in found.rewards.values())

    def to_dict(self) -> dict[str, object]:
        """The report as plain JSON."""
        return {
            "environment": dict(self.environment),
            "threshold": self.threshold,
            "sets": [
                {
                    "name": one.name,
                    "kinds": dict(one.kinds),
                    "rewards": {name: found.to_dict() for name, found in one.rewards.items()},
                    "pairs": [asdict(pair) for pair in one.pairs],
                }
                for one in self.sets
            ],
            "mistakes": [asdict(mistake) for mistake in self.mistakes],
        }


def run_bench(
    options: BenchOptions, *, on_progress: Callable[[str, str], None] | None = None
) -> BenchReport:
    """Measure rewards on labelled rows.

    Args:
        options: what to do.
        on_progress: called with the set's and the reward's name before it is judged.

    Raises:
        InputError: a reward or a row cannot be used; the message says which and why.
        WorkerError: no worker process can be started.
    """
    named = _read_rewards(options.rewards)
    paths = list(options.data) or ([] if options.stress else [shipped("math_labelled")])
    sets = [load_labelled(path, box_bare=options.box_bare) for path in paths]
    if options.stress:
        sets.append(load_labelled(shipped("attacks")))
    found: list[SetFigures] = []
    mistakes: list[Mistake] = []
    all_rows: list[LabelledRow] = []
    all_judged: dict[str, list[Judged]] = {one.label: [] for one in named}
    for labelled in sets:
        judged: dict[str, Judged] = {}
        for one in named:
            if on_progress is not None:
                on_progress(labelled.name, one.label)
            judged[one.label] = judge_set(
                one.source, labelled, search_path=str(Path.cwd()), limits=options.limits
            )
            all_judged[one.label].append(judged[one.label])
        all_rows += labelled.rows
        found.append(_measure(labelled.name, labelled.rows, judged, options.threshold))
        mistakes += _mistakes(labelled, judged, options.threshold)
    if len(sets) > 1:
        joined = {
            label: Judged(
                tuple(chain.from_iterable(one.judgements for one in parts)),
                max(one.peak_mb for one in parts),
            )
            for label, parts in all_judged.items()
        }
        found.append(_measure("all", all_rows, joined, options.threshold))
    return BenchReport(
        sets=found, mistakes=mistakes, environment=_environment(), threshold=options.threshold
    )


def _read_rewards(arguments: Sequence[str]) -> list[NamedReward]:
    if not arguments:
        raise InputError("no reward given; name at least one: --reward accuracy")
    named = [read_reward_argument(expand_peer(argument)) for argument in arguments]
    labels = [one.label for one in named]
    for one in named:
        if labels.count(one.label) > 1:
            raise InputError(
                f"two rewards are called {one.label!r}; give one another name: "
                f"--reward NAME={one.source}"
            )
        resolve_reward(one.source)
    return named


def _measure(
    name: str, rows: Sequence[LabelledRow], judged: Mapping[str, Judged], threshold: float
) -> SetFigures:
    truths = [row.truth for row in rows]
    figures, decisions = {}, {}
    for label, one in judged.items():
        figures[label] = _figures(rows, one, threshold)
        decisions[label] = [_rewards(judgement, threshold) for judgement in one.judgements]
    pairs = [
        compare_pair((one, other), (decisions[one], decisions[other]), truths)
        for one, other in combinations(judged, 2)
    ]
    return SetFigures(name, figures, _count(row.kind for row in rows), pairs)


def _figures(rows: Sequence[LabelledRow], judged: Judged, threshold: float) -> RewardFigures:
    said = judged.judgements
    pairs = list(zip(rows, said, strict=True))
    wrong = [row for row, one in pairs if _rewards(one, threshold) is not row.truth]
    seconds = [one.seconds for one in said if one.seconds is not None]
    statuses = _count(one.status for one in said if one.score is None)
    return RewardFigures(
        counts=Counts.of([row.truth for row in rows], [one.score for one in said], threshold),
        false_negatives=_count(row.kind for row in wrong if row.truth),
        false_positives=_count(row.kind for row in wrong if not row.truth),
        ended={name: statuses[name] for name in _ENDED if name in statuses},
        latency_s={name: quantile(seconds, share) for name, share in _QUANTILES.items()},
        rows_per_s=len(seconds) / sum(seconds) if seconds and sum(seconds) else None,
        peak_mb=judged.peak_mb,
    )


def _mistakes(
    labelled: LabelledSet, judged: Mapping[str, Judged], threshold: float
) -> list[Mistake]:
    found = []
    for label, one in judged.items():
        for row, said in zip(labelled.rows, one.judgements, strict=True):
            if _rewards(said, threshold) is row.truth:
                continue
            names = columns_for(Role.REFERENCE, row.columns)
            found.append(
                Mistake(
                    set=labelled.name,
                    line=row.line,
                    kind=row.kind,
                    reward=label,
                    truth=row.truth,
                    reference=str(row.columns[names[0]]) if names else "",
                    completion=str(row.columns[labelled.completion]),
                    score=said.score,
                    status=said.status,
                    extracted=said.extracted,
                    reason=said.reason,
                )
            )
    return found


def _rewards(judgement: Judgement, threshold: float) -> bool:
    return judgement.score is not None and judgement.score > threshold


def _count(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def _environment() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "cpus": os.cpu_count(),
        "versions": {name: _version(name) for name in _PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
