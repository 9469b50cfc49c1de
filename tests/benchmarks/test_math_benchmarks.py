"""The math benchmarks run, and what they measure with is right."""

import json
import sys
import time

import pytest

from benchmarks import math_accuracy, math_speed
from benchmarks.cpu_time import cpu_time
from benchmarks.math_data import (
    EXCEPTIONS,
    LABELLED_SETS,
    SHIPPED,
    Row,
    load_exceptions,
    load_rows,
    load_sets,
)
from rewards import accuracy

ROWS = load_rows(SHIPPED)


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_accuracy_on_the_shipped_rows(row):
    verdict = accuracy.verify(row.completion, row.gold)
    assert (verdict.score == 1) == row.label, verdict.reason


def test_shipped_rows_are_balanced():
    right = sum(row.label for row in ROWS)
    assert len(ROWS) >= 200
    assert 0.4 < right / len(ROWS) < 0.6


def test_answers_are_boxed_and_completions_are_not(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [
        {"gold": "1", "completion": "$1$", "label": True, "kind": "pair"},
        {"gold": "1", "completion": "$1$ and $2$", "label": False, "kind": "pair"},
        {"gold": "1", "completion": "it is 1", "label": True, "kind": "text"},
        {"gold": "1", "completion": r"\boxed{1}", "label": True, "kind": "pair"},
        {"gold": "4:30p..", "completion": "4", "label": True, "kind": "pair"},
        {"gold": "$2$"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert [row.completion for row in load_rows(path)] == [
        r"\boxed{1}",
        r"\boxed{$1$ and $2$}",
        "it is 1",
        r"\boxed{1}",
        r"\boxed{2}",
    ]


def test_field_sets_are_read_beside_the_labelled_ones(tmp_path):
    row = json.dumps({"gold": "1", "completion": "\\boxed{1}", "label": True})
    (tmp_path / "field").mkdir()
    for name in (*LABELLED_SETS, "field/reports"):
        (tmp_path / f"{name}.jsonl").write_text(row)
    assert list(load_sets(tmp_path)) == [*LABELLED_SETS, "field/reports"]
    assert list(load_sets(tmp_path, ["field/reports"])) == ["field/reports"]
    with pytest.raises(SystemExit, match="nowhere"):
        load_sets(tmp_path, ["nowhere"])


def test_excepted_rows_are_named_and_counted(monkeypatch):
    named = list(map(json.loads, EXCEPTIONS.read_text(encoding="utf-8").splitlines()))
    assert all(len(row["why"]) > 10 and len(row["key"]) == 16 for row in named)
    assert load_exceptions().keys() == {row["key"] for row in named}
    rows = [Row("1", "2", label=True, kind="pair"), Row("1", "3", label=True, kind="pair")]
    monkeypatch.setattr(math_accuracy, "load_exceptions", lambda: {rows[0].key: "a slip"})
    summary = math_accuracy._summary(rows, [0.0, 0.0])
    assert (summary["false_negatives"], summary["false_negatives_excepted"]) == (2, 1)


def test_cpu_time_counts_work_and_not_sleep():
    with cpu_time() as sleeping:
        time.sleep(0.2)
    with cpu_time() as working:
        sum(i * i for i in range(2_000_000))
    assert sleeping.seconds < 0.1
    assert working.seconds > 0.02


@pytest.mark.slow
def test_both_commands_run(tmp_path, monkeypatch):
    for module in (math_accuracy, math_speed):
        output = tmp_path / f"{module.__name__}.json"
        monkeypatch.setattr(sys, "argv", [module.__name__, "--output", str(output)])
        module.main()
        report = json.loads(output.read_text())
        assert report["environment"]["python"]
        assert "shipped" in report["sets"]
    assert (tmp_path / "benchmarks.math_speed.png").stat().st_size > 5_000
