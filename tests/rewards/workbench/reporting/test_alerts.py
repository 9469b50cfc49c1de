"""What spoils training is said, and what does not is left alone."""

from __future__ import annotations

import pytest

from rewards.workbench.reporting.alerts import find_alerts
from rewards.workbench.reporting.figures import RunFigures
from rewards.workbench.reporting.same_answers import FEWEST_REFERENCES
from rewards.workbench.reporting.scored_rows import ReportColumns, read_scored


@pytest.fixture
def alerts(reports):
    def find(rows):
        path = reports.write(rows)
        run = RunFigures(path, path.name)
        for row in read_scored(path, ReportColumns()):
            if isinstance(row, str):
                run.add_flaw(row)
            else:
                run.add(row)
        return find_alerts(run)

    return find


def test_a_healthy_file_alarms_nobody(alerts, make_row):
    rows = [
        make_row(n, status="wrong" if n % 3 else "correct", prompt=f"p{n // 4}") for n in range(40)
    ]
    assert alerts(rows) == []


@pytest.mark.parametrize("status", ["bad_reference", "error", "timeout"])
def test_rows_that_cannot_be_judged(alerts, make_row, status):
    rows = [make_row(n, status="wrong" if n % 3 else "correct") for n in range(40)]
    (found,) = alerts([*rows, make_row(40, status=status)])
    assert found.text.startswith("1 row (2.4%) ")
    assert found.address == f"#rows?status.accuracy={status}"


def test_a_reward_that_says_the_same_of_all(alerts, make_row):
    (found,) = alerts([make_row(n) for n in range(40)])
    assert found.text.startswith("every row that has a score has 1")


def test_prompts_on_which_all_completions_score_alike(alerts, make_row):
    rows = [
        make_row(n, status="wrong" if n // 4 % 2 else "correct", prompt=f"p{n // 4}")
        for n in range(80)
    ]
    (found,) = alerts(rows)
    assert found.text.startswith("on 100% of the prompts all completions score the same")


def test_one_reason_behind_nearly_all_rows(alerts, make_row):
    rows = [make_row(n, status="no_answer" if n else "correct") for n in range(40)]
    (found,) = alerts(rows)
    assert "98% of the rows are no_answer" in found.text
    assert found.address == "#rows?status.accuracy=no_answer"


def with_reference(row, extracted, expected):
    row["accuracy"] |= {"extracted": extracted, "expected": expected}
    return row


def test_an_answer_that_scores_against_everything(alerts, make_row):
    other = [make_row(n, status="wrong") for n in range(30)]
    rows = [with_reference(make_row(n), "any", str(n)) for n in range(FEWEST_REFERENCES)]
    (found,) = alerts([*rows, *other])
    assert "“any” scores against many different references" in found.text


def test_an_answer_that_is_written_in_many_ways_is_none(alerts, make_row):
    other = [make_row(n, status="wrong") for n in range(30)]
    ways = ["0.5", "1/2", r"\frac12", r"\frac{1}{2}", "50%", "0.50", "½"]
    rows = [with_reference(make_row(n), "5e-1", way) for n, way in enumerate(ways)]
    assert alerts([*rows, *other]) == []
    same = [with_reference(make_row(n), str(n), str(n)) for n in range(30)]
    assert alerts([*same, *other]) == []


def test_lines_that_cannot_be_read(alerts, make_row):
    rows = [make_row(n, status="wrong" if n % 3 else "correct") for n in range(40)]
    (found,) = alerts([*rows, "{broken"])
    assert found.text.startswith("1 line could not be read: line 41: broken JSON")
