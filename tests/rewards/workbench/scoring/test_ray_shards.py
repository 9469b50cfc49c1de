"""Whole files as Ray tasks, without a cluster: what a task does, and what it leaves."""

import json
import shutil

import pytest

from rewards.workbench.scoring import ScoreOptions
from rewards.workbench.scoring.dispatch import KeptWorkers
from rewards.workbench.scoring.prepared_run import prepare_run
from rewards.workbench.scoring.ray_shards import finish_where_seen
from rewards.workbench.scoring.shards import finish_shard

ROWS = 60
OWN = """
def own(completions, **_):
    return [float(len(text) % 2) for text in completions]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN)
    for number in range(2):
        rows = [
            {"completion": rf"\\boxed{{{number * ROWS + at}}}", "answer": str(at - at % 3)}
            for at in range(ROWS)
        ]
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def options_for(folder, **changes):
    rewards = ("accuracy", "own.py:own")
    return ScoreOptions(
        **{"input": folder / "0.jsonl", "output": folder / "x.jsonl", "rewards": rewards} | changes
    )


def seen(folder, options, plan):
    mark = folder / "mark"
    mark.touch()
    return finish_where_seen(options, plan, finish_shard, str(folder), mark)


def test_a_task_does_what_a_run_does(folder):
    there = options_for(folder, output=folder / "there.jsonl", workers=0)
    here = options_for(folder, output=folder / "here.jsonl", workers=0)
    summary = seen(folder, there, prepare_run(there).plan)
    assert summary.tally.rows == ROWS
    finish_shard(prepare_run(here), KeptWorkers())
    assert there.output.read_bytes() == here.output.read_bytes()
    again = seen(folder, there, prepare_run(there).plan)
    assert again.resumed_rows == ROWS


@pytest.mark.parametrize("missing", ["0.jsonl", "own.py", "mark", "."])
def test_what_a_node_does_not_see_is_left(folder, tmp_path_factory, missing):
    options = options_for(folder, workers=0)
    plan = prepare_run(options).plan
    home = folder
    if missing == ".":
        home = tmp_path_factory.mktemp("gone")
        home.rmdir()
    else:
        (folder / missing).unlink(missing_ok=True)
    mark = folder / "mark"
    if missing != "mark":
        mark.touch()
    assert finish_where_seen(options, plan, finish_shard, str(home), mark) is None
    assert not options.output.exists()


def test_another_file_under_the_same_name_is_left(folder):
    options = options_for(folder, workers=0)
    plan = prepare_run(options).plan
    shutil.copy(folder / "1.jsonl", options.input)
    assert seen(folder, options, plan) is None
