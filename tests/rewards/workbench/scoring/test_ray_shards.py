"""Whole files as Ray tasks: the outputs of any other run, and what nodes do not see is left."""

import json
import shutil

import pytest

from rewards.workbench.scoring import ScoreOptions, score_shards
from rewards.workbench.scoring.dispatch import KeptWorkers
from rewards.workbench.scoring.ray_shards import finish_where_seen
from rewards.workbench.scoring.score import prepare_run
from rewards.workbench.scoring.shards import RECORDS, finish_shard

FILES, ROWS = 5, 300
OWN = """
def own(completions, **_):
    return [float(len(text) % 2) for text in completions]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN)
    for number in range(FILES):
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


def score(folder, to, *, on_progress=None, **changes):
    inputs = [folder / f"{number}.jsonl" for number in range(FILES)]
    return score_shards(
        options_for(folder, **changes), inputs, folder / to, on_progress=on_progress
    )


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


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


@pytest.mark.slow
def test_whole_files_on_nodes(cluster, folder):
    calm = score(folder, "here", workers=1)
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes(timeout=60)
    told = []

    def watch(progress):
        told.append(progress)
        if len(told) == 1:
            cluster.remove_node(second, allow_graceful=False)

    there = score(folder, "there", ray=cluster.address, on_progress=watch)
    assert there.tally == calm.tally
    assert contents(folder / "there") == contents(folder / "here")
    assert [one.rows for one in told] == [ROWS * (at + 1) for at in range(FILES)]
    assert not [*(folder / "there" / RECORDS).glob("mark-*")]

    def stop(progress):
        if progress.rows >= 2 * ROWS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="2 of 5 files are finished"):
        score(folder, "again", ray=cluster.address, on_progress=stop)
    again = score(folder, "again", ray=cluster.address)
    assert again.resumed_rows >= 2 * ROWS
    assert again.tally == calm.tally
    assert contents(folder / "again") == contents(folder / "here")
