"""What other tools write, read as prompts, completions and answers."""

from __future__ import annotations

import json
import zipfile

import pytest

from rewards.completion import completion_text
from rewards.errors import DataFileError
from rewards.workbench.rows.other_tools import shape_of
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row

SAID = r"It is \boxed{4}."
MESSAGE = {"role": "assistant", "content": SAID}
INSPECT = {
    "id": 1,
    "epoch": 1,
    "input": "2+2?",
    "target": "4",
    "messages": [{"role": "user", "content": "2+2?"}, MESSAGE],
    "output": {"model": "m", "choices": [{"message": MESSAGE, "stop_reason": "stop"}]},
    "scores": {"math": {"value": "C"}},
}
ROWS = {
    "lm_eval": {
        "doc_id": 0,
        "doc": {"question": "2+2?"},
        "target": "4",
        "arguments": {"gen_args_0": {"arg_0": "2+2?", "arg_1": {"until": []}}},
        "resps": [[SAID]],
        "filtered_resps": ["4"],
        "exact_match": 1.0,
    },
    "lighteval": {
        "doc": {"query": "2+2?", "choices": ["3", "4"], "gold_index": 1},
        "model_response": {"text": [SAID], "input_tokens": []},
        "metric": {"em": 1.0},
    },
    "inspect": INSPECT,
    "verl": {"input": "2+2?", "output": SAID, "gts": "4", "score": 1.0, "step": 3},
    "openrlhf": {"input": "2+2?", "output": SAID, "label": "4"},
    "chat": {"messages": [{"role": "user", "content": "2+2?"}, MESSAGE], "answer": "4"},
    "sharegpt": {
        "conversations": [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": SAID}],
        "answer": "4",
    },
    "verl data": {
        "data_source": "gsm8k",
        "prompt": [{"role": "user", "content": "2+2?"}],
        "reward_model": {"style": "rule", "ground_truth": "4"},
        "completion": SAID,
    },
    "nemo data": {"prompt": "2+2?", "extra_env_info": {"ground_truth": "4"}, "response": SAID},
    "reply": {"id": "x", "choices": [{"index": 0, "message": MESSAGE}], "answer": "4"},
}
PLAIN = [
    {"prompt": "a", "completion": "b", "answer": "c"},
    {"question": "a", "choices": ["b", "c"], "response": "B"},
    {"input": "a", "output": "b", "label": True},
    {"input": "a", "output": "b", "label": "1"},
    {"completion": "b", "answer": "c", "reward_model": {"ground_truth": "d"}},
    {"messages": [{"role": "user", "content": "2+2?"}]},
    {"completion": "b", "doc": {}, "target": "4", "resps": []},
    {"completion": "b", "mine": 1.0, "mine_reason": "because"},
]


def read(path):
    with open_rows(path) as rows:
        return rows.recognised, [parse_row(row) for row in rows]


def write(tmp_path, *rows, name="in.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_of_each_tool(tmp_path, kind):
    row = ROWS[kind]
    recognised, (found,) = read(write(tmp_path, row))
    assert recognised
    completion = next(found[name] for name in ("completion", "output", "response") if name in found)
    assert completion_text(completion).text == SAID
    assert found.get("answer", found.get("gts", found.get("target"))) == "4"
    assert {name: found[name] for name in row} == row  # nothing is lost
    if kind != "reply":
        assert "2+2?" in json.dumps(found["prompt"])


@pytest.mark.parametrize("row", PLAIN)
def test_rows_that_need_no_help_stay_as_they_are(tmp_path, row):
    assert shape_of(row) is None
    assert read(write(tmp_path, row)) == ("", [row])


def test_several_responses_become_several_completions(tmp_path):
    row = ROWS["lm_eval"] | {"resps": [["a", "b"]]}
    assert read(write(tmp_path, row))[1][0]["completion"] == ["a", "b"]


def test_log_likelihoods_are_no_completions(tmp_path):
    row = ROWS["lm_eval"] | {"resps": [[["-1.5", "False"]], [["-0.5", "True"]]]}
    assert "completion" not in read(write(tmp_path, row))[1][0]


def test_verdicts_of_a_trl_log(tmp_path):
    row = {
        "step": 1,
        "prompt": "2+2?",
        "completion": SAID,
        "accuracy": 0.0,
        "accuracy_extracted": "",
        "accuracy_expected": "5",
        "accuracy_reason": "no box",
        "mine": 0.5,
        "advantage": 0.0,
    }
    recognised, (found,) = read(write(tmp_path, row))
    assert "TRL" in recognised
    assert found["accuracy"]["score"] == 0.0
    assert found["accuracy"]["status"] == "no_answer"
    assert found["accuracy"]["reason"] == "no box"
    assert found["mine"] == {"score": 0.5, "status": "scored"}
    short = {"step": 1, "prompt": "p", "completion": SAID, "accuracy": 0.0}
    found = read(write(tmp_path, short | {"accuracy_reason": "timeout: too slow"}))[1][0]
    assert (found["accuracy"]["status"], found["accuracy"]["reason"]) == ("timeout", "too slow")
    logged = row | {"accuracy_status": "bad_format"}
    assert read(write(tmp_path, logged))[1][0]["accuracy"]["status"] == "bad_format"


def test_a_json_log_of_inspect(tmp_path):
    log = {
        "version": 2,
        "status": "success",
        "eval": {"task": "t", "packages": [{"a": [1]}]},
        "results": {"scores": [{"name": "x"}]},
        "samples": [INSPECT, INSPECT | {"id": 2}],
    }
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log, indent=2))
    recognised, found = read(path)
    assert "inspect_ai" in recognised
    assert [row["id"] for row in found] == [1, 2]


def test_an_eval_log_of_inspect(tmp_path):
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", "{}")
        for number in (10, 9):
            archive.writestr(
                f"samples/{number}_epoch_1.json", json.dumps(INSPECT | {"id": number}, indent=2)
            )
    recognised, found = read(path)
    assert "inspect_ai" in recognised
    assert [row["id"] for row in found] == [9, 10]
    with open_rows(path) as rows:
        assert rows.skip(1) == 1
        assert [parse_row(row)["id"] for row in rows] == [10]


def test_other_archives_are_refused(tmp_path):
    path = tmp_path / "a.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("else.json", "{}")
    with pytest.raises(DataFileError, match="zip archive"):
        open_rows(path)


def test_a_bomb_in_an_eval_log_is_one_bad_row(tmp_path, monkeypatch):
    monkeypatch.setattr("rewards.workbench.rows.rows.MAX_LINE_BYTES", 2**12)
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples/1_epoch_1.json", json.dumps(INSPECT))
        archive.writestr("samples/2_epoch_1.json", b"0" * 2**20)
    _, found = read(path)
    assert found[0]["id"] == 1
    assert "longer than" in found[1]


def test_attachments_are_put_in_place(tmp_path):
    kept = {"role": "assistant", "content": "attachment://abc"}
    row = INSPECT | {"output": {"choices": [{"message": kept}]}, "attachments": {"abc": SAID}}
    found = read(write(tmp_path, row))[1][0]
    assert completion_text(found["completion"]).text == SAID


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{\n "meta": {"a": [1]},\n "data": [{"a": 1}, {"a": 2}]}', [{"a": 1}, {"a": 2}]),
        ('{"data": [{"a": 1}, {"a": 2}]}', [{"a": 1}, {"a": 2}]),
        ('{\n "completion": "x",\n "answer": ["y"]\n}', [{"completion": "x", "answer": ["y"]}]),
        ('{\n "data": []\n}', [{"data": []}]),
    ],
)
def test_arrays_in_objects(tmp_path, text, expected):
    path = tmp_path / "in.json"
    path.write_text(text)
    assert read(path)[1] == expected
