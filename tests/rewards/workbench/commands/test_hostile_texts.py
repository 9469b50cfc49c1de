"""Texts of models and files neither command a terminal nor start a formula in a spreadsheet."""

from __future__ import annotations

import csv

import pytest

ESCAPE = "\x1b]0;owned\x07\x1b[2J"


@pytest.fixture
def hostile(place):
    row = {"answer": f"{ESCAPE}7", "kind": ESCAPE, "label": True}
    rows = [row | {"completion": rf"\boxed{{{ESCAPE}{n}}}"} for n in range(3)]
    place.write("in.jsonl", *rows)
    return place


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", rf"\boxed{{{ESCAPE}}}", "--reference", ESCAPE),
        ("score", "in.jsonl", "--reward", "accuracy", "--output", "o.jsonl", "--workers", "0",
         "--completion-column", ESCAPE),
        ("score", "in.jsonl", "--reward", ESCAPE, "--output", "o.jsonl"),
        ("score", ESCAPE, "--reward", "accuracy", "--output", "o.jsonl"),
        ("compare", "in.jsonl", "--reward", "accuracy", "--reward", "choice", "--workers", "0"),
        ("bench", "--reward", "accuracy", "--data", "in.jsonl"),
    ],
)  # fmt: skip
def test_no_escape_sequence_reaches_the_terminal(hostile, arguments):
    done = hostile.run_here(*arguments)
    assert done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x07" not in done.stdout + done.stderr


def test_a_benchmark_s_csv_starts_no_formula(place):
    place.write(
        "in.jsonl",
        {"completion": '=HYPERLINK("http://x","y")', "answer": "@SUM(1)", "label": True},
        {"completion": "\t=1+1", "answer": "-2+3", "label": True},
    )
    done = place.run_here(
        "bench", "--reward", "accuracy", "--data", "in.jsonl", "--output", "found"
    )
    assert done.returncode == 0
    with (place / "found" / "mistakes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["completion"] for row in rows] == [
        '\'=HYPERLINK("http://x","y")',
        "'\t=1+1",
    ]
    assert [row["reference"] for row in rows] == ["'@SUM(1)", "'-2+3"]
