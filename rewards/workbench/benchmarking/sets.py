"""The sets of a run: files by a name of their own, their groups, the attacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from rewards.workbench.benchmarking.grouping import Grouping, completion_lengths, find_groups
from rewards.workbench.benchmarking.labelled import (
    LabelledColumns,
    LabelledSet,
    load_labelled,
    set_name,
    shipped,
)
from rewards.workbench.benchmarking.stress import load_attacks

ALL = "all"


@dataclass(frozen=True, kw_only=True)
class BenchSet:
    """Rows to judge.

    Attributes:
        labelled: the rows.
        grouping: which of them belong to one prompt, where that is to be measured.
        lengths: of the completions by unit, or why they are not known; likewise.
        attacks: whether they are attacks.
    """

    labelled: LabelledSet
    grouping: Grouping | None = None
    lengths: Mapping[str, Sequence[int] | str] = field(default_factory=dict)
    attacks: bool = False


def load_sets(  # noqa: PLR0913 - those of `BenchOptions`
    data: Sequence[Path],
    *,
    stress: bool,
    signal: bool,
    group_column: str | None,
    box_bare: bool,
    columns: LabelledColumns | None = None,
) -> Iterator[BenchSet]:
    """The sets of a run: the files, or else a set that comes with the package; then the attacks.

    The arguments are those of `BenchOptions`.

    Raises:
        DataFileError: a row cannot be used, or rows cannot be grouped; the message names it.
    """
    paths = list(data)
    names = _name_files(paths, ["attacks"] if stress else [])
    if not paths:
        names = ["rollouts" if signal else "math_labelled"]
        paths = [shipped(names[0])]
    for path, name in zip(paths, names, strict=True):
        labelled = load_labelled(
            path,
            name=name,
            box_bare=box_bare,
            need_truth=not signal,
            columns=columns if data else None,
        )
        if signal:
            grouping = find_groups(labelled, group_column)
            yield BenchSet(
                labelled=labelled, grouping=grouping, lengths=completion_lengths(labelled)
            )
        else:
            yield BenchSet(labelled=labelled)
    if stress:
        yield BenchSet(labelled=load_attacks(), attacks=True)


def _name_files(paths: Sequence[Path], taken: Sequence[str]) -> list[str]:
    """A name for each file that no other has: without its ending, else its path, else numbered."""
    short = Counter(map(set_name, paths))
    names: list[str] = []
    for path in paths:
        name = set_name(path)
        if short[name] > 1 or name in {ALL, *taken}:
            name = path.as_posix()
        unique, number = name, 1
        while unique in {ALL, *taken, *names}:
            number += 1
            unique = f"{name} ({number})"
        names.append(unique)
    return names


def join_sets(sets: Sequence[BenchSet]) -> BenchSet:
    """Files as one; a prompt that stands in two of them is two groups."""
    rows = tuple(chain.from_iterable(one.labelled.rows for one in sets))
    first = sets[0]
    joint = BenchSet(labelled=replace(first.labelled, name=ALL, rows=rows))
    if first.grouping is None:
        return joint
    groups: list[tuple[int, ...]] = []
    before = 0
    for one in sets:
        if one.grouping is not None:
            groups += [tuple(before + at for at in places) for places in one.grouping.groups]
        before += len(one.labelled.rows)
    columns = dict.fromkeys(one.grouping.column for one in sets if one.grouping)
    lengths = {unit: _join_lengths([one.lengths[unit] for one in sets]) for unit in first.lengths}
    return replace(joint, grouping=Grouping(", ".join(columns), tuple(groups)), lengths=lengths)


def _join_lengths(lengths: Sequence[Sequence[int] | str]) -> Sequence[int] | str:
    found: list[int] = []
    for one in lengths:
        if isinstance(one, str):
            return one
        found += one
    return found
