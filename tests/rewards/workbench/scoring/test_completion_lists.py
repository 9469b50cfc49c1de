"""Rows with several completions: as if each stood alone, and measured together."""

from __future__ import annotations

import json
from itertools import combinations
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.errors import InputError
from rewards.workbench.rows.rows import RawRow, parse_row
from rewards.workbench.scoring import ScoreOptions, score_file
from rewards.workbench.scoring.completion_lists import (
    each_verdict,
    pass_at,
    summarise,
    unfold,
    unfold_text,
)

GROUPS = [
    {"prompt": "a", "answer": "2", "completion": [r"\boxed{2}", r"\boxed{3}", r"\boxed{3.0}", "?"]},
    {"prompt": "b", "answer": "1/2", "completion": [r"\boxed{0.5}", r"\boxed{\frac12}", "?"]},
    {"prompt": "c", "answer": "7", "completion": r"\boxed{7}"},
]


def write(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def score(folder, rows, *rewards, workers=0, name="out.jsonl"):
    output = folder / name
    options = ScoreOptions(
        input=write(folder / "in.jsonl", rows),
        output=output,
        rewards=rewards,
        workers=workers,
        overwrite=True,
    )
    summary = score_file(options)
    return [json.loads(line) for line in output.read_text().splitlines()], summary


@given(st.integers(1, 8), st.data())
def test_pass_at_k_counts_the_draws(completions, data):
    correct = data.draw(st.integers(0, completions))
    k = data.draw(st.integers(1, completions))
    right = [at < correct for at in range(completions)]
    draws = list(combinations(right, k))
    assert isclose(pass_at(k, completions, correct), sum(map(any, draws)) / len(draws))


def verdict(extracted, score=0.0, status="wrong"):
    return {"score": score, "status": status, "extracted": extracted}


def test_the_majority_is_by_what_answers_mean_and_ties_go_to_the_first():
    def same(one, other):
        return float(one) == float(other)

    votes = [verdict("1"), verdict("2.0", 1.0, "correct"), verdict("2", 1.0, "correct")]
    assert summarise(votes, same)["majority"] == {"answer": "2.0", "votes": 2, "score": 1.0}
    assert summarise(votes, str.__eq__)["majority"] == {"answer": "1", "votes": 1, "score": 0.0}
    assert summarise([verdict(None)], same)["majority"] is None


def test_what_was_not_judged_does_not_count():
    made = summarise([verdict("1", 1.0, "correct"), verdict(None, None, "error")], str.__eq__)
    assert (made["completions"], made["judged"], made["pass@1"]) == (2, 1, 1.0)
    assert "pass@2" not in made
    nothing = summarise([verdict(None, None, "error")], str.__eq__)
    assert nothing["mean_score"] is None
    assert not [name for name in nothing if name.startswith("pass@")]


def test_scores_that_are_no_verdict_of_right_or_wrong_have_no_pass_at_k():
    made = summarise([verdict(None, 3.5, "scored"), verdict(None)], str.__eq__)
    assert made["mean_score"] == 1.75
    assert "pass@1" not in made


def test_a_chat_is_one_completion_and_a_list_of_chats_several():
    chat = [{"role": "assistant", "content": "x"}]
    assert unfold({"completion": chat}, "completion") == [{"completion": chat}]
    assert unfold({"completion": [chat, chat]}, "completion") == [{"completion": chat}] * 2


def test_token_ids_go_with_their_completions():
    row = {"completion": ["a", "b"], "completion_ids": [[1], [2, 3]], "tags": ["x", "y"]}
    first, second = unfold(row, "completion")
    assert (first["completion_ids"], second["completion_ids"]) == ([1], [2, 3])
    assert first["tags"] == ["x", "y"]
    assert [
        parse_row(one) for one in unfold_text(RawRow(1, json.dumps(row)), "completion")
    ] == unfold(row, "completion")


@pytest.mark.parametrize("workers", [0, 1])
def test_verdicts_are_those_of_the_completions_alone(tmp_path, workers):
    rows, summary = score(tmp_path, GROUPS, "accuracy", "format", workers=workers)
    singles = [one for group in GROUPS for one in unfold(group, "completion")]
    alone, _ = score(tmp_path, singles, "accuracy", "format")
    for label in ("accuracy", "format"):
        together = [one for row in rows for one in row[label]]
        assert together == [row[label] for row in alone]
    assert [row["accuracy_summary"]["majority"] for row in rows] == [
        {"answer": "3", "votes": 2, "score": 0.0},
        {"answer": "0.5", "votes": 2, "score": 1.0},
        {"answer": "7", "votes": 1, "score": 1.0},
    ]
    assert rows[0]["completion"] == GROUPS[0]["completion"]
    described = summary.tally.describe()["rewards"]["accuracy"]
    assert isclose(described["pass@1"], (1 / 4 + 2 / 3 + 1) / 3)
    assert described["statuses"]["correct"] == 4


def test_rewards_of_the_users_see_completions_one_by_one(tmp_path, monkeypatch):
    (tmp_path / "ours_or_not.py").write_text(
        "import os\n"
        "def length(completions, **_):\n"
        "    if '?' in completions:\n"
        "        os._exit(3)\n"
        "    return [len(text) / 100 for text in completions]\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    rows, summary = score(tmp_path, GROUPS, "ours_or_not:length", "accuracy", workers=2)
    assert [one["score"] for one in rows[0]["length"]] == [0.09, 0.09, 0.11, None]
    assert rows[0]["length"][3]["reason"] == "ours_or_not:length ended its worker process"
    assert [one["status"] for one in rows[1]["accuracy"]] == ["correct", "correct", "no_answer"]
    assert summary.tally.error_rows == 2


def test_bad_rows_are_recorded_in_step(tmp_path):
    rows, _ = score(tmp_path, [*GROUPS, {"answer": "1", "completion": []}], "accuracy")
    (verdict,) = rows[-1]["accuracy"]
    assert verdict["status"] == "error"
    assert verdict["reason"] == "the column 'completion' holds no completion"


def test_an_interrupted_run_goes_on(tmp_path):
    groups = GROUPS * 100
    whole, _ = score(tmp_path, groups, "accuracy", name="whole.jsonl")
    options = ScoreOptions(
        input=tmp_path / "in.jsonl", output=tmp_path / "part.jsonl", rewards=["accuracy"], workers=0
    )

    def stop(progress):
        if progress.rows >= 128:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="128 rows are kept"):
        score_file(options, on_progress=stop)
    summary = score_file(options)
    assert summary.resumed_rows == 128
    assert (tmp_path / "part.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    described = summary.tally.describe()["rewards"]["accuracy"]
    assert described["scored"] == sum(len(row["accuracy"]) for row in whole)
    assert isclose(described["pass@1"], (1 / 4 + 2 / 3 + 1) / 3)


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(
        "from dataclasses import dataclass\n"
        "from rewards import Reward, Status, Verdict\n"
        "def length(completions, **_):\n"
        "    return [float(len(text)) for text in completions]\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Rude(Reward):\n"
        "    name: str = 'rude'\n"
        "    def judge(self, sample):\n"
        "        return Verdict(1.0, Status.CORRECT, extracted=sample.completion)\n"
        "    def same_answer(self, one, other):\n"
        "        raise RuntimeError('never asked')\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_list_shifts_nobody_s_verdicts(tmp_path, mine, workers):
    """Whatever is wrong with a list, the rows behind it keep their own."""
    deep = json.loads("[" * 300 + "]" * 300)
    bad = [
        {"completion": ["aa", "bb"], "answer": "x", "length": 3},
        {"completion": ["aa", "bb"], "length_summary": 3},
        {"completion": ["aa", "bb"], "other": deep},
        {"completion": ["aa", "bb"], "completion_ids": [[1]]},
        {"completion": []},
        {"completion": ["aa", 3]},
    ]
    good = [{"completion": ["d" * size]} for size in range(1, 6)]
    head = [{"completion": ["x"]}] * 1000  # what is wrong there is refused at the start
    rows, _ = score(tmp_path, [*head, *good, *bad, *good], "mine:length", workers=workers)
    rows = rows[1000:]
    scores = [[one["score"] for one in each_verdict(row["length"])] for row in rows]
    wanted = [[1], [2], [3], [4], [5]]
    assert scores == [*wanted, [None], [None], [None], [None] * 2, [None], [None], *wanted]
    reasons = [row["length"][0]["reason"] for row in rows[5:10]]
    assert reasons == [
        "the row already has a column 'length'",
        "the row already has a column 'length_summary'",
        "JSON nested too deeply",
        "the column 'completion_ids' holds 1 lists for 2 completions",
        "the column 'completion' holds no completion",
    ]
    assert rows[9]["length_summary"]["completions"] == 0


@pytest.mark.parametrize("workers", [0, 1])
def test_lists_behind_the_head_of_a_file_are_lists(tmp_path, mine, workers):
    singles = [{"completion": "x"} for _ in range(1000)]
    rows, summary = score(
        tmp_path, [*singles, {"completion": ["a", None, "bb"]}], "mine:length", workers=workers
    )
    assert rows[0]["length"]["score"] == 1
    assert [one["score"] for one in rows[-1]["length"]] == [1, None, 2]
    assert rows[-1]["length_summary"]["judged"] == 2
    assert summary.tally.error_rows == 1


def test_a_user_s_idea_of_the_same_answer_is_not_asked(tmp_path, mine):
    rows, _ = score(tmp_path, [{"completion": ["a", "b", "b"]}], "rude=mine:Rude")
    assert rows[0]["rude_summary"]["majority"] == {"answer": "b", "votes": 2, "score": 1.0}


def test_two_rewards_do_not_write_the_same_column(tmp_path):
    with pytest.raises(InputError, match="another name"):
        score(tmp_path, GROUPS, "accuracy", "accuracy_summary=format")


def test_a_row_of_many_completions_is_sent_to_a_user_s_reward_in_pieces(tmp_path, mine):
    row = {"completion": ["x" * (n % 7) for n in range(3000)], "more": list(range(3000))}
    (found,), _ = score(tmp_path, [row], "mine:length", workers=1)
    assert [one["score"] for one in found["length"]] == [n % 7 for n in range(3000)]


def test_votes_are_counted_in_bounded_time():
    asked = []

    def same(one, other):
        asked.append(1)
        return False

    made = summarise([verdict(str(n)) for n in range(2000)] + [verdict("7")], same)
    assert made["majority"]["votes"] == 2
    assert len(asked) < 2000
