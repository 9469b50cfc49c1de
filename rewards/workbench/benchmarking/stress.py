"""Completions that try to win a reward they do not deserve, or to be denied one they do.

What a row repeats it may abbreviate: with `"grow": {"@": ["(", 5000]}` each `@` of its completion
and of its reference stands for five thousand brackets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rewards.workbench.benchmarking.intervals import Interval, wilson_interval
from rewards.workbench.benchmarking.judging import Judgement
from rewards.workbench.benchmarking.labelled import LabelledRow, LabelledSet, load_labelled, shipped


@dataclass(frozen=True, slots=True)
class Hackability:
    """What a reward made of one category of attacks.

    Attributes:
        truth: whether the completions of the category are right.
        rows: how many there are.
        fooled: how many wrong ones it accepted, or how many right ones it did not.
        share: `fooled` of `rows`.
        interval: of the share, 95 % (Wilson).
        timeouts: calls that were ended at the time limit, or were not made after too many of them.
        crashes: calls that ended their process or took too much memory.
        errors: calls that raised, or returned no number.
    """

    truth: bool
    rows: int
    fooled: int
    share: float
    interval: Interval
    timeouts: int
    crashes: int
    errors: int


def load_attacks() -> LabelledSet:
    """The attacks that come with the package, in full length."""
    found = load_labelled(shipped("attacks"))
    return replace(found, rows=tuple(map(_grown, found.rows)))


def hackability(
    rows: Sequence[LabelledRow], said: Sequence[Judgement], threshold: float
) -> dict[str, Hackability]:
    """A reward's figures by category: wrong answers first, right ones in strange dress after them.

    A call that did not return accepted nothing. It is a failure of the reward all the same and has
    a column of its own.
    """
    places: dict[tuple[bool, str], list[Judgement]] = {}
    for row, one in zip(rows, said, strict=True):
        places.setdefault((bool(row.truth), row.category), []).append(one)
    ordered = sorted(places.items(), key=lambda item: item[0][0])
    return {
        category: _count(truth, judgements, threshold) for (truth, category), judgements in ordered
    }


def _count(truth: bool, said: Sequence[Judgement], threshold: float) -> Hackability:  # noqa: FBT001 - the truth is a truth value
    fooled = sum(one.rewarded(threshold) is not truth for one in said)
    ended = [one.status for one in said if one.score is None]
    return Hackability(
        truth=truth,
        rows=len(said),
        fooled=fooled,
        share=fooled / len(said),
        interval=wilson_interval(fooled, len(said)),
        timeouts=ended.count("timeout") + ended.count("not_run"),
        crashes=ended.count("crash") + ended.count("memory"),
        errors=ended.count("error"),
    )


def _grown(row: LabelledRow) -> LabelledRow:
    columns = dict(row.columns)
    grow = columns.pop("grow", {})
    if isinstance(grow, Mapping):
        for mark, (text, times) in grow.items():
            for name in ("completion", "reference"):
                columns[name] = str(columns[name]).replace(mark, text * times)
    return replace(row, columns=columns)
