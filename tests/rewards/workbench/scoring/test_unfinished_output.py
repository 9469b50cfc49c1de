"""The unfinished output: locked, cut at its last whole line, renamed in one step."""

from __future__ import annotations

import os

import pytest

from rewards.errors import DataFileError
from rewards.workbench.scoring.unfinished_output import (
    PartialOutput,
    header_path,
    partial_path,
    sums_path,
)

PLAN = {"input": {"size": 1}}


def test_finished_in_one_step(tmp_path):
    output = tmp_path / "out.jsonl"
    with PartialOutput(output, PLAN) as partial:
        partial.append(["{}", '{"é": 1}'])
        assert not output.exists()
        partial.finish()
    assert output.read_bytes() == '{}\n{"é": 1}\n'.encode()
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_nothing_is_left_of_a_run_without_rows(tmp_path):
    with PartialOutput(tmp_path / "out.jsonl", PLAN):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("torn", [b"", b"{", b'{"a": 1}', b"x" * (3 * 2**20)])
def test_a_torn_line_is_cut(tmp_path, torn):
    output = tmp_path / "out.jsonl"
    with PartialOutput(output, PLAN) as partial:
        partial.append(["{}", "{}"])
    with partial_path(output).open("ab") as file:
        file.write(torn)
    with PartialOutput(output, PLAN) as partial:
        assert partial.rows_done == 2
        partial.append(["[]"])
        partial.finish()
    assert output.read_bytes() == b"{}\n{}\n[]\n"


def test_only_a_torn_line_is_no_row(tmp_path):
    output = tmp_path / "out.jsonl"
    with PartialOutput(output, PLAN) as partial:
        partial.append(["{}"])
    partial_path(output).write_bytes(b"{")
    with PartialOutput(output, PLAN) as partial:
        assert partial.rows_done == 0
        partial.append(["{}"])
        partial.finish()
    assert output.read_bytes() == b"{}\n"


def test_a_lock_ends_with_its_holder(tmp_path):
    output = tmp_path / "out.jsonl"
    with PartialOutput(output, PLAN) as partial:
        partial.append(["{}"])
        with pytest.raises(DataFileError, match="another rlvr is writing it"):
            PartialOutput(output, PLAN)
    with PartialOutput(output, PLAN) as partial:
        assert partial.rows_done == 1


def test_a_missing_header_is_not_guessed(tmp_path):
    output = tmp_path / "out.jsonl"
    partial_path(output).write_text("{}\n")
    with pytest.raises(DataFileError, match=r"out.jsonl.partial.json is missing"):
        PartialOutput(output, PLAN)
    assert partial_path(output).read_text() == "{}\n"


def begun(output, *chunks):
    with PartialOutput(output, PLAN) as partial:
        for chunk in chunks:
            partial.append(chunk)
    return partial_path(output)


CHUNKS = (['{"n": 1}', '{"n": 2}'], ['{"n": 3}'], ['{"n": 4}', '{"n": 5}'])


@pytest.mark.parametrize(
    ("change", "rows_left"),
    [
        (lambda lines: [*lines[:2], *lines[3:]], 2),  # one taken out
        (lambda lines: lines[1:], 0),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 0),  # swapped
        (lambda lines: [*lines[:3], lines[4], lines[3]], 3),
        (lambda lines: [*lines[:2], lines[2].replace(b"3", b"9"), *lines[3:]], 2),  # altered
        (lambda lines: [b"hello\n", *lines], 0),
        (lambda lines: lines[:4], 3),  # the last chunk cut
        (lambda lines: lines[:2] * 2 + lines[2:], 2),
    ],
)
def test_rows_that_are_not_as_they_were_written_are_judged_again(tmp_path, change, rows_left):
    output = tmp_path / "out.jsonl"
    path = begun(output, *CHUNKS)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))
    with PartialOutput(output, PLAN) as partial:
        assert partial.rows_done == rows_left
        assert path.read_bytes() == b"".join(lines[:rows_left])
        partial.append([line.decode().strip() for line in lines[rows_left:]])
        (note,) = partial.finish()
    assert note.endswith("were judged again")
    assert output.read_bytes() == b"".join(lines)
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_rows_of_a_chunk_whose_digest_was_not_written_are_no_news(tmp_path):
    output = tmp_path / "out.jsonl"
    path = begun(output, *CHUNKS)
    sums = sums_path(output)
    sums.write_bytes(sums.read_bytes()[:-5])
    with PartialOutput(output, PLAN) as partial:
        assert partial.rows_done == 3
        assert partial.finish() == ()
    assert not path.exists()


def test_an_older_run_s_rows_are_refused_with_a_word_and_mended_by_overwriting(tmp_path):
    output = tmp_path / "out.jsonl"
    path = begun(output, *CHUNKS)
    sums_path(output).unlink()
    before = path.read_bytes()
    with pytest.raises(DataFileError, match="an older rlvr wrote none"):
        PartialOutput(output, PLAN)
    assert path.read_bytes() == before
    with PartialOutput(output, PLAN, overwrite=True) as partial:
        assert partial.rows_done == 0
        partial.append(["{}"])
        partial.finish()
    assert output.read_bytes() == b"{}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links and pipes")
@pytest.mark.parametrize("place", [partial_path, sums_path, header_path])
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe"])
def test_no_planted_link_or_pipe_is_written_to(tmp_path, place, kind):
    output, victim = tmp_path / "out.jsonl", tmp_path / "victim"
    planted = place(output)
    if place is header_path:
        planted = planted.with_name(planted.name + ".new")
    if kind == "pipe":
        os.mkfifo(planted)
    else:
        if kind == "link":
            victim.write_text("mine")
        planted.symlink_to(victim)
    with pytest.raises(DataFileError, match="is a link or no regular file"):
        begun(output, ["{}"])
    assert (
        not victim.exists()
        if kind == "dangling"
        else kind == "pipe" or victim.read_text() == "mine"
    )
