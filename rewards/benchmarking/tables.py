"""The figures of a benchmark as tables of text: for the screen, Markdown and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields

from rewards.benchmarking.bench import BenchReport, Mistake, SetFigures


@dataclass(frozen=True, slots=True)
class TextTable:
    """A title, column headings and rows of text; the first column names the row."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(report: BenchReport) -> Iterator[TextTable]:
    """The tables of a report, set by set."""
    for found in report.sets:
        yield _accuracy(found, report.threshold)
        kinds = _kinds(found)
        if len(found.kinds) > 1 and kinds.rows:
            yield kinds
        if found.pairs:
            yield _pairs(found)
        yield _cost(found)


def as_markdown(report: BenchReport) -> str:
    """Every table of a report, in Markdown."""
    parts = ["# Rewards against labels"]
    for table in tables(report):
        lines = [table.headings, ["---"] * len(table.headings), *table.rows]
        body = "\n".join(f"| {' | '.join(map(_escaped, cells))} |" for cells in lines)
        parts.append(f"## {table.title}\n\n{body}")
    return "\n\n".join(parts) + "\n"


def figures_as_csv(report: BenchReport) -> str:
    """One line per set and reward."""
    rows = [
        {"set": found.name, "reward": name, **one.counts.to_dict(), **one.latency_s}
        | {"rows_per_s": one.rows_per_s, "peak_mb": one.peak_mb}
        for found in report.sets
        for name, one in found.rewards.items()
    ]
    return _csv(list(rows[0]), [list(row.values()) for row in rows])


def mistakes_as_csv(report: BenchReport) -> str:
    """One line per wrong decision."""
    names = [field.name for field in fields(Mistake)]
    return _csv(names, [list(asdict(mistake).values()) for mistake in report.mistakes])


def _accuracy(found: SetFigures, threshold: float) -> TextTable:
    rows = []
    for name, one in found.rewards.items():
        shown = one.counts.to_dict()
        rows.append(
            [
                name,
                str(one.counts.false_negatives),
                str(one.counts.false_positives),
                str(one.counts.unscored),
                *(
                    _share(shown[what], shown[f"{what}_interval"])
                    for what in ("accuracy", "precision", "recall", "f1")
                ),
            ]
        )
    total = sum(found.kinds.values())
    title = f"{found.name}: {total:,} rows; rewarded is a score above {threshold:g}"
    headings = ["reward", "FN", "FP", "no score", "accuracy", "precision", "recall", "F1"]
    return TextTable(title, headings, rows)


def _kinds(found: SetFigures) -> TextTable:
    rows = []
    for kind, count in found.kinds.items():
        errors = [
            (one.false_negatives.get(kind, 0), one.false_positives.get(kind, 0))
            for one in found.rewards.values()
        ]
        if any(map(any, errors)):
            rows.append([kind or "–", f"{count:,}", *(f"{fn} / {fp}" for fn, fp in errors)])
    headings = ["kind", "rows", *found.rewards]
    return TextTable(f"{found.name}: FN / FP by kind, where there are any", headings, rows)


def _pairs(found: SetFigures) -> TextTable:
    rows = [
        [
            f"{pair.first}, {pair.second}",
            "–" if pair.kappa is None else f"{pair.kappa:.3f}",
            str(pair.first_only),
            str(pair.second_only),
            f"{pair.p_value:.2g}",
        ]
        for pair in found.pairs
    ]
    headings = ["rewards", "κ", "only the first is right", "only the second", "McNemar's p"]
    return TextTable(f"{found.name}: each two", headings, rows)


def _cost(found: SetFigures) -> TextTable:
    rows = [
        [
            name,
            *("–" if s is None else f"{1000 * s:.3g}" for s in one.latency_s.values()),
            "–" if one.rows_per_s is None else f"{one.rows_per_s:,.0f}",
            f"{one.peak_mb:,.0f}",
            ", ".join(f"{count} {what}" for what, count in one.ended.items()) or "none",
        ]
        for name, one in found.rewards.items()
    ]
    headings = ["reward", "p50 ms", "p90 ms", "p99 ms", "max ms", "rows/s", "peak MB", "failures"]
    return TextTable(f"{found.name}: cost of one call", headings, rows)


def _share(value: object, interval: object) -> str:
    if not isinstance(value, float) or not isinstance(interval, tuple):
        return "–"
    low, high = interval
    return f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def _csv(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return text.getvalue()
