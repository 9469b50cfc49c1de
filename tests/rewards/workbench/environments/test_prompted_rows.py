"""Rows with their prompts: any format, in order, and none passed over in silence."""

import pytest

from rewards.errors import DataFileError, InputError
from rewards.workbench.environments.prompted_rows import prompted_rows

CHAT = [{"role": "system", "content": "Think."}, {"role": "user", "content": "2+2?"}]


@pytest.mark.parametrize("written_as", ["jsonl", "gz", "saved", "parquet"])
def test_rows_of_every_format_come_in_order_with_all_their_cells(formats, written_as):
    rows = [{"question": f"{n}+1?", "answer": str(n + 1), "extra": {"n": n}} for n in range(5)]
    found = [*prompted_rows(str(formats.write(written_as, rows)))]
    assert [one.prompt for one in found] == [row["question"] for row in rows]
    assert [dict(one.cells) for one in found] == rows


def test_a_prompt_is_a_text_or_chat_messages_of_any_usual_name(formats):
    rows = [{"prompt": CHAT, "answer": "4"}, {"problem": "3+3?", "question": None, "answer": "6"}]
    found = [one.prompt for one in prompted_rows(str(formats.jsonl(rows)))]
    assert found == [CHAT, "3+3?"]


def test_a_column_that_is_named_overrides_the_usual_ones(formats):
    path = str(formats.jsonl([{"prompt": "no", "task": "yes", "answer": "1"}]))
    assert [one.prompt for one in prompted_rows(path, prompt_column="task")] == ["yes"]
    with pytest.raises(InputError, match=r"row 1 .*has no prompt.*columns: prompt, task, answer"):
        [*prompted_rows(path, prompt_column="nothing")]


@pytest.mark.parametrize("prompt", [None, "", " \n", [], ["2+2?"], [{"content": "2+2?"}], 4])
def test_a_row_without_a_prompt_is_named(formats, prompt):
    path = str(formats.jsonl([{"prompt": "1+1?"}, {"prompt": prompt}]))
    with pytest.raises(InputError, match=r"row 2 .*has no prompt"):
        [*prompted_rows(path)]


def test_a_row_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"prompt": "1+1?"}\n\n{"prompt": \n')
    with pytest.raises(InputError, match=r"row 2 \(line 3\): broken JSON"):
        [*prompted_rows(str(tmp_path / "rows.jsonl"))]


def test_no_rows_are_no_environment(tmp_path):
    (tmp_path / "rows.jsonl").write_text("\n\n")
    with pytest.raises(InputError, match="no rows"):
        [*prompted_rows(str(tmp_path / "rows.jsonl"))]
    with pytest.raises(InputError, match="no data"):
        [*prompted_rows("")]
    with pytest.raises(DataFileError):
        [*prompted_rows(str(tmp_path / "missing.jsonl"))]


def test_rows_are_read_as_they_are_needed(formats):
    path = str(formats.jsonl([{"prompt": "1+1?"}, {"prompt": None}]))
    assert next(prompted_rows(path)).prompt == "1+1?"


def test_an_address_is_read_where_fsspec_is_there():
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://folder/rows.jsonl", "wb") as file:
        file.write(b'{"prompt": "1+1?"}\n')
    assert [one.prompt for one in prompted_rows("memory://folder/rows.jsonl")] == ["1+1?"]
