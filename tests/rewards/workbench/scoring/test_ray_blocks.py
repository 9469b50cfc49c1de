"""Blocks of rows as Ray tasks, without a cluster; `test_ray_cluster` has one."""

import json
import sys
from types import SimpleNamespace

import pytest

from rewards.errors import MissingExtraError
from rewards.workbench.rows.rows import RawRow
from rewards.workbench.scoring.ray_blocks import BLOCK_ROWS, blocks, connect, judge_block

JOB = {"rewards": [], "completion": "completion", "prompt": None}


def test_blocks_hold_every_row_once_and_in_order():
    rows = [RawRow(line, f'{{"completion": "{line}"}}', "") for line in range(1, 3000)]
    made = [*blocks(JOB, rows)]
    found = [line for block in made for chunk in block for line, _, _ in chunk]
    assert found == [*range(1, 3000)]
    assert all(sum(map(len, block)) >= BLOCK_ROWS for block in made[:-1])
    assert [*blocks(JOB, [])] == []


def test_a_block_is_judged_as_chunks_are(tmp_path):
    job = {
        "rewards": [("accuracy", "accuracy")], "completion": "completion", "prompt": None,
        "reference": "answer", "search_path": str(tmp_path),
    }  # fmt: skip
    [block] = blocks(job, [RawRow(1, r'{"completion": "\\boxed{1}", "answer": "1"}', "")])
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
