"""What a verdict costs: `python -m benchmarks.math_speed`.

CPU seconds of the process and everything it started, the verifiers taking turns within the same
run, medians of repeats. *Cold*: caches emptied before every repeat (processes stay up). *Warm*: the
same rows again. Latency is wall time of one row at a time, caches cold, the best of the repeats.
What all of them have imported lies outside of the collector's reach: it is nobody's cost.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.cpu_time import cpu_time
from benchmarks.environment import environment
from benchmarks.math_accuracy import RESULTS
from benchmarks.math_data import Row, load_sets
from benchmarks.math_verifiers import Score, Verifier, load_verifiers

_MIN_CPU_S = 0.5
_MAX_TIMES = 20

Measured = dict[str, float]


def main() -> None:
    arguments = _arguments()
    console = Console()
    verifiers = load_verifiers()
    results: dict[str, dict[str, Measured]] = {}
    for name, rows in load_sets(arguments.data, arguments.sets).items():
        chosen = rows[: arguments.limit] if arguments.limit else rows
        results[name] = _measure(verifiers, chosen, arguments.repeats, name, console)
        console.print(_table(name, chosen, results[name]))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "command": " ".join(["python -m benchmarks.math_speed", *sys.argv[1:]]),
        "environment": environment(),
        "repeats": arguments.repeats,
        "sets": results,
    }
    arguments.output.write_text(json.dumps(report, indent=1), encoding="utf-8")
    plot = arguments.output.with_suffix(".png")
    _plot(results, plot)
    console.print(f"written to {arguments.output} and {plot}")


def _measure(
    verifiers: Sequence[Verifier], rows: Sequence[Row], repeats: int, name: str, console: Console
) -> dict[str, Measured]:
    cold: dict[str, list[float]] = {v.name: [] for v in verifiers}
    warm: dict[str, list[float]] = {v.name: [] for v in verifiers}
    wall: dict[str, list[list[float]]] = {v.name: [] for v in verifiers}
    right: dict[str, float] = {}
    for verifier in verifiers:  # imports and first use are nobody's speed
        verifier.score(rows[:2])
    gc.collect()
    gc.freeze()  # a collection would walk through torch, and leave the processor's caches empty
    for turn in track(range(repeats), description=name, console=console, transient=True):
        for verifier in verifiers[turn % len(verifiers) :] + verifiers[: turn % len(verifiers)]:
            scores, once = _cpu_of(verifier, rows, forget=True)
            cold[verifier.name].append(once)
            warm[verifier.name].append(_cpu_of(verifier, rows, forget=False)[1])
            hits = sum((s == 1) == row.label for s, row in zip(scores, rows, strict=True))
            right[verifier.name] = hits / len(rows)
            verifier.forget()
            wall[verifier.name].append([_seconds(verifier, row) for row in rows])
    return {
        v.name: _figures(len(rows), cold[v.name], warm[v.name], wall[v.name], right[v.name])
        for v in verifiers
    }


def _cpu_of(verifier: Verifier, rows: Sequence[Row], *, forget: bool) -> tuple[list[Score], float]:
    """The scores of all rows and the CPU seconds they took.

    A fast verifier repeats the work until there is enough to measure.
    """
    spent, times = 0.0, 0
    while True:
        if forget:
            verifier.forget()
        gc.collect()  # nobody pays for what another left behind
        with cpu_time() as measured:
            scores = verifier.score(rows)
        spent += measured.seconds
        times += 1
        if spent > _MIN_CPU_S or times == _MAX_TIMES:
            return scores, spent / times


def _seconds(verifier: Verifier, row: Row) -> float:
    started = perf_counter()
    verifier.score([row])
    return perf_counter() - started


def _figures(
    count: int, cold: list[float], warm: list[float], wall: list[list[float]], right: float
) -> Measured:
    best = [min(column) for column in zip(*wall, strict=True)]
    cuts = quantiles(best, n=100)
    return {
        "cold_cpu_s": median(cold),
        "warm_cpu_s": median(warm),
        "cold_rows_per_cpu_s": count / max(median(cold), 1e-9),
        "warm_rows_per_cpu_s": count / max(median(warm), 1e-9),
        "p50_ms": cuts[49] * 1e3,
        "p99_ms": cuts[98] * 1e3,
        "max_ms": max(best) * 1e3,
        "accuracy": right,
    }


def _table(name: str, rows: Sequence[Row], figures: dict[str, Measured]) -> Table:
    table = Table(title=f"{name}: {len(rows)} rows")
    headings = ("verifier", "rows/CPU-s cold", "warm", "× slower", "p50 ms", "p99", "max", "right")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "verifier" else "right")
    fastest = min(figure["cold_cpu_s"] for figure in figures.values())
    for verifier, figure in figures.items():
        table.add_row(
            verifier,
            f"{figure['cold_rows_per_cpu_s']:,.0f}",
            f"{figure['warm_rows_per_cpu_s']:,.0f}",
            f"{figure['cold_cpu_s'] / max(fastest, 1e-9):.1f}",
            f"{figure['p50_ms']:.3f}",
            f"{figure['p99_ms']:.2f}",
            f"{figure['max_ms']:.1f}",
            f"{figure['accuracy']:.2%}",
        )
    return table


def _plot(results: dict[str, dict[str, Measured]], path: Path) -> None:
    """Accuracy against speed, one panel a set."""
    import matplotlib as mpl  # seconds to import, needed at the end only

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(
        1, len(results), figsize=(3.6 * len(results), 3.4), squeeze=False, layout="constrained"
    )
    for panel, (name, figures) in zip(panels[0], results.items(), strict=True):
        for verifier, measured in figures.items():
            panel.scatter(
                measured["cold_rows_per_cpu_s"], 100 * measured["accuracy"], s=60, label=verifier
            )
        panel.set(xscale="log", title=name, xlabel="rows per CPU second, caches cold")
        panel.grid(visible=True, alpha=0.3)
    panels[0][0].set_ylabel("rows judged right, %")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize="small")
    figure.savefig(path, dpi=140)
    plt.close(figure)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.math_speed", description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of labelled sets (*.jsonl)")
    parser.add_argument("--sets", nargs="*", default=(), help="names of sets in that folder")
    parser.add_argument("--limit", type=int, default=0, help="only so many rows of each set")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS / "math_speed.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
