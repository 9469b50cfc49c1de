"""Choosing columns from the head of a file."""

from __future__ import annotations

import json

import pytest

from rewards import accuracy, format
from rewards.errors import DataFileError, InputError, MissingColumnError
from rewards.workbench.scoring.row_columns import NamedColumns, choose_columns, with_paths

BOTH = [("accuracy", accuracy), ("format", format)]


def choose(tmp_path, *rows, rewards=BOTH, **named):
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    return choose_columns(path, rewards, NamedColumns(**named))


def test_found_by_alias(tmp_path):
    found = choose(tmp_path, {"response": "x", "gold": "1", "question": "?"})
    assert (found.completion, found.prompt, found.references_seen) == (
        "response",
        "question",
        ("gold",),
    )
    assert found.notes == ()


def test_a_mixed_file_may_fill_different_columns(tmp_path):
    rows = [{"completion": "x", "tests": []}] * 5 + [{"completion": "x", "answer": "1"}]
    assert choose(tmp_path, *rows).references_seen == ("answer",)


def test_several_are_noted(tmp_path):
    found = choose(tmp_path, {"completion": "x", "output": "x", "answer": "1", "target": "1"})
    assert len(found.notes) == 2
    assert "'output'" in found.notes[0]
    assert "'target'" in found.notes[1]
    assert not choose(
        tmp_path,
        {"completion": "x", "answer": "1", "target": "1"},
        reference="target",
    ).notes


def test_a_reference_is_needed_only_by_who_needs_it(tmp_path):
    assert choose(tmp_path, {"completion": "x"}, rewards=[("format", format)]).completion
    assert choose(tmp_path, {"completion": "x"}, rewards=[("mine", None)]).completion
    with pytest.raises(MissingColumnError, match=r"reference column \(needed by accuracy\)"):
        choose(tmp_path, {"completion": "x"})


def test_a_label_is_no_reference(tmp_path):
    with pytest.raises(MissingColumnError):
        choose(tmp_path, {"completion": "x", "label": True, "correct": True})


def test_one_usable_row_is_enough(tmp_path):
    rows = ["broken", {"answer": "1"}, {"completion": 1}, {"completion": "x"}]
    assert choose(tmp_path, *rows).completion == "completion"
    with pytest.raises(DataFileError, match=r"in\.jsonl:1: .*2 rows read, none is a JSON object"):
        choose(tmp_path, "broken", "also")
    with pytest.raises(DataFileError, match=r"in\.jsonl:2: .*--completion-column"):
        choose(tmp_path, "broken", {"completion": 1, "answer": "1"})


def test_a_clash_names_the_mend(tmp_path):
    with pytest.raises(InputError, match="--reward format_2=format"):
        choose(tmp_path, {"completion": "x", "answer": "1", "format": {}})


def test_one_error_names_all_roles_and_how_to_give_them(tmp_path):
    with pytest.raises(MissingColumnError) as caught:
        choose(tmp_path, {"said": "x", "truth": "1"})
    message = str(caught.value)
    for part in ("a completion column", "a reference column (needed by accuracy)", "said, truth",
                 "--completion-column COLUMN --reference-column COLUMN"):  # fmt: skip
        assert part in message


def test_a_path_leads_into_a_column(tmp_path):
    row = {"reward_model": {"ground_truth": "4"}, "out": [{"text": "x"}]}
    found = choose(tmp_path, row, completion="out.0.text", reference="reward_model.ground_truth")
    assert (found.completion, found.reference) == ("out.0.text", "reward_model.ground_truth")
    with pytest.raises(MissingColumnError, match="not there"):
        choose(tmp_path, row, completion="out.1.text", reference="reward_model.ground_truth")


@pytest.mark.parametrize(
    ("path", "value"), [("a.b", "literal"), ("a.c.0", "x"), ("a.c.9", None), ("a.d.e", None)]
)
def test_a_column_of_that_name_wins_over_a_path(path, value):
    row = {"a.b": "literal", "a": {"b": "inside", "c": ["x"]}}
    assert with_paths(row, [path]).get(path) == value
