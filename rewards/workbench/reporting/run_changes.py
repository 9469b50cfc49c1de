"""Several runs matched row by row. The verdicts wait in a temporary file, not in memory."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rewards.errors import InputError
from rewards.workbench.benchmarking.intervals import ClusteredMean, Interval, cluster_of
from rewards.workbench.reporting.figures import NO_REASON, OTHER_REASONS
from rewards.workbench.reporting.scored_rows import ScoredRow
from rewards.workbench.scoring.tally import kind_of_reason

if TYPE_CHECKING:
    from typing_extensions import Self

_SCHEMA = """
CREATE TABLE verdicts (
    run INTEGER, key TEXT, nth INTEGER, place INTEGER, task INTEGER, judged TEXT,
    PRIMARY KEY (run, key, nth)
) WITHOUT ROWID
"""
_NEXT = "SELECT COALESCE(MAX(nth), -1) + 1 FROM verdicts WHERE run = ? AND key = ?"
_FIND = "SELECT place, task, judged FROM verdicts WHERE run = 0 AND key = ? AND nth = ?"
_INSERT = "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?)"

Judged = dict[str, tuple[float | None, str, str]]
"""Score, status and the kind of reason by reward."""

SHOWN_CHANGES = 10
_MOST_CHANGES = 500


class Match(NamedTuple):
    """A row's counterpart in the first run.

    Attributes:
        place: which of that run's rows it is, from 0.
        judged: what was said of it.
        same_task: whether prompt and reference are the same; `None` where a row has neither.
    """

    place: int
    judged: Judged
    same_task: bool | None


class VerdictIndex:
    """The verdicts of all rows of all runs, by key, in a database that vanishes when closed.

    A key that comes several times in a run (several completions of a prompt) is matched with the
    first run's in order: the second with the second.
    """

    def __init__(self) -> None:
        # An empty name is a temporary database that spills to disk (sqlite.org/inmemorydb.html).
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(_SCHEMA)
        self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, run: int, key: str, row: ScoredRow, place: int) -> Match | None:
        """Take up a row of a run; returns its counterpart in run 0, if there is one.

        Args:
            run: which run.
            key: what says which rows belong together.
            row: the row.
            place: which of the run's rows it is, from 0.
        """
        key = key.encode("utf-8", "backslashreplace").decode()  # SQLite takes no half surrogates
        (nth,) = self._database.execute(_NEXT, (run, key)).fetchone()
        task = _task(row)
        if run > 0:
            found = self._database.execute(_FIND, (key, nth)).fetchone()
            self._database.execute(_INSERT, (run, key, nth, place, None, ""))
            if found is None:
                return None
            earlier, earlier_task, judged = found
            same = None if task is None or earlier_task is None else task == earlier_task
            said = {name: tuple(parts) for name, parts in json.loads(judged).items()}
            return Match(earlier, said, same)
        said = {
            name: (v.score, v.status, kind_of_reason(v.reason)) for name, v in row.verdicts.items()
        }
        self._database.execute(_INSERT, (run, key, nth, place, task, json.dumps(said)))
        return None


def _task(row: ScoredRow) -> int | None:
    """What a row asks and takes for right, as a number; SQLite's have 64 bits and a sign."""
    if row.question is None and row.reference is None:
        return None
    return cluster_of(json.dumps([row.question, row.reference])) >> 1


class Change(NamedTuple):
    """What became of verdicts, and the kinds of reason given; empty for a positive score."""

    before: str
    after: str
    why_before: str
    why_after: str


@dataclass
class RewardChanges:
    """How one reward's verdicts differ between two runs.

    Attributes:
        matched: rows that both runs judged with it.
        changed: of these, those whose status or score differs.
        better: of these, those with a higher score in the later run.
        worse: with a lower score.
        kinds: how often each change came; of more kinds than are kept, those that came first.
    """

    matched: int = 0
    changed: int = 0
    better: int = 0
    worse: int = 0
    kinds: Counter[Change] = field(default_factory=Counter)
    _difference: ClusteredMean = field(default_factory=ClusteredMean)

    @property
    def difference(self) -> float | None:
        """The mean change of the score, over the rows that both runs gave one."""
        return self._difference.value

    @property
    def interval(self) -> Interval | None:
        """Its 95 % interval, by drawing prompts."""
        return self._difference.interval

    @property
    def statuses(self) -> Counter[tuple[str, str]]:
        """How often each status became which other one, in rows whose verdict changed."""
        found: Counter[tuple[str, str]] = Counter()
        for change, rows in self.kinds.items():
            found[change.before, change.after] += rows
        return found

    def largest(self) -> list[tuple[Change, int]]:
        """The most frequent changes, at most `SHOWN_CHANGES`."""
        return self.kinds.most_common(SHOWN_CHANGES)

    def add(self, row: ScoredRow, reward: str, before: tuple[float | None, str, str]) -> bool:
        """Count one row; returns whether its verdict changed."""
        verdict = row.verdicts[reward]
        self.matched += 1
        if before[0] is not None and verdict.score is not None:
            self._difference.add(verdict.score - before[0], row.cluster)
        if before[:2] == (verdict.score, verdict.status):
            return False
        self.changed += 1
        if before[0] is not None and verdict.score is not None:
            self.better += verdict.score > before[0]
            self.worse += verdict.score < before[0]
        change = Change(
            before[1],
            verdict.status,
            "" if before[0] else before[2] or NO_REASON,
            kind_of_reason(verdict.reason) or NO_REASON if verdict.is_zero_or_none else "",
        )
        if change not in self.kinds and len(self.kinds) >= _MOST_CHANGES:
            change = change._replace(why_before=OTHER_REASONS, why_after=OTHER_REASONS)
        self.kinds[change] += 1
        return True


@dataclass
class RunChanges:
    """One run compared with the first.

    Attributes:
        path: the later run's file.
        name: what the page calls it.
        matched: its rows that have a counterpart.
        only_here: its rows that have none.
        only_first: rows of the first run without a counterpart in this one.
        other_task: matched rows whose prompt or reference is another than in the first run.
        rewards: by name, those that both runs have.
        changed_rows: rows in which any reward's verdict changed.
    """

    path: Path
    name: str
    matched: int = 0
    only_here: int = 0
    only_first: int = 0
    other_task: int = 0
    changed_rows: int = 0
    rewards: dict[str, RewardChanges] = field(default_factory=dict)

    def add(self, row: ScoredRow, match: Match | None) -> bool:
        """Count one row; returns whether any verdict changed."""
        if match is None:
            self.only_here += 1
            return False
        self.matched += 1
        self.other_task += match.same_task is False
        changed = False
        for reward in row.verdicts:
            if reward in match.judged:
                changes = self.rewards.setdefault(reward, RewardChanges())
                changed |= changes.add(row, reward, match.judged[reward])
        self.changed_rows += changed
        return changed

    def check(self, first: Path, matched_by: str) -> None:
        """Make sure that the two runs are about the same rows.

        Raises:
            InputError: no row matches, or most that do ask something else.
        """
        if not self.matched:
            raise InputError(
                f"{self.path}: no row has a counterpart in {first} (matched by {matched_by}); name "
                "the column that says which rows belong together with --match, or report on each "
                "file alone"
            )
        if self.other_task * 2 > self.matched:
            raise InputError(
                f"{self.path}: {self.other_task:,} of the {self.matched:,} rows that have a "
                f"counterpart in {first} (matched by {matched_by}) have another prompt or another "
                "reference there, so these are no two runs of the same; name the column that says "
                "which rows belong together with --match, or report on each file alone"
            )
