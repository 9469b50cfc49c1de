"""Reading labelled rows."""

import json

import pytest

from rewards.errors import DataFileError
from rewards.workbench.benchmarking.labelled import load_labelled, shipped


def written(folder, *rows):
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_columns_by_their_usual_names(tmp_path):
    found = load_labelled(
        written(
            tmp_path,
            {"response": "4", "answer": "4", "label": 1, "kind": "x", "question": "2+2"},
            {"response": "5", "answer": "4", "label": False},
        )
    )
    assert (found.name, found.completion, found.prompt) == ("rows", "response", "question")
    assert [(row.line, row.truth, row.kind) for row in found.rows] == [
        (1, True, "x"),
        (2, False, ""),
    ]


def test_bare_answers_are_boxed(tmp_path):
    completions = ["4", "$4$", r"\boxed{4}", "$a$ or $b$", [{"role": "assistant", "content": "4"}]]
    path = written(tmp_path, *({"completion": one, "label": True} for one in completions))
    whole = written(tmp_path / ".", *({"completion": one, "label": True} for one in completions))
    found = [row.columns["completion"] for row in load_labelled(path, box_bare=True).rows]
    assert found[:4] == [r"\boxed{4}", r"\boxed{4}", r"\boxed{4}", r"\boxed{$a$ or $b$}"]
    assert found[4] == completions[4]
    assert [row.columns["completion"] for row in load_labelled(whole).rows] == completions
    kinds = written(tmp_path, {"completion": "so 4", "label": True, "kind": "completion"})
    assert load_labelled(kinds, box_bare=True).rows[0].columns["completion"] == "so 4"


def test_rows_may_do_without_the_truth(tmp_path):
    path = written(tmp_path, {"completion": "4", "label": True}, {"completion": "5"})
    found = load_labelled(path, name="mine", need_truth=False)
    assert [row.truth for row in found.rows] == [True, None]
    assert found.name == "mine"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"completion": "4"}, "true or false"),
        ({"completion": "4", "label": "yes"}, "true or false"),
        ({"completion": "4", "label": [True]}, "true or false"),
        ({"label": True}, "has no completion"),
        ({"completion": 4, "label": True}, "is a string or a list"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path, row, message):
    with pytest.raises(DataFileError, match=message) as caught:
        load_labelled(written(tmp_path, row))
    assert "rows.jsonl:1" in str(caught.value)


def test_broken_and_empty_files_are_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"completion": "4", "label": true}\n{"comp\n')
    with pytest.raises(DataFileError, match=r"rows\.jsonl:2: broken JSON"):
        load_labelled(path)
    path.write_text("\n\n")
    with pytest.raises(DataFileError, match="holds no rows"):
        load_labelled(path)


def test_what_comes_with_the_package():
    labelled, attacks = load_labelled(shipped("math_labelled")), load_labelled(shipped("attacks"))
    assert len(labelled.rows) >= 200
    assert {row.truth for row in labelled.rows} == {True, False}
    assert sum(not row.truth for row in attacks.rows) >= 180
