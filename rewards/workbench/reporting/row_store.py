"""Rows that are too many for a page, in a temporary SQLite database that answers its questions.

SQLite comes with Python, and takes rows as `scored_rows` understands them (chats, lists of
completions, a trainer's tables), which an engine that reads the file itself would not.

What is filtered, sorted and grouped by lies in a file of its own, the rows themselves in another: a
look at a million rows reads some hundred megabytes in one go, not all of their text.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rewards.text.shorten import shorten
from rewards.text.visible import visible
from rewards.workbench.reporting.figures import RunFigures
from rewards.workbench.reporting.scored_rows import (
    ReportColumns,
    ScoredRow,
    as_text,
    understand_row,
)
from rewards.workbench.reporting.text_search import (
    folds_to_ascii,
    register_search,
    words_condition,
)
from rewards.workbench.rows.json_text import escape_halves, write_json

if TYPE_CHECKING:
    from typing_extensions import Self

MAX_COLUMNS = 60
_VALUE_CHARACTERS = 80
_BATCH = 2000
_KNOWN_ANSWERS = 6
_MOST_GROUPS = 200
_PAGE_BYTES = 2**15
_OF_A_ROW = ("number", "run", "line", "nth", "prompt", "step", "length", "truth")


@dataclass(frozen=True)
class Question:
    """Which rows, in which order.

    Attributes:
        filters: keys and values, as addresses on the page have them.
        words: that must all occur in a row, in lower case.
        sort: what by; empty for the order of the files.
        descending: the other way round.
        reward: whose score and status is sorted by.
    """

    filters: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    sort: str = ""
    descending: bool = False
    reward: str = ""


class RowStore:
    """The rows of all files.

    Args:
        folder: where the databases go.
        rewards: the rewards' names, as the first rows have them.
        columns: the columns to filter and group by beside what every row has.
        runs: the names of the files.
    """

    def __init__(
        self, folder: Path, *, rewards: Sequence[str], columns: Sequence[str], runs: Sequence[str]
    ) -> None:
        self.rewards = tuple(rewards)
        self.columns = tuple(columns)[:MAX_COLUMNS]
        self.runs = tuple(runs)
        self._named = {visible(name): at for at, name in enumerate(self.rewards)}
        self._shown = {visible(name): at for at, name in enumerate(self.columns)}
        self._lock = threading.Lock()
        self._waiting: list[tuple[tuple[object, ...], tuple[int, bool, str]]] = []
        self._known: OrderedDict[Question, Sequence[int]] = OrderedDict()
        self.rows = 0
        self._database = sqlite3.connect(
            folder / "facts.sqlite", isolation_level=None, check_same_thread=False
        )
        self._database.execute("ATTACH ? AS whole", (str(folder / "rows.sqlite"),))
        said = [f"{kind}{at}" for at in range(len(self.rewards)) for kind in ("s", "v", "w")]
        fields = [*_OF_A_ROW[1:], *said, *(f"c{at}" for at in range(len(self.columns)))]
        for name, cache_kib in (("main", 100_000), ("whole", 20_000)):
            for pragma in (
                f"page_size = {_PAGE_BYTES}",
                "synchronous = OFF",
                "journal_mode = OFF",
                f"cache_size = -{cache_kib}",
            ):
                self._database.execute(f"PRAGMA {name}.{pragma}")
        self._database.execute(
            f"CREATE TABLE facts (number INTEGER PRIMARY KEY, {', '.join(fields)})"
        )
        self._database.execute(
            "CREATE TABLE whole.texts (number INTEGER PRIMARY KEY, folds INTEGER, row TEXT)"
        )
        self._database.execute("BEGIN")
        marks = ", ".join("?" * (len(fields) + 1))
        self._insert = f"INSERT INTO facts VALUES ({marks})"  # noqa: S608 - marks only
        register_search(self._database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, row: ScoredRow, run: int, figures: RunFigures) -> None:
        """Take up a row that `figures` has counted."""
        facts: list[object] = [self.rows, run, row.line, row.nth]
        facts += [None if row.prompt is None else row.prompt >> 16, row.step, row.length, row.truth]
        for reward in self.rewards:
            verdict = row.verdicts.get(reward)
            if verdict is None:
                facts += [None, None, None]
                continue
            kind = figures.rewards[reward].kind_of(verdict) if verdict.is_zero_or_none else None
            facts += [verdict.status, verdict.score, None if kind is None else visible(kind)]
        facts += [_fact(row.columns.get(name)) for name in self.columns]
        text = _row_text(row.columns)
        self._waiting.append((tuple(facts), (self.rows, folds_to_ascii(text), text)))
        self.rows += 1
        if len(self._waiting) >= _BATCH:
            self._flush()

    def finish(self) -> None:
        """Call it when all rows are there."""
        self._flush()
        self._database.execute("CREATE INDEX by_prompt ON facts (prompt)")
        self._database.execute("COMMIT")

    def numbers(self, question: Question) -> Sequence[int]:
        """The rows that pass, in order.

        Raises:
            ValueError: the question names what is not there.
        """
        with self._lock:
            if question in self._known:
                self._known.move_to_end(question)
                return self._known[question]
        order = self._order(question)
        if order == "number" and not question.filters and not question.words:
            return range(self.rows)
        where, values = self._condition(question)
        query = f"SELECT number FROM {where} ORDER BY {order}"  # noqa: S608
        with self._lock:
            found = array("q", (number for (number,) in self._database.execute(query, values)))
        with self._lock:
            self._known[question] = found
            while len(self._known) > _KNOWN_ANSWERS:
                self._known.popitem(last=False)
        return found

    def fetch(
        self, numbers: Sequence[int], named: ReportColumns
    ) -> Iterator[tuple[int, ScoredRow]]:
        """Rows by their numbers, in that order, each with its run."""
        for number in numbers:
            found = self._ask(
                "SELECT run, line, nth, row FROM facts JOIN texts USING (number) WHERE number = ?",
                (number,),
            )
            for run, line, nth, text in found:
                yield (
                    int(str(run)),
                    understand_row(int(str(line)), int(str(nth)), json.loads(str(text)), named),
                )

    def texts(self, numbers: Sequence[int]) -> Iterator[str]:
        """Whole rows as lines of JSON."""
        for number in numbers:
            for (text,) in self._ask("SELECT row FROM texts WHERE number = ?", (number,)):
                yield f"{text}\n"

    def of_prompt(self, prompt: int, *, limit: int = 65) -> Sequence[int]:
        """The rows of a prompt, by the number that the page knows it by."""
        found = self._ask(
            "SELECT number FROM facts WHERE prompt = ? ORDER BY number LIMIT ?", (prompt, limit)
        )
        return [int(str(number)) for (number,) in found]

    def place(self, run: int, line: int, nth: int) -> int | None:
        """A row's number by where it stands."""
        found = self._ask(
            "SELECT number FROM facts WHERE run = ? AND line = ? AND nth = ?", (run, line, nth)
        )
        return next((int(str(number)) for (number,) in found), None)

    def groups(self, question: Question, key: str) -> list[dict[str, object]]:
        """The values of a key with their rows and mean scores by reward, the most frequent first.

        Raises:
            ValueError: there is no such key.
        """
        value = self._expression(key)
        where, values = self._condition(question)
        means = "".join(f", avg(v{at})" for at in range(len(self.rewards)))
        found = self._ask(
            f"SELECT {value} AS value, count(*) AS rows{means} FROM {where} "  # noqa: S608
            f"GROUP BY value HAVING value IS NOT NULL ORDER BY rows DESC LIMIT {_MOST_GROUPS + 1}",
            values,
        )
        return [{"value": str(one[0]), "rows": one[1], "means": list(one[2:])} for one in found]

    def _flush(self) -> None:
        self._database.executemany(self._insert, [facts for facts, _ in self._waiting])
        self._database.executemany(
            "INSERT INTO texts VALUES (?, ?, ?)", [text for _, text in self._waiting]
        )
        self._waiting.clear()

    def _ask(self, query: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        with self._lock:
            return self._database.execute(query, tuple(values)).fetchall()

    def _condition(self, question: Question) -> tuple[str, list[object]]:
        tests, values = [], list[object]()
        for key, value in question.filters:
            if key == "step":
                low, _, high = value.partition("-")
                tests.append("step >= ? AND step < ? + 1")
                values += [float(low), float(high or low)]
            elif key == "prompt":
                tests.append("prompt = ?")
                values.append(int(value))
            else:
                tests.append(f"{self._expression(key)} = ?")
                values.append(value)
        table = "facts"
        if question.words:
            table = "facts JOIN texts USING (number)"
            condition, asked = words_condition(question.words)
            tests.append(condition)
            values += asked
        return f"{table} WHERE {' AND '.join(tests) or '1'}", values

    def _expression(self, key: str) -> str:
        """What a key stands for, in SQL; made of names of our own alone."""
        kind, _, about = key.partition(".")
        if kind == "file":
            names = " ".join(
                f"WHEN {at} THEN {_quoted(visible(name))}" for at, name in enumerate(self.runs)
            )
            return f"CASE run {names} END"
        if kind == "by" and about in self._shown:
            return f"c{self._shown[about]}"
        if about not in self._named or kind not in {"status", "why", "label"}:
            raise ValueError(f"there is no {key!r} to filter or group by")
        at = self._named[about]
        if kind == "label":
            return (
                "CASE WHEN truth IS NULL THEN 'no label' "
                f"WHEN v{at} IS NULL OR s{at} = 'scored' THEN 'not judged' "
                f"WHEN (s{at} = 'correct') = truth THEN 'agrees with the label' "
                "WHEN truth THEN 'false negative' ELSE 'false positive' END"
            )
        return f"{'s' if kind == 'status' else 'w'}{at}"

    def _order(self, question: Question) -> str:
        at = self._named.get(question.reward, 0)
        by = {"line": "run, line, nth", "length": "length", "status": f"s{at}", "score": f"v{at}"}
        other = question.sort.removeprefix("status of ")
        if other != question.sort and other in self._named:
            by[question.sort] = f"s{self._named[other]}"
        if question.sort not in by:
            return "number"
        way = "DESC" if question.descending else "ASC"
        columns = by[question.sort].split(", ")
        # Rows without a value stay last, whichever way.
        return ", ".join(f"{one} IS NULL, {one} {way}" for one in columns) + ", number"


def scalar_columns(rows: Sequence[ScoredRow]) -> list[str]:
    """The columns of some rows that hold short values, to group by."""
    found: dict[str, bool] = {}
    for row in rows:
        for name, value in row.columns.items():
            short = value is None or (
                isinstance(value, str | int | float) and len(as_text(value)) <= _VALUE_CHARACTERS
            )
            found[name] = found.get(name, True) and short
    return [name for name, short in found.items() if short]


def _row_text(columns: dict[str, object]) -> str:
    try:
        return escape_halves(write_json(columns))
    except RecursionError:  # it could just be read
        shown = {name: _shallow(value) for name, value in columns.items()}
        return escape_halves(write_json(shown))


def _shallow(value: object) -> object:
    try:
        write_json(value)
    except RecursionError:
        return as_text(value)
    return value


def _fact(value: object) -> str | None:
    return None if value is None else visible(shorten(as_text(value), _VALUE_CHARACTERS))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
