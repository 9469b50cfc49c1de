"""The figures of a benchmark as tables of text: for the screen and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rewards.workbench.benchmarking.bench import BenchReport
from rewards.workbench.benchmarking.correlation import Correlation
from rewards.workbench.benchmarking.figures import SetFigures
from rewards.workbench.benchmarking.stress import Hackability
from rewards.workbench.benchmarking.throughput import Throughput
from rewards.workbench.rows.columns_read import columns_in_words

_NONE = "–"


@dataclass(frozen=True, slots=True)
class TextTable:
    """A title, column headings, rows of text and what there is to say about them.

    The first column names the row.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def tables(report: BenchReport) -> Iterator[TextTable]:
    """The tables of a report, set by set."""
    for found in report.sets:
        if found.signal:
            yield _signal(found, report.missing)
            yield _spread(found)
            yield _lengths(found)
        if any(one.counts for one in found.rewards.values()):
            yield _accuracy(found, report)
        for truth in (False, True):
            hackable = _hackability(found, truth=truth)
            if hackable.rows:
                yield hackable
        kinds = _kinds(found)
        if len(found.kinds) > 1 and kinds.rows:
            yield kinds
        if found.pairs:
            yield _pairs(found)
        yield _cost(found, report.batch_dependent)
    if report.throughput:
        yield _throughput(report.throughput)


def as_markdown(report: BenchReport) -> str:
    """Every table of a report, in Markdown."""
    parts = ["# Rewards measured"]
    for table in tables(report):
        lines = [table.headings, ["---"] * len(table.headings), *table.rows]
        body = "\n".join(f"| {' | '.join(map(_escaped, cells))} |" for cells in lines)
        parts += [f"## {table.title}\n\n{body}", *map(_escaped, table.notes)]
    return "\n\n".join(parts) + "\n"


def _accuracy(found: SetFigures, report: BenchReport) -> TextTable:
    headings = ["reward", "FN", "FP", "no score", "accuracy", "precision", "recall", "F1"]
    rows = []
    for name, one in found.rewards.items():
        if one.counts is None:
            continue
        shown = one.counts.to_dict()
        rows.append(
            [
                name,
                str(one.counts.false_negatives),
                str(one.counts.false_positives),
                str(one.counts.unscored),
                *(
                    _with_interval(shown[what], shown[f"{what}_interval"])
                    for what in ("accuracy", "precision", "recall", "f1")
                ),
            ]
        )
    title = f"{found.name}: {found.rows:,} rows; rewarded is a score above {report.threshold:g}"
    prompts = {len(one.counts.by_prompt) for one in found.rewards.values() if one.counts} - {0}
    notes = [f"intervals draw {count:,} prompts, whose completions are alike" for count in prompts]
    if read := columns_in_words(found.columns):
        notes.append(read)
    return _with_missing(TextTable(title, headings, rows, notes), report.missing)


def _hackability(found: SetFigures, *, truth: bool) -> TextTable:
    """Categories of wrong answers by reward, or of right ones."""
    by_reward = {
        reward: {name: one for name, one in categories.items() if one.truth is truth}
        for reward, categories in found.hackability.items()
    }
    categories = dict.fromkeys(name for known in by_reward.values() for name in known)
    rows = []
    for name in categories:
        counted = [known[name] for known in by_reward.values()]
        rows.append([name, str(counted[0].rows), *map(_fooled, counted)])
    what = "right answers in strange dress rejected" if truth else "wrong answers accepted"
    title = f"{found.name}: {what}, and calls that failed"
    return TextTable(title, ["category", "rows", *by_reward], rows)


def _fooled(one: Hackability) -> str:
    failures = (("timeouts", one.timeouts), ("crashes", one.crashes), ("errors", one.errors))
    shown = [f"{count} {what}" for what, count in failures if count]
    return "; ".join([f"{one.fooled}: {_with_interval(one.share, one.interval)}", *shown])


def _signal(found: SetFigures, missing: Mapping[str, str]) -> TextTable:
    rows, notes = [], []
    for name, one in found.signal.items():
        rows.append(
            [
                *(name, f"{one.groups:,}", _percent(one.zero_variance)),
                *map(str, (one.all_zero, one.all_one, one.all_same)),
                *map(_percent, (one.effective_share, one.no_score_share)),
            ]
        )
        if one.no_score:
            why = ", ".join(f"{count:,} {status}" for status, count in one.no_score.items())
            notes.append(f"{name}: rows without a score: {why}")
    sizes = sorted(found.group_sizes)
    size = f"{sizes[0]}" if sizes[0] == sizes[-1] else f"{sizes[0]} to {sizes[-1]}"
    title = (
        f"{found.name}: signal on {found.rows:,} rows in {len(sizes):,} groups of {size} "
        f"(by {found.grouped_by})"
    )
    headings = ["reward", "groups", "all equal", "all 0", "all 1", "other", "advantage", "no score"]
    return _with_missing(TextTable(title, headings, rows, notes), missing)


def _spread(found: SetFigures) -> TextTable:
    rows = [
        [name, *map(_number, (one.mean, one.std, one.group_std))]
        for name, one in found.signal.items()
    ]
    headings = ["reward", "mean", "std", "std in groups"]
    return TextTable(f"{found.name}: spread of the rewards", headings, rows)


def _lengths(found: SetFigures) -> TextTable:
    rows = []
    reasons: dict[str, dict[str, None]] = {}
    for name, one in found.signal.items():
        for unit, known in one.length.items():
            cells = (known.pearson, known.spearman, known.pearson_within, known.spearman_within)
            rows.append([name, unit, *map(_coefficient, cells)])
            for cell in cells:
                if cell.reason:
                    reasons.setdefault(cell.reason, {})[f"{name} in {unit}"] = None
    notes = [f"{', '.join(names)}: {reason}" for reason, names in reasons.items()]
    headings = ["reward", "unit", "Pearson", "Spearman", "in groups: Pearson", "Spearman"]
    return TextTable(f"{found.name}: correlation with length", headings, rows, notes)


def _kinds(found: SetFigures) -> TextTable:
    rows = []
    for kind, count in found.kinds.items():
        errors = [
            (one.false_negatives.get(kind, 0), one.false_positives.get(kind, 0))
            for one in found.rewards.values()
        ]
        if any(map(any, errors)):
            shown = [f"{missed} / {wrong}" for missed, wrong in errors]
            rows.append([kind or _NONE, f"{count:,}", *shown])
    headings = ["kind", "rows", *found.rewards]
    return TextTable(f"{found.name}: FN / FP by kind, where there are any", headings, rows)


def _pairs(found: SetFigures) -> TextTable:
    rows = [
        [
            f"{pair.first}, {pair.second}",
            _NONE if pair.kappa is None else f"{pair.kappa:.3f}",
            str(pair.first_only),
            str(pair.second_only),
            f"{pair.p_value:.2g}",
        ]
        for pair in found.pairs
    ]
    headings = ["rewards", "κ", "only the first is right", "only the second", "McNemar's p"]
    return TextTable(f"{found.name}: each two", headings, rows)


def _cost(found: SetFigures, batch_dependent: Mapping[str, str]) -> TextTable:
    rows = [
        [
            name,
            *(_NONE if s is None else f"{1000 * s:.3g}" for s in one.latency_s.values()),
            _NONE if one.rows_per_s is None else f"{one.rows_per_s:,.0f}",
            f"{one.peak_mb:,.0f}",
            ", ".join(f"{count} {what}" for what, count in one.ended.items()) or "none",
        ]
        for name, one in found.rewards.items()
    ]
    headings = ["reward", "p50 ms", "p90 ms", "p99 ms", "max ms", "rows/s", "peak MB", "failures"]
    how = "a completion, asked for with its group" if found.signal else "one call"
    notes = [f"{name} {how_differs}" for name, how_differs in batch_dependent.items()]
    return TextTable(f"{found.name}: cost of {how}", headings, rows, notes)


def _throughput(throughput: Mapping[str, Sequence[Throughput]]) -> TextTable:
    rows = [
        [
            name,
            str(one.workers),
            f"{one.rows:,}",
            _NONE if one.per_s is None else f"{one.per_s:,.0f}",
            _NONE if not (one.per_s and base) else f"{one.per_s / base:.2f} ×",
            ", ".join(f"{seconds:.2g}" for seconds in one.runs_s) or _NONE,
        ]
        for name, measured in throughput.items()
        for base in [measured[0].per_s]
        for one in measured
    ]
    least = next(iter(throughput.values()))[0].workers
    headings = ["reward", "workers", "completions", "a second", f"to {least}", "seconds a run"]
    notes = [
        f"{name} with {one.workers}: {one.reason}"
        for name, measured in throughput.items()
        for one in measured
        if one.reason
    ]
    return TextTable("Throughput by worker processes", headings, rows, notes)


def _with_missing(table: TextTable, missing: Mapping[str, str]) -> TextTable:
    """The table with a row for each reward that is not there."""
    blank = [_NONE] * (len(table.headings) - 2)
    rows = [[name, "missing", *blank] for name in missing]
    notes = [f"{name}: {why}" for name, why in missing.items()]
    return replace(table, rows=[*table.rows, *rows], notes=[*table.notes, *notes])


def _with_interval(value: object, interval: object) -> str:
    if not isinstance(value, float) or not isinstance(interval, tuple):
        return _NONE
    low, high = interval
    return f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{100 * value:.1f} %"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.4g}"


def _coefficient(one: Correlation) -> str:
    return _NONE if one.value is None else f"{one.value:+.3f}"


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
