"""The figures of a benchmark as CSV files.

A text from a model or a file never starts a formula: a spreadsheet would run it (OWASP, "CSV
Injection"). It gets an apostrophe before it, which spreadsheets take for the mark of a text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields

from rewards.workbench.benchmarking.bench import BenchReport
from rewards.workbench.benchmarking.counts import Counts
from rewards.workbench.benchmarking.figures import Mistake

Row = Mapping[str, object]


def spreadsheets(report: BenchReport) -> dict[str, str]:
    """The CSV files of a report by name; only those that have something to say."""
    tables = {
        "figures.csv": _figures(report),
        "signal.csv": _signal(report),
        "hackability.csv": _hackability(report),
        "throughput.csv": _throughput(report),
    }
    names = [field.name for field in fields(Mistake)]
    mistakes = [list(asdict(mistake).values()) for mistake in report.mistakes]
    found = {
        name: _csv(list(rows[0]), [*map(_values, rows)]) for name, rows in tables.items() if rows
    }
    return {**found, "mistakes.csv": _csv(names, mistakes)}


def _figures(report: BenchReport) -> list[Row]:
    """One line per set and reward."""
    blank = dict.fromkeys(Counts().to_dict())
    return [
        {
            "set": found.name,
            "reward": name,
            **(one.counts.to_dict() if one.counts else {**blank, "rows": found.rows}),
            **one.latency_s,
            "rows_per_s": one.rows_per_s,
            "peak_mb": one.peak_mb,
        }
        for found in report.sets
        for name, one in found.rewards.items()
    ]


def _signal(report: BenchReport) -> list[Row]:
    """One line per set and reward; correlations as `UNIT_COEFFICIENT`."""
    return [
        {
            "set": found.name,
            "grouped_by": found.grouped_by,
            "reward": name,
            **{key: value for key, value in one.to_dict().items() if key not in _NESTED},
            "no_score": " ".join(f"{status}={count}" for status, count in one.no_score.items()),
            **{
                f"{unit}_{field.name}": getattr(known, field.name).value
                for unit, known in one.length.items()
                for field in fields(known)
            },
        }
        for found in report.sets
        for name, one in found.signal.items()
    ]


_NESTED = frozenset({"no_score", "length"})


def _hackability(report: BenchReport) -> list[Row]:
    """One line per reward and category."""
    return [
        {"set": found.name, "reward": reward, "category": category, **asdict(one)}
        for found in report.sets
        for reward, categories in found.hackability.items()
        for category, one in categories.items()
    ]


def _throughput(report: BenchReport) -> list[Row]:
    """One line per reward and number of workers."""
    return [
        {"reward": reward, **asdict(one)}
        for reward, measured in report.throughput.items()
        for one in measured
    ]


def _values(row: Row) -> list[object]:
    return list(row.values())


def _csv(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_harmless, headings))
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: object) -> object:
    """The cell; a text that would start a formula as what it says.

    >>> _harmless("=HYPERLINK(1)"), _harmless(-1.5), _harmless("a=b")
    ("'=HYPERLINK(1)", -1.5, 'a=b')
    """
    if isinstance(cell, str) and cell.lstrip(" \n")[:1] in _STARTS_OF_FORMULAS:
        return f"'{cell}"
    return cell


_STARTS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
