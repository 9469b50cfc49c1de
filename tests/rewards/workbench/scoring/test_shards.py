"""Several files, each into a folder: finished ones are skipped, half-finished ones continued."""

from __future__ import annotations

import json
import os

import pytest

from rewards.errors import DataFileError, InputError, MissingColumnError
from rewards.workbench.rows.output_file import put_in_place
from rewards.workbench.scoring import ScoreOptions, score_shards
from rewards.workbench.scoring.chunk_judge import ChunkJudge
from rewards.workbench.scoring.row_limits import RowLimits
from rewards.workbench.scoring.shards import RECORDS, place_outputs
from rewards.workbench.scoring.unfinished_output import header_path, partial_path

ROWS = 200


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noting.py").write_text(
        "def note(completions, n, **columns):\n"
        "    open('judged', 'a').write(''.join(f'{i}\\n' for i in n))\n"
        "    return [1.0] * len(n)\n"
    )
    for name, start in (("a", 0), ("b", ROWS), ("c", 2 * ROWS)):
        rows = [
            {"completion": rf"\\boxed{{{n % 7}}}", "answer": str(n % 5), "n": n}
            for n in range(start, start + ROWS)
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def score(folder, *names, to="out", on_progress=None, rewards=("noting:note",), **changes):
    inputs = [folder / f"{name}.jsonl" for name in names or "abc"]
    options = ScoreOptions(
        input=inputs[0], output=folder, rewards=rewards, **({"workers": 0} | changes)
    )
    return score_shards(options, inputs, folder / to, on_progress=on_progress)


def judged(folder):
    """The rows that were judged since the last call."""
    path = folder / "judged"
    numbers = [int(line) for line in path.read_text().split()] if path.exists() else []
    path.write_text("")
    return numbers


def interrupt_at(rows):
    def on_progress(progress):
        if progress.rows >= rows:
            raise KeyboardInterrupt

    return on_progress


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_interrupted_anywhere_each_row_is_judged_once(folder):
    calm = score(folder, to="calm")
    assert judged(folder) == list(range(3 * ROWS))
    for rows in (70, 250, 390, 3 * ROWS):
        with pytest.raises(KeyboardInterrupt, match="run the same command again"):
            score(folder, on_progress=interrupt_at(rows))
    summary = score(folder)
    assert judged(folder) == list(range(3 * ROWS))
    assert contents(folder / "out") == contents(folder / "calm")
    assert summary.tally == calm.tally
    assert summary.resumed_rows == 3 * ROWS
    assert [one.tally.rows for one in summary.files] == [ROWS] * 3


def test_what_is_finished_is_skipped(folder):
    first = score(folder)
    judged(folder)
    second = score(folder)
    assert judged(folder) == []
    assert second.resumed_rows == 3 * ROWS
    assert second.tally == first.tally
    ours, theirs = second.to_dict(), first.to_dict()
    assert ours["files"][1]["rewards"] == theirs["files"][1]["rewards"]
    assert ours["rewards"] == theirs["rewards"]


def test_a_file_more_is_scored_beside_the_others(folder):
    score(folder, "a", "b")
    judged(folder)
    score(folder)
    assert judged(folder) == list(range(2 * ROWS, 3 * ROWS))


def refusal(folder, **changes):
    with pytest.raises(DataFileError) as caught:
        score(folder, **changes)
    assert "--overwrite" in str(caught.value)
    return str(caught.value)


def test_other_options_are_refused_by_name(folder):
    score(folder)
    before = contents(folder / "out")
    judged(folder)
    said = refusal(folder, rewards=["accuracy"])
    assert "a.jsonl: already exists; changed since: run rewards (note=noting:note then" in said
    assert contents(folder / "out") == before
    score(folder, rewards=["accuracy"], overwrite=True)
    assert contents(folder / "out") != before
    assert score(folder, rewards=["accuracy"]).resumed_rows == 3 * ROWS


def test_an_input_that_changed_is_refused_and_overwrite_scores_it_alone(folder):
    score(folder)
    judged(folder)
    os.utime(folder / "b.jsonl", (1, 1))
    assert "b.jsonl: already exists; changed since: input modification time" in refusal(folder)
    score(folder, overwrite=True)
    assert judged(folder) == list(range(ROWS, 2 * ROWS))


def test_an_output_of_somebody_else_is_refused(folder):
    (folder / "out").mkdir()
    (folder / "out" / "b.jsonl").write_text("mine")
    assert f"{RECORDS}/b.jsonl.json does not say that this command made it" in refusal(folder)
    assert judged(folder) == []
    assert (folder / "out" / "b.jsonl").read_text() == "mine"


def test_an_output_that_was_changed_is_refused(folder):
    score(folder)
    with (folder / "out" / "b.jsonl").open("a") as file:
        file.write("{}\n")
    assert "does not say that this command made it" in refusal(folder)


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"plan": {}, "output": {}}'])
def test_a_damaged_record_is_no_proof(folder, record):
    score(folder)
    (folder / "out" / RECORDS / "b.jsonl.json").write_text(record)
    assert "does not say that this command made it" in refusal(folder)


class KilledError(BaseException):
    """What a kill looks like from inside: nothing is cleaned up behind it."""


@pytest.mark.parametrize("moment", ["before the rename", "after the rename"])
@pytest.mark.parametrize("name", ["b.jsonl", "b.jsonl.gz"])
def test_killed_around_the_rename(folder, monkeypatch, moment, name):
    import gzip

    if name.endswith(".gz"):
        (folder / "b.jsonl.gz").write_bytes(gzip.compress((folder / "b.jsonl").read_bytes()))
    options = ScoreOptions(input=folder / name, output=folder, rewards=["noting:note"], workers=0)
    calm = score_shards(options, [folder / name], folder / "calm")
    judged(folder)
    out = folder / "out"

    def killed(lines, output, *, before, **options):
        copy = lines.read_bytes()
        header = header_path(output).read_bytes()

        def stop(packed, notes):
            before(packed, notes)
            if moment == "before the rename":
                raise KilledError

        put_in_place(lines, output, before=stop, **options)
        if output.suffix == ".gz":  # the lines are removed after the rename
            lines.write_bytes(copy)
        header_path(output).write_bytes(header)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("rewards.workbench.scoring.unfinished_output.put_in_place", killed)
        with pytest.raises(KilledError):
            score_shards(options, [folder / name], out)
    again = score_shards(options, [folder / name], out)
    assert judged(folder) == list(range(ROWS, 2 * ROWS))
    assert again.resumed_rows == ROWS
    assert again.tally == calm.tally
    assert contents(out) == contents(folder / "calm")
    assert not partial_path(out / name).exists()


def test_progress_is_over_all_files(folder):
    seen = []
    score(folder, on_progress=seen.append)
    sizes = sum((folder / f"{name}.jsonl").stat().st_size for name in "abc")
    assert {progress.size_bytes for progress in seen} == {sizes}
    rows = [progress.rows for progress in seen]
    assert rows == sorted(rows)
    places = [progress.position_bytes for progress in seen]
    assert places == sorted(places)
    assert (rows[-1], places[-1], seen[-1].tally.rows) == (3 * ROWS, sizes, 3 * ROWS)


def test_all_files_are_looked_at_first(folder):
    (folder / "c.jsonl").write_text('{"text": "no completion"}\n')
    with pytest.raises(MissingColumnError):
        score(folder)
    assert judged(folder) == []
    assert not (folder / "out").exists()


def test_two_of_one_name_and_the_folder_itself_are_refused(folder):
    (folder / "other").mkdir()
    other = folder / "other" / "a.jsonl"
    other.write_text("{}")
    with pytest.raises(InputError, match=r"a.jsonl and \S+other/a.jsonl would both be scored"):
        place_outputs([folder / "a.jsonl", other], folder / "out")
    for paths in ([folder / "a.jsonl"], [folder]):
        with pytest.raises(InputError, match="the folder of the outputs; choose another"):
            place_outputs(paths, folder)


def test_a_file_is_no_folder_of_outputs(folder):
    with pytest.raises(DataFileError, match="is no folder; choose another --output-dir"):
        score(folder, to="noting.py")


def test_a_folder_becomes_one_file(folder):
    assert place_outputs([folder / "a.jsonl", folder], folder / "out") == [
        folder / "out" / "a.jsonl",
        folder / "out" / f"{folder.name}.jsonl",
    ]


@pytest.mark.slow
def test_the_files_share_worker_processes_and_nothing_else(folder, monkeypatch):
    """A reward that hangs on the last rows of a file is asked again in the next one."""
    started = []
    original = ChunkJudge.start
    monkeypatch.setattr(ChunkJudge, "start", lambda self: (started.append(1), original(self)))
    (folder / "slow.py").write_text(
        "import time\n"
        "def late(completions, n, **_):\n"
        f"    if any(one % {ROWS} >= {ROWS - 12} for one in n):\n"
        "        time.sleep(60)\n"
        "    return [0.5] * len(n)\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    limits = RowLimits(timeout_s=0.2)
    summary = score(folder, "a", "b", rewards=("slow:late",), workers=1, limits=limits)
    assert len(started) == 1
    for one in summary.files:
        assert one.tally.rewards["late"].statuses == {"scored": ROWS - 12, "error": 12}
        reasons = [json.loads(line)["late"]["reason"] for line in one.output.open()][-2:]
        assert all(reason.startswith("not called") for reason in reasons)
