"""Several runs matched row by row. The verdicts wait in a temporary file, not in memory."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rewards.workbench.reporting.scored_rows import ScoredRow

if TYPE_CHECKING:
    from typing_extensions import Self

_SCHEMA = """
CREATE TABLE verdicts (
    run INTEGER, key TEXT, nth INTEGER, line INTEGER, judged TEXT, PRIMARY KEY (run, key, nth)
) WITHOUT ROWID
"""
_NEXT = "SELECT COALESCE(MAX(nth), -1) + 1 FROM verdicts WHERE run = ? AND key = ?"
_FIND = "SELECT line, judged FROM verdicts WHERE run = 0 AND key = ? AND nth = ?"

Judged = dict[str, tuple[float | None, str]]
"""Score and status by reward."""


class Match(NamedTuple):
    """A row's counterpart in the first run."""

    line: int
    judged: Judged


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

    def add(self, run: int, key: str, row: ScoredRow) -> Match | None:
        """Take up a row of a run; returns its counterpart in run 0, if there is one."""
        key = key.encode("utf-8", "backslashreplace").decode()  # SQLite takes no half surrogates
        (nth,) = self._database.execute(_NEXT, (run, key)).fetchone()
        judged = json.dumps({name: [v.score, v.status] for name, v in row.verdicts.items()})
        self._database.execute(
            "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)", (run, key, nth, row.line, judged)
        )
        if run == 0:
            return None
        found = self._database.execute(_FIND, (key, nth)).fetchone()
        if found is None:
            return None
        line, earlier = found
        return Match(line, {name: tuple(pair) for name, pair in json.loads(earlier).items()})


@dataclass
class RewardChanges:
    """How one reward's verdicts differ between two runs.

    Attributes:
        matched: rows that both runs judged with it.
        changed: of these, those whose status or score differs.
        better: of these, those with a higher score in the later run.
        worse: with a lower score.
        statuses: how often each status became which.
    """

    matched: int = 0
    changed: int = 0
    better: int = 0
    worse: int = 0
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class RunChanges:
    """One run compared with the first.

    Attributes:
        path: the later run's file.
        name: what the page calls it.
        matched: its rows that have a counterpart.
        only_here: its rows that have none.
        only_first: rows of the first run without a counterpart in this one.
        rewards: by name, those that both runs have.
        changed_rows: rows in which any reward's verdict changed.
    """

    path: Path
    name: str
    matched: int = 0
    only_here: int = 0
    only_first: int = 0
    changed_rows: int = 0
    rewards: dict[str, RewardChanges] = field(default_factory=dict)

    def add(self, row: ScoredRow, match: Match | None) -> bool:
        """Count one row; returns whether any verdict changed."""
        if match is None:
            self.only_here += 1
            return False
        self.matched += 1
        changed = False
        for reward, verdict in row.verdicts.items():
            if reward in match.judged:
                changed |= self._add_verdicts(
                    reward, match.judged[reward], (verdict.score, verdict.status)
                )
        self.changed_rows += changed
        return changed

    def _add_verdicts(
        self, reward: str, before: tuple[float | None, str], after: tuple[float | None, str]
    ) -> bool:
        changes = self.rewards.setdefault(reward, RewardChanges())
        changes.matched += 1
        changes.statuses[before[1], after[1]] += 1
        if before == after:
            return False
        changes.changed += 1
        if before[0] is not None and after[0] is not None:
            changes.better += after[0] > before[0]
            changes.worse += after[0] < before[0]
        return True
