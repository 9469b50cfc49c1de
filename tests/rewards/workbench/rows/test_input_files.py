"""What is read is known again, and not written into."""

from __future__ import annotations

import os

import pytest

from rewards.errors import InputError
from rewards.workbench.rows.input_files import check_apart, describe_input, stamp

ROWS = [{"completion": str(n)} for n in range(30)]


@pytest.mark.parametrize("name", ["jsonl", "shards", "saved"])
def test_an_input_is_known_again(formats, name):
    path = formats.write(name, ROWS)
    before = describe_input(path)
    assert describe_input(path) == before
    file = path if path.is_file() else max(path.glob("*.*"))
    os.utime(file, (1, 1))
    assert describe_input(path) != before


def test_a_shard_more_is_another_input(formats):
    folder = formats.shards(ROWS)
    before, known = describe_input(folder), stamp(folder)
    formats.jsonl([], name="shards/part-99.jsonl")
    assert describe_input(folder)["files"] == 13 == 1 + before["files"]
    assert stamp(folder) != known


def test_hidden_files_and_others_are_no_part(formats):
    folder = formats.shards(ROWS)
    before = describe_input(folder)
    (folder / "notes.txt").write_text("changed")
    (folder / ".hidden.jsonl").write_text("changed")
    assert describe_input(folder) == before


def test_no_output_in_what_is_read(formats):
    folder = formats.shards(ROWS)
    check_apart(folder, formats.folder / "out.jsonl")
    with pytest.raises(InputError, match="same file"):
        check_apart(folder, folder / "part-3.jsonl")
    with pytest.raises(InputError, match="lies in the folder that is read"):
        check_apart(folder, folder / "out.jsonl")
    link = formats.folder / "link.jsonl"
    link.symlink_to(folder / "part-3.jsonl")
    with pytest.raises(InputError, match="same file"):
        check_apart(folder, link)
