"""Columns as people call them: in other letters, in two columns, by an option."""

from __future__ import annotations

import json

import pytest

from rewards import Gate, accuracy, code, format
from rewards.columns import COLUMN_ALIASES, Role, columns_for
from rewards.errors import MissingColumnError
from rewards.workbench.scoring import ScoreOptions, score_file
from rewards.workbench.scoring.row_columns import NamedColumns


def score(tmp_path, rows, *rewards, **named):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ScoreOptions(
        input=source, output=output, rewards=rewards, workers=0, named=NamedColumns(**named)
    )
    summary = score_file(options)
    return [json.loads(line) for line in output.read_text().splitlines()], summary


@pytest.mark.parametrize("role", Role)
def test_every_name_is_found_in_other_letters(role):
    for name in COLUMN_ALIASES[role]:
        for written in (name.upper(), name.title().replace("_", " "), name.replace("_", "-")):
            assert columns_for(role, [written, "weather"]) == [written]


def test_the_exact_name_comes_first():
    assert columns_for(Role.REFERENCE, ["SOLUTION", "Answer", "gold"])[0] == "gold"


def test_a_label_in_other_letters_is_no_reference():
    assert columns_for(Role.REFERENCE, ["Label", "Correct", "Is Correct"]) == []


def test_verdicts_are_those_of_the_usual_names(tmp_path):
    rows = [{"Response": r"\boxed{4}", "Correct Answer": str(n)} for n in (4, 5, 4)]
    scored, summary = score(tmp_path, rows, "accuracy")
    assert [row["accuracy"]["score"] for row in scored] == [1, 0, 1]
    assert summary.columns["reference"] == "Correct Answer"
    assert accuracy(completions=[r"\boxed{4}"], Answer=["4"]) == [1.0]
    assert Gate(format, accuracy)(completions=[r"<think>a</think>\boxed{4}"], Answer=["4"]) == [1.0]


def test_rows_that_use_two_completion_columns(tmp_path):
    rows = [{"completion": r"\boxed{4}", "answer": "4"}, {"response": r"\boxed{5}", "answer": "5"}]
    scored, summary = score(tmp_path, rows, "accuracy")
    assert [row["accuracy"]["score"] for row in scored] == [1, 1]
    assert "completion" not in scored[1]  # rows come out as they went in
    assert "'response'" in summary.notes[0]


def test_a_second_column_that_stands_beside_the_first_is_none(tmp_path):
    both = {"completion": r"\boxed{4}", "output": r"\boxed{9}", "answer": "4"}
    only = {"completion": None, "output": r"\boxed{4}", "answer": "4"}
    scored, _ = score(tmp_path, [both, only], "accuracy")
    assert [row["accuracy"]["status"] for row in scored] == ["correct", "error"]


def test_a_column_for_the_tests(tmp_path):
    row = {
        "completion": "```python\ndef add(a, b):\n    return a + b\n```",
        "hidden": ["assert add(1, 2) == 3"],
        "tests": ["assert add(1, 2) == 4"],
    }
    scored, summary = score(tmp_path, [row], "code", tests="hidden")
    assert scored[0]["code"]["score"] == 1
    assert summary.columns["tests"] == "hidden"


def test_one_error_for_all_that_is_missing(tmp_path):
    with pytest.raises(MissingColumnError) as caught:
        score(tmp_path, [{"my_completions": "x", "the answer": "4"}], "accuracy", "json_schema")
    said = str(caught.value)
    assert "--completion-column my_completions" in said
    assert "--reference-column 'the answer'" in said
    assert "--reward 'json_schema(column=\"COLUMN\")'" in said


def test_the_error_says_what_code_needs(tmp_path):
    with pytest.raises(MissingColumnError, match="--tests-column COLUMN"):
        score(tmp_path, [{"completion": "x"}], "code")
    assert code.role is Role.TESTS
