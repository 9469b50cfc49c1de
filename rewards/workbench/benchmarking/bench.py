"""A run: every reward on every set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, count
from pathlib import Path

from rewards.errors import InputError
from rewards.workbench.benchmarking.environment import environment
from rewards.workbench.benchmarking.figures import Mistake, SetFigures, list_mistakes, measure_set
from rewards.workbench.benchmarking.group_signal import measure_signal
from rewards.workbench.benchmarking.grouping import prompts_of
from rewards.workbench.benchmarking.judging import JudgedSet, Record, judge_set
from rewards.workbench.benchmarking.labelled import LabelledColumns
from rewards.workbench.benchmarking.peers import read_rewards
from rewards.workbench.benchmarking.sets import ALL, BenchSet, join_sets, load_sets
from rewards.workbench.benchmarking.stress import hackability
from rewards.workbench.benchmarking.throughput import Throughput, measure_throughput
from rewards.workbench.scoring.reward_arguments import NamedReward
from rewards.workbench.scoring.row_limits import RowLimits


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """What to measure, on what.

    Attributes:
        rewards: names, `trl`, `math-verify`, `module:object`, or `NAME=` before one of them.
        data: JSONL files; none for a set that comes with the package. Labelled ones, unless
            `signal` is asked for.
        stress: measure on completions that try to win an undeserved reward, too.
        signal: measure the training signal that the rewards give, on files with several
            completions of each prompt; a reward is then asked for a whole group at a time, as a
            trainer does.
        group_column: see `find_groups`.
        throughput: numbers of worker processes with which to measure completions a second.
        box_bare: see `load_labelled`.
        threshold: a score above it is a reward.
        limits: what one call may use.
        columns: those that the user named.
    """

    rewards: Sequence[str]
    data: Sequence[Path] = ()
    stress: bool = False
    signal: bool = False
    group_column: str | None = None
    throughput: Sequence[int] = ()
    box_bare: bool = False
    threshold: float = 0.5
    limits: RowLimits = field(default_factory=RowLimits)
    columns: LabelledColumns = field(default_factory=LabelledColumns)


@dataclass(frozen=True, kw_only=True)
class BenchReport:
    """What `run_bench` found.

    Attributes:
        sets: one per file, one over all where there are several files, and the attacks.
        mistakes: every wrong decision.
        missing: other verifiers that are not installed, with the mend.
        batch_dependent: rewards whose scores differed in a batch from those of rows asked for one
            by one, and how.
        throughput: by reward, one for each number of workers.
        environment: versions and hardware.
        threshold: a score above it is a reward.
    """

    sets: Sequence[SetFigures]
    mistakes: Sequence[Mistake]
    missing: Mapping[str, str]
    batch_dependent: Mapping[str, str]
    throughput: Mapping[str, Sequence[Throughput]]
    environment: Mapping[str, object]
    threshold: float

    @property
    def ended(self) -> int:
        """How many calls did not return, or failed."""
        return sum(
            sum(one.ended.values())
            for found in self.sets
            if found.name != ALL
            for one in found.rewards.values()
        )

    @property
    def complete(self) -> bool:
        """Whether every call returned and nothing that was asked for is missing."""
        measured = chain.from_iterable(self.throughput.values())
        return not self.ended and not self.missing and all(one.per_s for one in measured)

    def to_dict(self) -> dict[str, object]:
        """The report as plain JSON."""
        found: dict[str, object] = {
            "environment": dict(self.environment),
            "threshold": self.threshold,
            "missing": dict(self.missing),
            "batch_dependent": dict(self.batch_dependent),
            "sets": [one.to_dict() for one in self.sets],
        }
        if self.throughput:
            found["throughput"] = {
                name: [asdict(one) for one in measured]
                for name, measured in self.throughput.items()
            }
        return {**found, "mistakes": [asdict(mistake) for mistake in self.mistakes]}


def run_bench(
    options: BenchOptions, *, on_progress: Callable[[str, str], None] | None = None
) -> BenchReport:
    """Measure rewards.

    Args:
        options: what to do.
        on_progress: called with the set's and the reward's name before it is judged.

    Raises:
        InputError: a reward or a row cannot be used; the message says which and why.
        WorkerError: no worker process can be started.
    """
    if options.group_column is not None and not options.signal:
        raise InputError("--group-column is for --signal; add that, or leave it out")
    named, missing = read_rewards(options.rewards)
    sets = list(
        load_sets(
            options.data,
            stress=options.stress,
            signal=options.signal,
            group_column=options.group_column,
            box_bare=options.box_bare,
            columns=options.columns,
        )
    )
    if on_progress is not None:
        steps = len(named) * (len(sets) + bool(options.throughput))
        on_progress = _numbered(on_progress, steps)
    judged: dict[str, list[JudgedSet]] = {}
    records: dict[str, Record] = {}
    throughput: dict[str, list[Throughput]] = {}
    for reward in named:
        record = records[reward.label] = Record()
        judged[reward.label] = _judge_sets(reward, sets, options, record, on_progress)
        if options.throughput:
            if on_progress is not None:
                on_progress("throughput", reward.label)
            throughput[reward.label] = measure_throughput(
                reward.source,
                [
                    (one.labelled, said.judgements)
                    for one, said in zip(sets, judged[reward.label], strict=True)
                    if not one.attacks
                ],
                workers=options.throughput,
                search_path=str(Path.cwd()),
                limits=options.limits,
            )
    by_set = [{label: said[at] for label, said in judged.items()} for at in range(len(sets))]
    files = [at for at, one in enumerate(sets) if not one.attacks]
    found = [_measure(one, said, options.threshold) for one, said in zip(sets, by_set, strict=True)]
    if len(files) > 1:
        joint = join_sets([sets[at] for at in files])
        said = {name: _join_judged([said[at] for at in files]) for name, said in judged.items()}
        found.insert(len(files), _measure(joint, said, options.threshold))
    return BenchReport(
        sets=found,
        mistakes=[
            mistake
            for one, said in zip(sets, by_set, strict=True)
            for mistake in list_mistakes(one.labelled, said, options.threshold)
        ],
        missing=missing,
        batch_dependent={
            name: one.batch_dependent for name, one in records.items() if one.batch_dependent
        },
        throughput=throughput,
        environment=environment(),
        threshold=options.threshold,
    )


def _numbered(on_progress: Callable[[str, str], None], steps: int) -> Callable[[str, str], None]:
    """The listener told which of how many steps each is."""
    numbers = count(1)
    return lambda name, label: on_progress(f"step {next(numbers)} of {steps}, {name}", label)


def _judge_sets(
    reward: NamedReward,
    sets: Sequence[BenchSet],
    options: BenchOptions,
    record: Record,
    on_progress: Callable[[str, str], None] | None,
) -> list[JudgedSet]:
    found = []
    for one in sets:
        if on_progress is not None:
            on_progress(one.labelled.name, reward.label)
        found.append(
            judge_set(
                reward.source,
                one.labelled,
                search_path=str(Path.cwd()),
                limits=options.limits,
                record=record,
                groups=one.grouping.groups if one.grouping else None,
            )
        )
    return found


def _measure(one: BenchSet, judged: Mapping[str, JudgedSet], threshold: float) -> SetFigures:
    rows = one.labelled.rows
    prompts = None if one.attacks else prompts_of(one.labelled)
    found = measure_set(one.labelled.name, rows, judged, threshold, prompts=prompts)
    found = replace(found, columns=one.labelled.columns)
    if one.attacks:
        categories = {
            label: hackability(rows, said.judgements, threshold) for label, said in judged.items()
        }
        return replace(found, hackability=categories)
    if one.grouping is None:
        return found
    groups = one.grouping.groups
    return replace(
        found,
        grouped_by=one.grouping.column,
        group_sizes=list(map(len, groups)),
        signal={
            label: measure_signal(said.judgements, groups, one.lengths)
            for label, said in judged.items()
        },
    )


def _join_judged(parts: Sequence[JudgedSet]) -> JudgedSet:
    judgements = tuple(chain.from_iterable(one.judgements for one in parts))
    return JudgedSet(judgements, max(one.peak_mb for one in parts))
