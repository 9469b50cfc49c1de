"""The sets of a run."""

from pathlib import Path

import pytest

from rewards.workbench.benchmarking.sets import join_sets, load_sets

ROW = '{"completion": "4", "label": true, "prompt": "%s"}\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a/rows.jsonl", "b/rows.jsonl", "b/other.jsonl", "all.jsonl", "attacks.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(ROW % "x" + ROW % "y" + ROW % "x")
    return tmp_path


def load(*paths, stress=False, signal=False):
    found = load_sets(
        [Path(path) for path in paths],
        stress=stress,
        signal=signal,
        group_column=None,
        box_bare=False,
    )
    return list(found)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/rows.jsonl", "b/other.jsonl"], ["rows", "other"]),
        (["a/rows.jsonl", "b/rows.jsonl"], ["a/rows.jsonl", "b/rows.jsonl"]),
        (["all.jsonl"], ["all.jsonl"]),
        (["attacks.jsonl"], ["attacks"]),
        (["a/rows.jsonl", "a/rows.jsonl"], ["a/rows.jsonl", "a/rows.jsonl (2)"]),
    ],
)
def test_no_two_sets_share_a_name(folder, paths, names):
    assert [one.labelled.name for one in load(*paths)] == names


def test_the_attacks_keep_their_name(folder):
    found = load("attacks.jsonl", stress=True)
    assert [one.labelled.name for one in found] == ["attacks.jsonl", "attacks"]
    assert [one.attacks for one in found] == [False, True]


def test_what_comes_with_the_package():
    assert [one.labelled.name for one in load()] == ["math_labelled"]
    assert [one.labelled.name for one in load(stress=True)] == ["math_labelled", "attacks"]
    (rollouts,) = load(signal=True)
    assert set(rollouts.grouping.sizes) == {8}
    assert rollouts.grouping.column == "prompt_id"
    assert not isinstance(rollouts.lengths["tokens"], str)
    assert {row.truth for row in rollouts.labelled.rows} == {True, False}


def test_joined_files_keep_their_groups_apart(folder):
    joint = join_sets(load("a/rows.jsonl", "b/rows.jsonl", signal=True))
    assert joint.grouping.groups == ((0, 2), (1,), (3, 5), (4,))
    assert joint.lengths["characters"] == [1] * 6
    assert joint.lengths["tokens"] == "3 of 3 rows have no completion_ids"
    assert joint.labelled.name == "all"
