"""Scoring over a Ray cluster: the same output, also when a node is lost in the middle.

One cluster serves all of these: its start takes longer than what they do with it.
"""

import itertools
import json

import pytest
from typer.testing import CliRunner

from rewards.workbench.cli import app
from rewards.workbench.scoring import ScoreOptions, score_file, score_shards
from rewards.workbench.scoring.shards import RECORDS

pytestmark = pytest.mark.slow

ROWS = 3000
OWN = '''
import os


def picky(completions, **_):
    """Ends its process on one row."""
    if any("crash" in text for text in completions):
        os._exit(3)
    return [float(len(text) % 2) for text in completions]
'''


def write_rows(path, count):
    rows = [
        {
            "completion": rf"so \boxed{{{at}}}" if at % 1000 != 7 else "crash",
            "answer": str(at - at % 3),
        }
        for at in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


FILES, FILE_ROWS = 5, 300


@pytest.fixture(scope="module")
def cluster():
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


def test_a_node_that_is_lost_loses_nothing(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN)
    rows = write_rows(tmp_path / "rows.jsonl", ROWS)
    rewards = ("accuracy", "format", "own.py:picky")
    options = ScoreOptions(input=rows, output=tmp_path / "here.jsonl", rewards=rewards, workers=2)
    here = score_file(options)
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes(timeout=60)
    steps = itertools.count()
    seen = []

    def watch(progress):
        seen.append(progress.rows)
        if next(steps) == 3:
            cluster.remove_node(second, allow_graceful=False)

    there = score_file(
        ScoreOptions(
            input=rows, output=tmp_path / "there.jsonl", rewards=rewards, ray=cluster.address
        ),
        on_progress=watch,
    )
    assert seen == sorted(seen)
    assert seen[-1] == ROWS
    assert there.tally.to_dict() == here.tally.to_dict()
    assert (tmp_path / "there.jsonl").read_bytes() == (tmp_path / "here.jsonl").read_bytes()

    def stop(progress):
        if progress.rows >= 1000:
            raise KeyboardInterrupt

    again = ScoreOptions(
        input=rows, output=tmp_path / "again.jsonl", rewards=rewards, ray=cluster.address
    )
    with pytest.raises(KeyboardInterrupt, match="rows are kept"):
        score_file(again, on_progress=stop)
    resumed = score_file(again)
    assert resumed.resumed_rows >= 1000
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "here.jsonl").read_bytes()


def test_rows_behind_an_address_of_fsspec(cluster, tmp_path, monkeypatch):
    """No node needs to see them: the process that was started reads and writes."""
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.chdir(tmp_path)
    with fsspec.open("memory://ray/in.jsonl", "wb") as file:
        file.write(write_rows(tmp_path / "rows.jsonl", 20).read_bytes())
    written = {}
    for to, how in (("ray", ("--ray", cluster.address)), ("here", ("--workers", "0"))):
        output = f"memory://ray/{to}.jsonl"
        command = ["score", "memory://ray/in.jsonl", "--reward", "accuracy", "--output", output]
        done = CliRunner().invoke(app, [*command, *how])
        assert done.exit_code == 0, done.output
        with fsspec.open(output, "rb") as file:
            written[to] = [json.loads(line)["accuracy"]["score"] for line in file]
    assert len(written["ray"]) == 20
    assert written["ray"] == written["here"]


def score_files(folder, to, *, on_progress=None, **changes):
    inputs = [folder / f"{number}.jsonl" for number in range(FILES)]
    options = ScoreOptions(
        input=folder, output=folder / to, rewards=("accuracy", "own.py:picky"), **changes
    )
    return score_shards(options, inputs, folder / to, on_progress=on_progress)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_whole_files_on_nodes(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN)
    for number in range(FILES):
        write_rows(tmp_path / f"{number}.jsonl", FILE_ROWS)
    folder = tmp_path
    calm = score_files(folder, "here", workers=1)
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes(timeout=60)
    told = []

    def watch(progress):
        told.append(progress)
        if len(told) == 1:
            cluster.remove_node(second, allow_graceful=False)

    there = score_files(folder, "there", ray=cluster.address, on_progress=watch)
    assert there.tally == calm.tally
    assert contents(folder / "there") == contents(folder / "here")
    assert [one.rows for one in told] == [FILE_ROWS * (at + 1) for at in range(FILES)]
    assert not [*(folder / "there" / RECORDS).glob("mark-*")]

    def stop(progress):
        if progress.rows >= 2 * FILE_ROWS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="2 of 5 files are finished"):
        score_files(folder, "again", ray=cluster.address, on_progress=stop)
    again = score_files(folder, "again", ray=cluster.address)
    assert again.resumed_rows >= 2 * FILE_ROWS
    assert again.tally == calm.tally
    assert contents(folder / "again") == contents(folder / "here")
