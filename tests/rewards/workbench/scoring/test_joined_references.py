"""What servers write of a batch, joined with the file that says what is right."""

from __future__ import annotations

import json

import pytest

from rewards.errors import DataFileError
from rewards.workbench.scoring import ScoreOptions, score_file


def reply(number, said):
    message = {"role": "assistant", "content": said}
    body = {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": message}]}
    return {
        "id": f"batch_{number}",
        "custom_id": f"r{number}",
        "response": {"status_code": 200, "body": body},
        "error": None,
    }


BATCH = [reply(n, rf"\boxed{{{n}}}") for n in (2, 0, 1)]
REFERENCES = [{"custom_id": f"r{n}", "answer": str(min(n, 1)), "response": "x"} for n in range(3)]


def score(tmp_path, batch, references, **options):
    for name, rows in (("in", batch), ("ref", references)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    output = tmp_path / "out.jsonl"
    summary = score_file(
        ScoreOptions(
            input=tmp_path / "in.jsonl",
            output=output,
            rewards=["accuracy"],
            references=tmp_path / "ref.jsonl",
            workers=0,
            **options,
        )
    )
    return [json.loads(line) for line in output.read_text().splitlines()], summary


def test_each_reply_meets_its_reference(tmp_path):
    rows, summary = score(tmp_path, BATCH, REFERENCES)
    assert [row["accuracy"]["score"] for row in rows] == [0, 1, 1]
    assert [row["custom_id"] for row in rows] == ["r2", "r0", "r1"]
    assert "joined with" in summary.notes[0]
    assert isinstance(rows[0]["response"], dict)  # what the row has stays


def test_ids_that_are_called_otherwise(tmp_path):
    numbered = [{"id": row["custom_id"], "answer": row["answer"]} for row in REFERENCES]
    rows, _ = score(tmp_path, BATCH, numbered, join_on="custom_id=id")
    assert [row["accuracy"]["score"] for row in rows] == [0, 1, 1]


def test_a_row_without_a_partner_is_not_judged(tmp_path):
    rows, _ = score(tmp_path, BATCH, REFERENCES[1:])
    assert [row["accuracy"]["status"] for row in rows] == ["wrong", "not_applicable", "correct"]


@pytest.mark.parametrize(
    ("references", "said"),
    [
        ([*REFERENCES, REFERENCES[0]], "a second row with custom_id 'r0'"),
        ([{"custom_id": "z", "answer": "1"}], "has a partner"),
        ([{"mine": "r0", "answer": "1"}], "share no column of ids"),
    ],
)
def test_what_cannot_be_joined(tmp_path, references, said):
    with pytest.raises(DataFileError, match=said):
        score(tmp_path, BATCH, references)
