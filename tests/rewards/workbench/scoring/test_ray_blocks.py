"""Scoring over a Ray cluster: the same output, also when a node is lost in the middle."""

import itertools
import json
import sys
from types import SimpleNamespace

import pytest

from rewards.errors import MissingExtraError
from rewards.workbench.rows.rows import RawRow
from rewards.workbench.scoring import ScoreOptions, score_file
from rewards.workbench.scoring.ray_blocks import BLOCK_ROWS, blocks, connect, judge_block

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


def test_blocks_hold_every_row_once_and_in_order():
    rows = [RawRow(line, f'{{"completion": "{line}"}}', "") for line in range(1, 3000)]
    made = [*blocks(rows)]
    found = [line for block in made for chunk in block for line, _, _ in chunk]
    assert found == [*range(1, 3000)]
    assert all(sum(map(len, block)) >= BLOCK_ROWS for block in made[:-1])
    assert [*blocks([])] == []


def test_a_block_is_judged_as_chunks_are(tmp_path):
    job = {
        "rewards": [("accuracy", "accuracy")], "completion": "completion", "prompt": None,
        "reference": "answer", "search_path": str(tmp_path),
    }  # fmt: skip
    [block] = blocks([RawRow(1, r'{"completion": "\\boxed{1}", "answer": "1"}', "")])
    [(lines, fields)] = judge_block((job, 10.0, 2048), block)
    assert fields is None
    assert json.loads(lines["lines"][0])["accuracy"]["score"] == 1.0


def test_without_ray_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr("rewards.extras.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"rlvr\[ray\]"):
        connect("local")


def test_local_takes_no_cluster_that_happens_to_run(monkeypatch):
    told = {}
    monkeypatch.setattr("rewards.extras.find_spec", lambda name: name)
    stand_in = SimpleNamespace(is_initialized=lambda: False, init=told.update)
    monkeypatch.setitem(sys.modules, "ray", stand_in)
    assert connect("local") is stand_in
    assert told["address"] == "local"  # None would be the last one that was started here


@pytest.mark.slow
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
