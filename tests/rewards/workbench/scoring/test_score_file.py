"""`score_file`: interrupted anywhere it resumes to the same bytes; what changed is named."""

from __future__ import annotations

import json
import os

import pytest

from rewards.errors import DataFileError, InputError
from rewards.named.spec import reward_named
from rewards.workbench.rows.rows import RawRow
from rewards.workbench.scoring import ScoreOptions, score_file
from rewards.workbench.scoring.dispatch import CHUNK_ROWS, MOST_TOGETHER, chunk_rows
from rewards.workbench.scoring.unfinished_output import partial_path

ROWS = 500


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [
        json.dumps({"completion": rf"\boxed{{{n % 7}}}", "answer": str(n % 5), "n": n})
        if n % 11
        else f"broken {n}"
        for n in range(ROWS)
    ]
    (tmp_path / "in.jsonl").write_text("\n\n".join(lines))  # blank lines are no rows
    return tmp_path


def options(folder, **changes):
    defaults = {
        "input": folder / "in.jsonl",
        "output": folder / "out.jsonl",
        "rewards": ["accuracy", "format"],
        "workers": 0,
    }
    return ScoreOptions(**(defaults | changes))


def interrupt_at(rows):
    def on_progress(progress):
        if progress.rows >= rows:
            raise KeyboardInterrupt

    return on_progress


def score_interrupted(wanted, rows):
    with pytest.raises(KeyboardInterrupt, match="run the same command again"):
        score_file(wanted, on_progress=interrupt_at(rows))


@pytest.mark.parametrize("size", [7, 300])
@pytest.mark.parametrize(
    "reward", ["GroupLength(accuracy)", "Gate(accuracy, GroupLength(accuracy))"]
)
def test_a_reward_that_compares_completions_sees_whole_groups(folder, size, reward):
    rows = [
        {
            "prompt": f"q{n // size}",
            "completion": "w " * (n * 37 % 50) + r"\boxed{4}",
            "answer": "4",
        }
        for n in range(2 * size + 200)
    ]
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = {f"{name}s": [row[name] for row in rows] for name in ("prompt", "completion")}
    whole = reward_named(reward)(**columns, answer=["4"] * len(rows))
    wanted = options(folder, rewards=[f"g={reward}"])
    score_interrupted(wanted, 64)
    score_file(wanted)
    written = wanted.output.read_text().splitlines()
    assert [json.loads(line)["g"]["score"] for line in written] == whole


def test_a_group_without_end_is_cut():
    job = {"prompt": "prompt", "whole_groups": True}
    rows = [RawRow(n, '{"prompt": "one"}', "") for n in range(5000)]
    chunks = [len(chunk) for chunk in chunk_rows(job, rows)]
    assert sum(chunks) == len(rows)
    assert max(chunks) == CHUNK_ROWS * MOST_TOGETHER


def test_interrupted_anywhere_the_output_is_the_same(folder):
    calm = score_file(options(folder, output=folder / "calm.jsonl"))
    wanted = options(folder)
    for rows in (1, 64, 130, 450):
        score_interrupted(wanted, rows)
        assert not wanted.output.exists()
    summary = score_file(wanted)
    assert wanted.output.read_bytes() == (folder / "calm.jsonl").read_bytes()
    assert summary.resumed_rows >= 450
    assert summary.tally == calm.tally
    assert summary.tally.rows == ROWS
    assert summary.tally.error_rows == len(range(0, ROWS, 11))
    assert sorted(p.name for p in folder.iterdir()) == ["calm.jsonl", "in.jsonl", "out.jsonl"]


@pytest.mark.parametrize("cut", [1, 10, 100, 5000])
def test_a_torn_end_is_judged_again(folder, cut):
    score_file(options(folder, output=folder / "calm.jsonl"))
    wanted = options(folder)
    score_interrupted(wanted, 200)
    os.truncate(partial_path(wanted.output), partial_path(wanted.output).stat().st_size - cut)
    score_file(wanted)
    assert wanted.output.read_bytes() == (folder / "calm.jsonl").read_bytes()


def test_interrupted_when_all_rows_are_there(folder):
    wanted = options(folder)
    score_interrupted(wanted, ROWS)
    assert score_file(wanted).resumed_rows == ROWS
    assert wanted.output.exists()


def test_each_row_is_judged_once(folder):
    (folder / "noting.py").write_text(
        "def note(completions, n, **columns):\n"
        "    open('judged', 'a').write(''.join(f'{i}\\n' for i in n))\n"
        "    return [1.0] * len(n)\n"
    )
    wanted = options(folder, rewards=["noting:note"])
    for rows in (64, 200):
        score_interrupted(wanted, rows)
    score_file(wanted)
    judged = (folder / "judged").read_text().split()
    assert judged == [str(n) for n in range(ROWS) if n % 11]


def refusal(wanted):
    with pytest.raises(DataFileError) as caught:
        score_file(wanted)
    assert "--overwrite" in str(caught.value)
    return str(caught.value)


def test_what_changed_since_the_interruption_is_named(folder):
    wanted = options(folder)
    score_interrupted(wanted, 100)
    kept = partial_path(wanted.output).read_bytes()
    assert "run rewards (accuracy=accuracy, format=format then" in refusal(
        options(folder, rewards=["accuracy"])
    )
    os.utime(wanted.input, (1, 1))
    assert "input modification time" in refusal(wanted)
    with wanted.input.open("a") as file:
        file.write("\n{}")
    assert "input size" in refusal(wanted)
    assert partial_path(wanted.output).read_bytes() == kept


def test_a_users_reward_that_changed_is_named(folder):
    (folder / "mine_changing.py").write_text(
        "def one(completions, **k): return [1.0 for _ in completions]\n"
    )
    wanted = options(folder, rewards=["mine_changing:one"])
    score_interrupted(wanted, 100)
    with (folder / "mine_changing.py").open("a") as file:
        file.write("# changed\n")
    assert "code mine_changing:one" in refusal(wanted)


def test_overwrite_drops_what_does_not_match_and_keeps_what_does(folder):
    wanted = options(folder, overwrite=True)
    wanted.output.write_text("old")
    score_interrupted(wanted, 100)
    assert wanted.output.read_text() == "old"
    other = options(folder, overwrite=True, rewards=["format"])
    score_interrupted(other, 150)
    assert score_file(other).resumed_rows >= 150
    assert "accuracy" not in json.loads(wanted.output.read_text().splitlines()[1])


def test_a_damaged_unfinished_output_is_judged_again_and_named(folder):
    score_file(options(folder, output=folder / "calm.jsonl"))
    wanted = options(folder)
    score_interrupted(wanted, 100)
    partial = partial_path(wanted.output)
    partial.write_bytes(b"hello\n" + partial.read_bytes())
    summary = score_file(wanted)
    assert any(note.endswith("were judged again") for note in summary.notes)
    assert wanted.output.read_bytes() == (folder / "calm.jsonl").read_bytes()


def test_no_reward_is_refused(folder):
    with pytest.raises(InputError, match="--reward accuracy"):
        score_file(options(folder, rewards=[]))
