"""Correlation of two columns of numbers; pure, and `None` with a reason where that has no answer.

Source of both coefficients: Pearson 1895, Spearman 1904 (ranks of equal values averaged).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import correlation, fmean

# Rewards that differ by less are the same to a trainer: advantages divide by a spread plus 1e-4.
# TRL calls a group's spread zero below it, too.
SAME = 1e-8

TwoColumns = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Correlation:
    """A coefficient in [-1, 1], or why there is none."""

    value: float | None
    reason: str = ""


def varies(values: Sequence[float]) -> bool:
    """Whether numbers differ, by more than a trainer would overlook.

    >>> varies([1.0, 1.0]), varies([0.0, 1.0])
    (False, True)
    """
    return bool(values) and max(values) / 2 - min(values) / 2 > SAME / 2


def pearson(scores: Sequence[float], lengths: Sequence[float]) -> Correlation:
    """Pearson's r: how far one goes in a straight line with the other.

    >>> pearson([0, 1, 2], [5, 7, 9]).value
    1.0
    >>> pearson([1, 1, 1], [5, 7, 9])
    Correlation(value=None, reason='the reward is the same everywhere')
    """
    if len(scores) < 2:
        return Correlation(None, "fewer than two scores")
    if not varies(scores):
        return Correlation(None, "the reward is the same everywhere")
    if not varies(lengths):
        return Correlation(None, "the length is the same everywhere")
    found = correlation(_to_unit(scores), _to_unit(lengths))
    return Correlation(max(-1.0, min(1.0, found)))


def spearman(scores: Sequence[float], lengths: Sequence[float]) -> Correlation:
    """Spearman's ρ: how far one rises whenever the other does.

    >>> spearman([0, 1, 2], [5, 70, 900]).value
    1.0
    """
    if not varies(scores):  # ranks would make much of what is nothing
        return pearson(scores, lengths)
    return pearson(ranks(scores), ranks(lengths))


def pearson_within(groups: Iterable[TwoColumns]) -> Correlation:
    """Pearson's r of the deviations from the means of a group, over the groups whose scores differ.

    The correlation within subjects of Bland and Altman 1995, without the groups from which nothing
    is learnt.

    >>> pearson_within([([0, 1], [10, 20]), ([0, 1], [110, 120]), ([1, 1], [3, 9])]).value
    1.0
    """
    scores: list[float] = []
    lengths: list[float] = []
    for one, other in groups:
        if varies(one):
            scores += _deviations(one)
            lengths += _deviations(other)
    if not scores:
        return Correlation(None, "no group with different scores")
    return pearson(scores, lengths)


def spearman_within(groups: Iterable[TwoColumns]) -> Correlation:
    """The same of the ranks within each group.

    >>> spearman_within([([0, 1, 2], [1, 2, 100]), ([0, 1, 2], [5, 7, 8])]).value
    1.0
    """
    return pearson_within((ranks(one), ranks(other)) for one, other in groups if varies(one))


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value from 1, equal ones sharing the mean of theirs.

    >>> ranks([30, 10, 10])
    [3.0, 1.5, 1.5]
    """
    found = [0.0] * len(values)
    before = 0
    places = sorted(range(len(values)), key=values.__getitem__)
    for _, same in groupby(places, key=values.__getitem__):
        shared = list(same)
        for at in shared:
            found[at] = before + (len(shared) + 1) / 2
        before += len(shared)
    return found


def _deviations(values: Sequence[float]) -> list[float]:
    mean = fmean(values)
    return [value - mean for value in values]


def _to_unit(values: Sequence[float]) -> list[float]:
    """Shifted and scaled into [0, 1], which changes no correlation and loses no small spread."""
    low, high = min(values), max(values)
    return [(value / 2 - low / 2) / (high / 2 - low / 2) for value in values]
