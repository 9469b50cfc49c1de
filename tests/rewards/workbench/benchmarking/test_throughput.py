"""Completions a second against worker processes."""

import json

import pytest

from rewards.errors import InputError
from rewards.workbench.benchmarking import throughput
from rewards.workbench.benchmarking.judging import Judgement, judge_set
from rewards.workbench.benchmarking.labelled import load_labelled
from rewards.workbench.benchmarking.throughput import measure_throughput, read_workers
from rewards.workbench.scoring.row_limits import RowLimits
from rlvr_cpus import usable_cpus

REWARDS = """
import os, time

def slow(completions, **_):
    time.sleep(0.02 * len(completions))
    return [1.0] * len(completions)

def hangs_on_many(completions, **_):
    time.sleep(1000 if len(completions) > 1 else 0)
    return [1.0] * len(completions)

def crashes(completions, **_):
    os._exit(3)
"""


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "throughput_rewards.py").write_text(REWARDS)
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(json.dumps({"completion": str(n), "label": True}) + "\n" for n in range(24))
    )
    return load_labelled(path)


def measure(rows, name, folder, timeout_s=1.0, **options):
    limits = RowLimits(timeout_s=timeout_s)
    source = f"throughput_rewards:{name}"
    said = judge_set(source, rows, search_path=str(folder), limits=limits).judgements
    return measure_throughput(
        source,
        [(rows, said)],
        workers=[1, 2],
        search_path=str(folder),
        limits=limits,
        repeats=2,
        **options,
    )


@pytest.mark.slow
def test_each_number_of_workers(rows, tmp_path):
    one, two = measure(rows, "slow", tmp_path)
    assert (one.workers, two.workers) == (1, 2)
    assert len(one.runs_s) == len(two.runs_s) == 2
    # What sleeps can be done side by side, however busy the machine is.
    assert all(seconds >= 24 * 0.02 for seconds in one.runs_s)
    assert all(seconds >= 12 * 0.02 for seconds in two.runs_s)
    assert one.per_s == pytest.approx(24 * 2 / sum(one.runs_s))
    assert one.reason == ""


@pytest.mark.slow
def test_one_that_hangs_on_batches_stops_nothing(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(throughput, "_GRACE_S", 0.2)
    for found in measure(rows, "hangs_on_many", tmp_path, timeout_s=0.5):
        assert found.per_s is None
        assert "ended with wall_limit" in found.reason


def test_one_that_never_returned_is_not_called(rows, tmp_path):
    for found in measure(rows, "crashes", tmp_path):
        assert (found.per_s, found.runs_s, found.rows) == (None, (), 0)
        assert found.reason == "no call returned a score"


def test_slow_rows_are_chosen_evenly(rows, tmp_path):
    slow = [Judgement(1.0, "correct", None, "", 1.0)] * 24
    found = measure_throughput(
        "format",
        [(rows, slow)],
        workers=[1],
        search_path=str(tmp_path),
        limits=RowLimits(),
        repeats=1,
    )
    assert found[0].rows == 3  # of 24 s so many that a repeat takes 3


def test_numbers_of_workers():
    assert read_workers("4, 1,2,2") == (1, 2, 4)
    assert set(read_workers("auto")) == {1, usable_cpus()}
    for text in ("", "0", "1,", "-1", "two", "1e3", "99999", "²"):
        with pytest.raises(InputError, match="numbers of worker processes"):
            read_workers(text)
