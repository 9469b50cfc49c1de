"""How often math verifiers are wrong, on labelled answers: `python -m benchmarks.math_accuracy`.

Rows whose label contradicts mathematics, or asks for another convention than ours, are named with
their reason in `benchmarks/data/math_exceptions.jsonl`: errors are counted with and without them.

Writes a table to the screen and every row on which the verifiers differ, or err, to JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.environment import environment
from benchmarks.math_data import Row, load_exceptions, load_sets
from benchmarks.math_verifiers import Score, Verifier, load_verifiers
from rewards.extraction.boxes import last_boxed
from rewards.workbench.benchmarking.intervals import wilson_interval

RESULTS = Path(__file__).parent / "results"
_SHOWN_CHARS = 160
_CHUNK = 50  # verifiers take turns, chunk by chunk


def main() -> None:
    arguments = _arguments()
    console = Console()
    verifiers = load_verifiers()
    results: dict[str, object] = {}
    for name, rows in load_sets(arguments.data, arguments.sets).items():
        scores = _score(verifiers, rows, name, console)
        results[name] = {
            "rows": len(rows),
            "verifiers": {v: _summary(rows, found) for v, found in scores.items()},
            "differences": _differences(rows, scores),
        }
        console.print(_table(name, rows, scores))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "command": " ".join(["python -m benchmarks.math_accuracy", *sys.argv[1:]]),
        "environment": environment(),
        "sets": results,
    }
    arguments.output.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    console.print(f"written to {arguments.output}")


def _score(
    verifiers: Sequence[Verifier], rows: Sequence[Row], name: str, console: Console
) -> dict[str, list[Score]]:
    scores: dict[str, list[Score]] = {verifier.name: [] for verifier in verifiers}
    chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
    for chunk in track(chunks, description=name, console=console, transient=True):
        for verifier in verifiers:
            scores[verifier.name] += verifier.score(chunk)
    return scores


def _summary(rows: Sequence[Row], scores: Sequence[Score]) -> dict[str, object]:
    """Errors and accuracy; a skipped row (no score) counts as an error where it is right."""
    missed = sum(row.label and score != 1 for row, score in zip(rows, scores, strict=True))
    undeserved = sum(not row.label and score == 1 for row, score in zip(rows, scores, strict=True))
    right = len(rows) - missed - undeserved
    low, high = wilson_interval(right, len(rows))
    named = load_exceptions()
    excepted = [
        row
        for row, score in zip(rows, scores, strict=True)
        if row.key in named and (score == 1) != row.label
    ]
    return {
        "false_negatives": missed,
        "false_positives": undeserved,
        "false_negatives_excepted": sum(row.label for row in excepted),
        "false_positives_excepted": sum(not row.label for row in excepted),
        "skipped": sum(score is None for score in scores),
        "accuracy": right / len(rows),
        "accuracy_95": [low, high],
    }


def _differences(rows: Sequence[Row], scores: dict[str, list[Score]]) -> list[dict[str, object]]:
    """The rows on which not every verifier agrees with the label."""
    found: list[dict[str, object]] = []
    named = load_exceptions()
    for index, row in enumerate(rows):
        given = {name: column[index] for name, column in scores.items()}
        if any((score == 1) != row.label for score in given.values()):
            answer = last_boxed(row.completion) or row.completion
            found.append(
                {
                    "gold": row.gold[-_SHOWN_CHARS:],
                    "answer": answer[-_SHOWN_CHARS:],
                    "label": row.label,
                    "excepted": named.get(row.key),
                    "scores": given,
                }
            )
    return found


def _table(name: str, rows: Sequence[Row], scores: dict[str, list[Score]]) -> Table:
    positive = sum(row.label for row in rows)
    table = Table(title=f"{name}: {len(rows)} rows, {positive} right")
    for heading in ("verifier", "false negatives", "false positives", "skipped", "accuracy (95 %)"):
        table.add_column(heading, justify="left" if heading == "verifier" else "right")
    for verifier, column in scores.items():
        summary = _summary(rows, column)
        low, high = wilson_interval(round(float(str(summary["accuracy"])) * len(rows)), len(rows))
        table.add_row(
            verifier,
            _count(summary, "false_negatives"),
            _count(summary, "false_positives"),
            str(summary["skipped"]),
            f"{float(str(summary['accuracy'])):.2%} ({low:.1%} to {high:.1%})",
        )
    return table


def _count(summary: dict[str, object], errors: str) -> str:
    """Errors, and how many are left without the rows named in `math_exceptions.jsonl`."""
    count, excepted = int(str(summary[errors])), int(str(summary[f"{errors}_excepted"]))
    return f"{count} ({count - excepted} unnamed)" if excepted else str(count)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.math_accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of labelled sets, and more in field/")
    parser.add_argument("--sets", nargs="*", default=(), help="some of them, as in field/reports")
    parser.add_argument("--output", type=Path, default=RESULTS / "math_accuracy.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
