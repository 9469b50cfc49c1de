"""Pairs that were judged before are not judged again, and nothing else changes."""

from __future__ import annotations

import json
import sqlite3

import pytest

from rewards import Accuracy, Code, GroupLength, accuracy
from rewards.errors import DataFileError
from rewards.workbench.scoring import ScoreOptions, judge, score_file, verdict_cache
from rewards.workbench.scoring.verdict_cache import Memory, check_cache, is_remembered, pair_key

JOB = {
    "rewards": [("accuracy", "accuracy")],
    "completion": "completion",
    "prompt": None,
    "reference": None,
    "search_path": ".",
}


@pytest.fixture
def asked(monkeypatch):
    """How many rows rewards were asked about."""
    counted = []
    original = judge.ask_reward

    def counting(reward, rows, job):
        counted.append(len(rows))
        return original(reward, rows, job)

    monkeypatch.setattr(judge, "ask_reward", counting)
    verdict_cache._memory.cache_clear()
    yield counted
    verdict_cache._memory.cache_clear()


def rows(*pairs):
    texts = [json.dumps({"completion": one, "answer": answer}) for one, answer in pairs]
    return [(at, text, "") for at, text in enumerate(texts, 1)]


def test_equal_pairs_are_judged_once(asked):
    first = judge.judge_rows(JOB, rows((r"\boxed{1}", "1"), (r"\boxed{1}", "1"), ("1", "1")))
    assert asked == [2]
    again = judge.judge_rows(JOB, rows((r"\boxed{1}", "1"), (r"\boxed{1}", "2")))
    assert asked == [2, 1]
    lines = [json.loads(line)["accuracy"]["score"] for line in first["lines"] + again["lines"]]
    assert lines == [1.0, 1.0, 1.0, 1.0, 0.0]


def test_other_options_are_another_judge(asked):
    loose = JOB | {"rewards": [("accuracy", "accuracy(tolerance=0.1)")]}
    pair = rows((r"\boxed{1.51}", "1.5"))
    assert [
        json.loads(judge.judge_rows(job, pair)["lines"][0])["accuracy"]["score"]
        for job in (JOB, loose, JOB)
    ] == [0.0, 1.0, 0.0]
    assert asked == [1, 1]


def test_a_file_remembers_for_other_processes(tmp_path, asked):
    job = JOB | {"cache": check_cache(tmp_path / "cache.db"), "code": "now"}
    pairs = rows((r"\boxed{1}", "1"), (r"\boxed{3}", "1"))
    first = judge.judge_rows(job, pairs)
    verdict_cache._memory.cache_clear()  # as another process starts
    assert judge.judge_rows(job, pairs) == first
    assert asked == [2]
    verdict_cache._memory.cache_clear()
    judge.judge_rows(job | {"code": "later"}, pairs)
    assert asked == [2, 2]


def test_errors_and_time_outs_are_judged_anew(tmp_path):
    memory = Memory(check_cache(tmp_path / "cache.db"))
    for status in ("error", "timeout", "wrong"):
        memory.remember({status.encode(): {"status": status, "score": 0.0}})
    assert set(memory.look_up([b"error", b"timeout", b"wrong"])) == {b"wrong"}


def test_values_that_are_equal_in_python_only_are_told_apart():
    keys = [pair_key("accuracy", [value]) for value in (1, 1.0, True, "1", [1], None)]
    assert len(set(keys)) == 6
    nested = []
    for _ in range(3000):
        nested = [nested]
    with pytest.raises(RecursionError):
        pair_key("accuracy", [nested])


def test_what_looks_at_more_than_its_row_is_not_remembered():
    def function(completions, **_):
        return [0.0] * len(completions)

    assert is_remembered(accuracy)
    assert is_remembered(Code())
    assert not is_remembered(function)
    assert not is_remembered(GroupLength(Accuracy()))


def test_the_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(verdict_cache, "_KEPT", 3)
    memory = Memory()
    for at in range(5):
        memory.remember({bytes([at]): {"status": "wrong", "reason": ""}})
    assert set(memory.look_up([bytes([at]) for at in range(5)])) == {b"\x02", b"\x03", b"\x04"}
    memory.remember({b"long": {"status": "wrong", "reason": "x" * 5000}})
    assert not memory.look_up([b"long"])


def test_a_cache_that_breaks_in_the_middle_is_not_used(tmp_path, asked):
    path = tmp_path / "cache.db"
    job = JOB | {"cache": check_cache(path), "code": "now"}
    judge.judge_rows(job, rows((r"\boxed{1}", "1")))
    with sqlite3.connect(path) as file:
        file.execute("DROP TABLE verdicts")
    found = judge.judge_rows(job, rows((r"\boxed{2}", "2")))
    assert json.loads(found["lines"][0])["accuracy"]["score"] == 1.0


@pytest.mark.parametrize("fields", ["{}", "5", '{"score": 1.0, "status": "correct"}'])
def test_what_was_changed_in_the_file_is_judged_anew(tmp_path, asked, fields):
    path = tmp_path / "cache.db"
    job = JOB | {"cache": check_cache(path), "code": "now"}
    first = judge.judge_rows(job, rows((r"\boxed{2}", "1")))
    with sqlite3.connect(path) as file:
        file.execute("UPDATE verdicts SET fields = ?", (fields,))
    for _ in range(2):
        verdict_cache._memory.cache_clear()
        assert judge.judge_rows(job, rows((r"\boxed{2}", "1"))) == first
    assert asked == [1, 1]


def test_a_reward_of_the_user_s_is_always_asked(tmp_path, asked, monkeypatch):
    (tmp_path / "own.py").write_text("from rewards import Accuracy\nagain = Accuracy()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    job = JOB | {"rewards": [("again", "own:again")]}
    judge.judge_rows(job, rows((r"\boxed{1}", "1"), (r"\boxed{1}", "1")))
    assert asked == [2]


@pytest.mark.parametrize("kind", ["text", "folder", "no folder"])
def test_what_is_no_cache_is_refused_at_the_start(tmp_path, kind):
    path = tmp_path / "cache.db"
    if kind == "text":
        path.write_text("not a database, and long enough to be told from one" * 50)
    elif kind == "folder":
        path.mkdir()
    else:
        path = tmp_path / "missing" / "cache.db"
    with pytest.raises(DataFileError, match=r"cache\.db: .* --cache"):
        check_cache(path)


def test_scores_are_the_same_with_and_without(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text("".join(f"{text}\n" for _, text, _ in rows(*[("1", "1"), ("2", "1")] * 80)))
    outputs = []
    for name, cache in (("a", None), ("b", tmp_path / "c.db"), ("c", tmp_path / "c.db")):
        output = tmp_path / f"{name}.jsonl"
        score_file(
            ScoreOptions(
                input=source, output=output, rewards=["accuracy", "format"], cache=cache, workers=2
            )
        )
        outputs.append(output.read_bytes())
    assert outputs[0] == outputs[1] == outputs[2]
    with sqlite3.connect(tmp_path / "c.db") as file:
        assert file.execute("SELECT COUNT(*) FROM verdicts WHERE key != x''").fetchone() == (2,)


@pytest.mark.parametrize(
    "forged",
    ['{"score": 7}', '{"score": 1.0, "status": "right"}', '{"score": 1.0, "status": "error"}', "[",
     "null", "[" * 100_000, '{"score": NaN, "status": "wrong"}'],
)  # fmt: skip
def test_a_forged_or_broken_entry_never_becomes_a_verdict(tmp_path, forged):
    path = str(tmp_path / "cache")
    key = pair_key("accuracy", ["a"])
    check_cache(tmp_path / "cache")
    file = sqlite3.connect(path)
    with file:
        digest = verdict_cache._digest(key, forged)
        file.execute("INSERT INTO verdicts VALUES (?, ?, ?)", (key, forged, digest))
        file.execute("INSERT INTO verdicts VALUES (?, ?, ?)", (b"k" * 16, None, b""))
    file.close()
    assert Memory(path).look_up([key, b"k" * 16]) == {}


def test_a_full_disk_costs_the_cache_and_not_the_run(tmp_path, monkeypatch):
    def full(path):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(verdict_cache, "_open", full)
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"completion": r"\\boxed{4}", "answer": "4"}) + "\n")
    summary = score_file(
        ScoreOptions(
            input=source,
            output=tmp_path / "out.jsonl",
            rewards=["accuracy"],
            workers=0,
            cache=tmp_path / "cache",
        )
    )
    assert summary.tally.rewards["accuracy"].mean == 1.0
    assert any("is not used as a cache" in note for note in summary.notes)
