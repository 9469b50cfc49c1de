"""The statistics are those that one computes by hand, over all rows."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.workbench.reporting.breakdowns import MAX_GROUPS, OTHER_GROUPS, Scores
from rewards.workbench.reporting.charts import Scale, plot_lengths, score_bar, stack_statuses
from rewards.workbench.reporting.figures import RunFigures
from rewards.workbench.reporting.scored_rows import ReportColumns, read_scored


@given(st.lists(st.floats(-10, 10), min_size=2))
def test_of_rows_that_do_not_belong_together_the_margin_is_the_usual_one(values):
    scores = Scores()
    for number, value in enumerate(values):
        scores.add(value, number)
    assert scores.mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    expected = 1.959964 * statistics.stdev(values) / len(values) ** 0.5
    assert (scores.margin or 0.0) == pytest.approx(expected, abs=1e-6)


def count(path, **named):
    run = RunFigures(path, path.name)
    for row in read_scored(path, ReportColumns(**named)):
        if isinstance(row, str):
            run.add_flaw(row)
        else:
            run.add(row)
    return run


def test_nobody_asks_why_of_a_penalty_that_is_not_due(reports, make_row):
    rows = [make_row(1), make_row(2, status="wrong")]
    for row, score in zip(rows, (0.0, -0.5), strict=True):
        status = "wrong" if score else "scored"
        row["repetition"] = row["accuracy"] | {"score": score, "status": status}
    run = count(reports.write(rows))
    assert not run.rewards["repetition"].reasons
    assert run.rewards["accuracy"].reasons.total() == 1


def test_counts_of_a_file(reports, make_row):
    rows = [
        make_row(1, label=True, source="a"),
        make_row(2, label=False, source="a"),
        make_row(3, status="wrong", label=True, source="b", level=2),
        make_row(4, status="no_answer", label=False, source="b"),
        make_row(5, status="error", label=True),
        make_row(6, label="maybe"),
        "{broken",
        "[1]",
    ]
    run = count(reports.write(rows))
    accuracy = run.rewards["accuracy"]
    assert (run.rows, run.unreadable) == (6, 2)
    assert run.flaws == [
        "line 7: broken JSON at character 2: Expecting property name enclosed in double quotes",
        "line 8: not a JSON object but a list",
    ]
    assert accuracy.statuses == {"correct": 3, "wrong": 1, "no_answer": 1, "error": 1}
    assert (accuracy.scores.mean, accuracy.scores.scored) == (0.6, 5)
    assert accuracy.confusion.to_dict() == {
        "true_positive": 1,
        "false_positive": 1,
        "false_negative": 1,
        "true_negative": 1,
        "not_judged": 1,
        "accuracy": 0.5,
        "precision": 0.5,
        "recall": 0.5,
    }
    assert run.groups["source"].values["a"]["accuracy"].mean == 1.0
    assert run.groups["source"].values["b"]["accuracy"].mean == 0.0
    assert list(run.groups["level"].values) == ["2"]
    assert accuracy.reasons == {
        ("wrong", "reason …"): 1,
        ("no_answer", "reason …"): 1,
        ("error", "reason …"): 1,
    }


def test_scores_that_are_no_numbers_are_not_counted(reports, make_row):
    row = make_row(1)
    odd = [
        row | {"accuracy": row["accuracy"] | {"score": score}}
        for score in (float("nan"), float("inf"), 1e300, True, "1", 10**400, 0.5)
    ]
    assert count(reports.write(odd)).rewards["accuracy"].scores.mean == 0.5


def test_an_object_that_is_no_verdict_is_a_column(reports, make_row):
    row = make_row(1, meta={"score": 1, "status": "done"}, more={"status": "correct"})
    assert list(count(reports.write([row])).rewards) == ["accuracy"]


@pytest.mark.parametrize(
    ("value", "truth"),
    [(1, True), (0, False), ("true", True), ("False", False), (1.0, True), (2, None), (None, None)],
)
def test_a_named_label_may_be_written_in_other_ways(reports, make_row, value, truth):
    path = reports.write([make_row(1, truth=value, label=None)])
    (row,) = read_scored(path, ReportColumns(label="truth"))
    assert row.truth is truth
    (row,) = read_scored(reports.write([make_row(1, label=value)]), ReportColumns())
    assert row.truth is truth


def test_groups_beyond_the_most_are_one(reports, make_row):
    rows = [make_row(n, source=f"s{n}") for n in range(MAX_GROUPS + 5)]
    values = count(reports.write(rows)).groups["source"].values
    assert len(values) == MAX_GROUPS + 1
    assert values[OTHER_GROUPS]["accuracy"].rows == 5


def test_lengths_are_tokens_only_where_every_completion_has_them(reports, make_row):
    rows = [make_row(n, completion_ids=[1] * n) for n in (0, 1, 2, 3, 9)]
    plot = plot_lengths(count(reports.write(rows)))
    assert plot.unit == "tokens"
    assert [(b.low, b.high, b.counted.rows) for b in plot.columns] == [
        *((0, 0, 1), (1, 1, 1), (2, 3, 2), (4, 7, 0), (8, 15, 1))
    ]
    assert plot_lengths(count(reports.write([*rows, make_row(1)]))).unit == "characters"
    assert plot_lengths(RunFigures(Path("none"), "none")) is None


def test_bars_lie_on_the_scale(reports, make_row):
    row = make_row(1)
    rows = [
        row | {"accuracy": row["accuracy"] | {"score": score, "status": status}}
        for score, status in [(-1.0, "wrong"), (3.0, "correct"), (1.5, "correct")]
    ]
    figures = count(reports.write(rows)).rewards["accuracy"]
    scale = Scale.of([figures], 200.0)
    assert (scale(-1.0), scale(0.0), scale(3.0)) == (0.0, 50.0, 200.0)
    bar = score_bar(figures.scores, scale)
    assert bar.x == 50.0
    assert bar.width == pytest.approx(200 * figures.scores.mean / 4)
    assert 0.0 <= bar.low <= bar.high <= 200.0
    pieces = stack_statuses(figures)
    assert [piece.status for piece in pieces] == ["correct", "wrong"]
    assert pieces[-1].x + pieces[-1].width == pytest.approx(1000.0)
    assert score_bar(Scores(), scale) is None
