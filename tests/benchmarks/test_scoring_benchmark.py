"""The benchmark of `rlvr score` runs, and what it says has the form that is promised."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("psutil")
from benchmarks import scoring, scoring_runs


def test_rows_are_the_same_each_time(tmp_path):
    for name in ("one", "two"):
        scoring_runs.write_rows(tmp_path / name, 50)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    rows = [json.loads(line) for line in (tmp_path / "one").open()]
    assert [row["id"] for row in rows] == list(range(50))
    assert 0 < sum(r"\boxed" in row["completion"] for row in rows) < 50


@pytest.mark.slow
def test_the_quick_run(tmp_path):
    found = scoring.main(["--quick", "--output", str(tmp_path / "found.json")])
    assert json.loads((tmp_path / "found.json").read_text()) == json.loads(json.dumps(found))
    assert found["interruptions"]["identical"]
    assert found["interruptions"]["rows_kept"] == sorted(found["interruptions"]["rows_kept"])
    assert found["memory"]["last / first"] < 1.5
    assert set(found["scaling"]["seconds_by_workers"]) == {"1", "2"}
