"""A chunk judged: the row's text stays, verdicts are added, one bad row costs itself."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.workbench.scoring.judge import error_fields, judge_fields, judge_rows
from rewards.workbench.scoring.row_parts import find_flaws
from rewards.workbench.scoring.tally import Tally

JOB = {
    "rewards": [("accuracy", "accuracy"), ("format", "format")],
    "completion": "completion",
    "prompt": None,
    "reference": None,
    "search_path": "/nowhere",
}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def judge(*texts, **changes):
    job = JOB | changes
    chunk = judge_rows(job, [(n, text, "") for n, text in enumerate(texts, 1)])
    return [json.loads(line) for line in chunk["lines"]], Tally.from_dict(chunk["tally"])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=4), st.booleans())
def test_any_rows_come_back_with_verdicts(rows, ascii_only):
    for row in rows:
        row.setdefault("completion", r"\boxed{1}")
    found, tally = judge(*(json.dumps(row, ensure_ascii=ascii_only) for row in rows))
    assert tally.rows == len(rows)
    for row, out in zip(rows, found, strict=True):
        verdicts = [out.pop("accuracy"), out.pop("format")]
        assert out == row
        for verdict in verdicts:
            assert list(verdict) == ["score", "status", "extracted", "expected", "reason"]


@settings(max_examples=30, deadline=None)
@given(st.text())
def test_any_text_is_a_row(text):
    (row,), tally = judge(text)
    assert row["line"] == 1
    assert row["accuracy"]["status"] == "error"
    assert tally.error_rows == 1


def test_the_result_is_plain_json_and_can_cross_a_process():
    chunk = judge_rows(JOB, [(1, '{"completion": "x", "answer": "1"}', ""), (2, "", "flaw")])
    assert json.loads(json.dumps(chunk)) == chunk


def test_a_row_with_a_column_of_that_name_is_an_error():
    (row,), _ = judge('{"completion": "x", "answer": "1", "format": 1}')
    assert row["error"] == "the row already has a column 'format'"
    assert row["format"]["status"] == "error"


def test_no_verdict_says_how_long_it_took():
    (row,), _ = judge('{"completion": "x", "answer": "1"}')
    assert "seconds" not in row["accuracy"]


def test_each_row_takes_the_first_reference_it_fills():
    rows, _ = judge(
        r'{"completion": "\\boxed{1}", "solution": null, "answer": "1"}',
        r'{"completion": "\\boxed{1}", "solution": "1", "answer": "2"}',
        r'{"completion": "\\boxed{1}", "solution": NaN, "gold": 1}',
        r'{"completion": "\\boxed{1}"}',
    )
    assert [row["accuracy"]["score"] for row in rows] == [1.0, 0.0, 1.0, None]
    assert rows[3]["accuracy"]["status"] == "not_applicable"
    rows, _ = judge(r'{"completion": "\\boxed{1}", "solution": "2", "mine": "1"}', reference="mine")
    assert rows[0]["accuracy"]["score"] == 1.0


def test_an_empty_object_is_recorded():
    (row,), _ = judge("{}")
    assert list(row) == ["accuracy", "format"]


def test_fields_that_are_known_are_written_and_not_judged_again():
    rows = [(7, '{"completion": "x", "answer": "1"}', ""), (8, "nonsense", "")]
    known = judge_fields(JOB, rows, ["format"])
    assert list(known) == ["format"]
    known["accuracy"] = [error_fields("it hung")] * 2
    chunk = judge_rows(JOB, rows, known)
    first, second = map(json.loads, chunk["lines"])
    assert list(first) == ["completion", "answer", "accuracy", "format"]
    assert first["accuracy"] == {
        "score": None,
        "status": "error",
        "extracted": None,
        "expected": None,
        "reason": "it hung",
    }
    assert second["format"]["reason"] == find_flaws(JOB, rows)[1]
    assert find_flaws(JOB, rows)[0] == ""


def test_a_function_gets_the_prompts_under_their_own_name_too(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "asks_question.py").write_text(
        "def fn(prompts, question, **others):\n"
        "    assert 'completion' not in others\n"
        "    return [float(a == b == 'q') for a, b in zip(prompts, question)]\n"
    )
    (row,), _ = judge(
        '{"completion": "x", "question": "q"}',
        rewards=[("fn", "asks_question:fn")],
        prompt="question",
    )
    assert row["fn"]["score"] == 1.0


def test_the_place_of_an_answer_is_written_and_counted():
    texts = (r"\boxed{1}", "It makes 1. #### 1", "<answer>1</answer>", "I do not know what it is.")
    found, tally = judge(*(json.dumps({"completion": text, "answer": "1"}) for text in texts))
    places = [cell["accuracy"].get("found_in") for cell in found]
    assert places == ["box", "hashes", "answer_tag", None]
    assert all("found_in" not in cell["format"] for cell in found)
    assert tally.rewards["accuracy"].places == {"box": 1, "hashes": 1, "answer_tag": 1}
    described = Tally.from_dict(tally.to_dict()).describe()["rewards"]
    assert described["accuracy"]["found_in"] == {"box": 1, "hashes": 1, "answer_tag": 1}
    assert "found_in" not in described["format"]
