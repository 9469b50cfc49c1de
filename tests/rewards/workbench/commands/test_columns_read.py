"""Every command that reads a stranger's file says which of its columns it read for what."""

import json

import pytest

VERDICT = {"score": 1.0, "status": "correct", "reason": ""}
ROW = {"Question": "6*7", "Response": "\\boxed{42}", "Gold": "42", "is_correct": True}
JUDGES = "completion 'Response', prompt 'Question', reference 'Gold'"


@pytest.fixture
def files(place):
    place.write("rows.jsonl", ROW, {**ROW, "Response": "\\boxed{41}", "is_correct": False})
    place.write("scored.jsonl", ROW | {"accuracy": VERDICT, "format": VERDICT})
    return place


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("score rows.jsonl -r accuracy -o out.jsonl --workers 0", JUDGES),
        ("compare rows.jsonl -r accuracy -r exact_match --workers 0", JUDGES),
        ("compare scored.jsonl -r accuracy -r format", "completion 'Response'"),
        ("bench --data rows.jsonl -r accuracy", f"{JUDGES}, label 'is_correct'"),
        ("audit rows.jsonl", "reference 'Gold', prompt 'Question'"),
        ("select scored.jsonl -o out.jsonl", "completion 'Response', prompt 'Question'"),
        (
            "select scored.jsonl -o out.jsonl --group-column Gold --format rows",
            "completion 'Response', prompt 'Question', group 'Gold'",
        ),
        ("report scored.jsonl -o out.html", f"{JUDGES}, label 'is_correct'"),
    ],
)
def test_the_columns_that_were_read_are_named(files, command, read):
    done = files.run_here(*command.split())
    said = " ".join((done.stdout + done.stderr).split())
    assert f"columns read: {read}" in said, said
    assert f"columns read: {read}, " not in said


@pytest.mark.parametrize(
    "command", ["compare rows.jsonl -r accuracy -r format", "audit rows.jsonl"]
)
def test_and_in_the_json(files, command):
    done = files.run_here(*command.split(), "--json")
    columns = json.loads(done.stdout)["columns"]
    assert {name for name in columns.values() if name} <= ROW.keys()
    assert columns["reference"] == "Gold"
