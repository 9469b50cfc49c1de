"""The unfinished output: locked, cut at its last whole line, renamed in one step."""

from __future__ import annotations

import pytest

from rewards.errors import DataFileError
from rewards.workbench.scoring.unfinished_output import PartialOutput, partial_path

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
