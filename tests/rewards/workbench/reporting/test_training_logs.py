"""What a trainer writes becomes a report: with our columns, and without."""

from __future__ import annotations

import pytest

from rewards.workbench.rows.training_logs import logged_verdicts


def row(step, **columns):
    return {"step": step, "prompt": "2+2?", "completion": "4", **columns, "advantage": 0.5}


@pytest.mark.parametrize(
    ("score", "extracted", "status"),
    [
        *((1.0, "4", "correct"), (0.0, "5", "wrong"), (0.0, "", "no_answer")),
        *((None, "", "not_applicable"), (float("nan"), "4", "not_applicable"), (0.3, "", "scored")),
    ],
)
def test_a_status_that_was_not_written_is_read_from_the_score(score, extracted, status):
    columns = {"mine": score, "mine_extracted": extracted, "mine_expected": "4", "mine_reason": "r"}
    found = logged_verdicts(row(1, **columns))["mine"]
    assert found["status"] == status
    assert found["reason"] == "r"
    assert ("extracted" in found) is bool(extracted)


def test_a_status_that_was_written_counts():
    columns = {"mine": 0.0, "mine_reason": "r", "mine_status": "timeout"}
    assert logged_verdicts(row(1, **columns))["mine"]["status"] == "timeout"
    odd = columns | {"mine_status": ["timeout"], "mine_extracted": ["a"]}
    assert logged_verdicts(row(1, **odd))["mine"]["status"] == "wrong"


def test_a_reward_of_somebody_else_is_a_score():
    table = {"step": 1, "prompt": "2+2?", "completion": "4", "brief": 1, "rare": None, "kind": "x"}
    assert logged_verdicts(table | {"advantage": 0.5, "kl": 0.25}) == {
        "brief": {"score": 1, "status": "scored"},
        "rare": {"score": None, "status": "not_applicable"},
    }
    missing = logged_verdicts({"step": 1, "completion": "", "x": float("nan"), "advantage": 0.0})
    assert missing["x"] == {"score": None, "status": "not_applicable"}


def test_other_numbers_of_other_files_are_no_rewards():
    assert logged_verdicts({"step": 1, "completion": "4", "level": 3}) == {}
    assert logged_verdicts({"step": 1, "completion": "4", "flag": True, "advantage": 0.5}) == {}
    assert logged_verdicts({"step": 1, "advantage": 0.5, "level": 3, "completion": "4"}) == {}


def test_our_rewards_and_others_of_one_table(reports):
    ours = {"mine": 0.0, "mine_extracted": "5", "mine_expected": "4", "mine_reason": "5 is not 4"}
    table = row(1, mine=0.0, brief=0.5) | ours
    summary = reports.report(reports.write([table, table | {"mine": 1.0}]))
    (run,) = summary.runs
    assert run.rewards["mine"].statuses == {"wrong": 1, "correct": 1}
    assert run.rewards["brief"].statuses == {"scored": 2}
    assert list(run.rewards["mine"].reasons) == [("wrong", "… is not …")]


def test_steps_have_plots(reports):
    rows = [
        row(step, mine=float(step > n), mine_extracted="4", mine_expected="4", mine_reason="r")
        for step in range(1, 9)
        for n in range(8)
    ]
    summary = reports.report(reports.write(rows))
    (run,) = summary.runs
    assert run.steps.width == 1
    assert [run.steps.bins[step].scores["mine"].mean for step in (1, 4, 8)] == [0.125, 0.5, 1.0]
    assert run.steps.bins[4].statuses["mine"] == {"correct": 4, "wrong": 4}
    assert "Over the training steps" in reports.html
    assert "Statuses of <bdi>mine</bdi>" in reports.html


def test_of_very_many_steps_neighbours_are_one(reports):
    summary = reports.report(reports.write([row(step, mine=step / 1000) for step in range(1000)]))
    steps = summary.runs[0].steps
    assert len(steps.bins) <= 80
    assert steps.width == 16
    assert sum(one.rows for one in steps.bins.values()) == 1000
    assert steps.bins[1].scores["mine"].mean == pytest.approx(sum(range(16, 32)) / 16 / 1000)


def test_a_folder_of_trainers_tables(reports):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    folder = reports.folder / "completions"
    folder.mkdir()
    for step in (1, 2):
        table = pyarrow.Table.from_pylist(
            [row(step, mine=float(n % 2), mine_reason="r", mine_extracted="4") for n in range(4)]
        )
        parquet.write_table(table, folder / f"completions_{step:05}.parquet")
    summary = reports.report(folder)
    assert summary.runs[0].rows == 8
    assert sorted(summary.runs[0].steps.bins) == [1, 2]
    assert summary.runs[0].rewards["mine"].statuses == {"correct": 4, "wrong": 4}
