"""`rlvr score` from the outside: what goes in, what comes out, what it says."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "math"
FIELDS = ["score", "status", "extracted", "expected", "reason"]


def test_scores_keeps_columns_order_and_summarises(place):
    place.write_rows("in.jsonl", 300)
    result = place.run(
        "score", "in.jsonl", "--reward", "accuracy", "--reward", "format",
        "--output", "out.jsonl", "--workers", "2", "--json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    rows = place.read("out.jsonl")
    assert [row["id"] for row in rows] == list(range(300))
    assert list(rows[0]) == ["id", "completion", "answer", "é", "accuracy", "format"]
    assert list(rows[0]["accuracy"]) == FIELDS
    for row in rows:
        right = row["id"] % 3 != 0 and row["id"] % 10 != 0
        assert row["accuracy"]["score"] == float(right), row
        assert row["accuracy"]["reason"]
        assert row["format"]["status"] == "bad_format"
    summary = json.loads(result.stdout)
    assert summary["rows"] == 300
    assert summary["error_rows"] == 0
    assert summary["rewards"]["accuracy"]["statuses"] == {
        "correct": 180,
        "wrong": 90,
        "no_answer": 30,
    }
    assert summary["rewards"]["accuracy"]["mean_score"] == pytest.approx(0.6)
    assert "mean 0.6000" in result.stderr
    assert "30.0%" in result.stderr
    assert "\x1b" not in result.stderr
    assert sorted(path.name for path in place.folder.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_output_does_not_depend_on_the_number_of_workers(place):
    place.write_rows("in.jsonl", 200)
    for workers in ("0", "1"):
        result = place.run(
            "score", "in.jsonl", "--reward", "accuracy", "--output", f"{workers}.jsonl",
            "--workers", workers,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
    assert (place / "0.jsonl").read_bytes() == (place / "1.jsonl").read_bytes()


def score_here(place, *more, name="in.jsonl", output="out.jsonl", reward="accuracy"):
    return place.run_here(
        "score", name, "--reward", reward, "--output", output, "--workers", "0", *more
    )


def test_gzip_in_and_out_gives_the_same_bytes_twice(place):
    rows = place.write_rows("in.jsonl", 50)
    (place / "in.jsonl.gz").write_bytes(gzip.compress(rows.read_bytes()))
    assert score_here(place).returncode == 0
    for output in ("a.jsonl.gz", "b.jsonl.gz"):
        assert score_here(place, name="in.jsonl.gz", output=output).returncode == 0
    assert (place / "a.jsonl.gz").read_bytes() == (place / "b.jsonl.gz").read_bytes()
    unpacked = gzip.decompress((place / "a.jsonl.gz").read_bytes())
    assert unpacked == (place / "out.jsonl").read_bytes()
    assert not list(place.folder.glob("*partial*"))


def test_bad_rows_are_recorded_and_the_rest_is_scored(place):
    good = {"completion": r"\boxed{1}", "answer": "1"}
    place.write(
        "in.jsonl",
        good,
        '{"completion": "cut off',
        "[1, 2]",
        "",
        good | {"completion": 7},
        {"answer": "1"},
        "x" * 5000,
        good | {"completion": [{"role": "assistant", "content": r"\boxed{1}"}]},
        good | {"answer": None},
        "[" * 100_000,
    )
    result = score_here(place)
    assert result.returncode == 1, result.stderr
    rows = place.read("out.jsonl")
    assert len(rows) == 9
    assert [row["accuracy"]["score"] for row in rows] == [1.0] + [None] * 5 + [1.0, None, None]
    assert [row["accuracy"]["status"] for row in rows] == (
        ["correct"] + ["error"] * 5 + ["correct", "not_applicable", "error"]
    )
    cut = rows[1]
    assert list(cut) == ["line", "error", "raw", "accuracy"]
    assert cut["line"] == 2
    assert "broken JSON" in cut["error"]
    assert cut["raw"] == '{"completion": "cut off'
    assert rows[2]["error"] == "not a JSON object but a list"
    assert rows[3]["completion"] == 7
    assert "not int" in rows[3]["accuracy"]["reason"]
    assert rows[4]["accuracy"]["reason"] == "the row has no 'completion'"
    assert len(rows[5]["raw"]) <= 200
    assert "nested" in rows[8]["error"]
    assert rows[8]["line"] == 10
    assert "6 rows could not be judged" in result.stderr


def test_text_of_a_row_comes_out_as_it_went_in(place):
    """Number forms, duplicate keys, NaN, escapes and U+2028 are not ours to change."""
    lines = [
        r'{"completion":"\\boxed{1}","answer":1,"a":1.50e+3,"b":NaN,"c":"\u00e9\/","a":2}',
        '{ "completion" : "\\\\boxed{2}" , "answer" : "2", "s":"a\u2028b\u0085c" }',
        r'{"completion": "\\boxed{\ud800}", "answer": "\ud800", "n": 12345678901234567890123}',
    ]
    (place / "in.jsonl").write_bytes("\r\n".join(lines).encode())  # CRLF, no end to the last line
    result = score_here(place)
    assert result.returncode == 0, result.stderr
    written = (place / "out.jsonl").read_bytes().decode().split("\n")
    assert written.pop() == ""
    for line, out in zip(lines, written, strict=True):
        assert out.startswith(line.rstrip(" }"))
        assert json.loads(out)["accuracy"]["score"] == 1.0


def test_a_huge_row_is_scored(place):
    long = {"completion": "word " * 10**6 + r"\boxed{1}", "answer": "1"}
    place.write("in.jsonl", long, {"completion": "?", "answer": "1"})
    assert score_here(place).returncode == 0
    assert [row["accuracy"]["score"] for row in place.read("out.jsonl")] == [1.0, 0.0]


def test_says_which_column_it_took_and_can_be_told(place):
    row = {
        "completion": r"\boxed{1}",
        "response": "I could not work it out.",
        "solution": "2",
        "answer": "1",
    }
    place.write("in.jsonl", row)
    result = score_here(place)
    assert "the reference is read from 'answer' (there is also 'solution'" in result.stderr
    assert "the completion is read from 'completion'" in result.stderr
    assert place.read("out.jsonl")[0]["accuracy"]["score"] == 1.0
    score_here(place, "--reference-column", "solution", output="2.jsonl")
    assert place.read("2.jsonl")[0]["accuracy"]["score"] == 0.0
    score_here(place, "--completion-column", "response", output="3.jsonl")
    assert place.read("3.jsonl")[0]["accuracy"]["status"] == "no_answer"


def test_a_named_prompt_reaches_the_reward(place):
    row = {"completion": "a</think> b", "asked": "Think. <think>"}
    place.write("in.jsonl", row)
    score_here(place, reward="format")
    assert place.read("out.jsonl")[0]["format"]["score"] == 0.0
    score_here(place, "--prompt-column", "asked", reward="format", output="2.jsonl")
    assert place.read("2.jsonl")[0]["format"]["score"] == 1.0


def test_a_reward_sees_the_columns_it_reads_and_the_token_ids(place):
    place.write_reward(
        "mine",
        "from rewards import LanguageConsistency, Overlong, PatternMatch, Route, accuracy, choice\n"
        "by_source = Route({'math': accuracy, 'exam': choice}, by='source')\n"
        "language = LanguageConsistency(name='language')\n"
        "digits = PatternMatch(name='digits', pattern='[0-9]+', how='search')\n"
        "overlong = Overlong(name='overlong', max_length=5, buffer=2)\n",
    )
    place.write(
        "in.jsonl",
        {
            "completion": "<think>I think it is so and add them</think> \\boxed{42}",
            "answer": "42",
            "source": "math",
            "target_language": "zh",
            "completion_ids": [1, 2, 3, 4],
        },
        {
            "completion": f"<think>{chr(0x7B54) * 8}</think> \\boxed{{B}}",
            "answer": "B",
            "source": "exam",
            "target_language": "zh",
            "completion_ids": [1, 2, 3, 4, 5, 6, 7],
        },
    )
    names = ("by_source", "language", "digits", "overlong")
    rewards = [part for name in names for part in ("--reward", f"mine:{name}")]
    result = place.run("score", "in.jsonl", *rewards, "--output", "out.jsonl")
    assert result.returncode == 0, result.stderr
    scores = [[row[name]["score"] for name in names] for row in place.read("out.jsonl")]
    assert scores == [[1.0, 0.0, 1.0, -0.5], [1.0, 1.0, 0.0, -1.0]]


def test_a_reward_takes_options(place):
    place.write("in.jsonl", {"completion": "\\boxed{0.333}", "answer": "1/3"})
    near = "accuracy(tolerance=1e-2)"
    score_here(place, "--reward", f"near={near}", reward="accuracy", output="out.jsonl")
    row = place.read("out.jsonl")[0]
    assert (row["accuracy"]["score"], row["near"]["score"]) == (0.0, 1.0)
    colon = "ratio=pattern_match(pattern='0.3:1')"
    assert score_here(place, reward=colon, output="3.jsonl").returncode == 0
    assert place.read("3.jsonl")[0]["ratio"]["score"] == 0.0
    for wrong, named in (
        ("accuracy(tolerance=open('x'))", "literals"),
        ("accuracy(tolerence=1)", "tolerance"),
        ("accuracy(tolerance=3)", "[0, 1)"),
        ("accuracy(", "no such reward"),
    ):
        refused = score_here(place, reward=wrong, output="2.jsonl")
        assert refused.returncode == 2
        assert named in refused.stderr


def test_a_reward_can_be_renamed_to_score_a_scored_file_again(place):
    place.write_rows("in.jsonl", 3)
    score_here(place)
    again = score_here(place, name="out.jsonl", output="2.jsonl")
    assert again.returncode == 2
    assert "--reward accuracy_2=accuracy" in again.stderr
    again = score_here(place, name="out.jsonl", output="2.jsonl", reward="accuracy_2=accuracy")
    assert again.returncode == 0, again.stderr
    assert list(place.read("2.jsonl")[0])[-2:] == ["accuracy", "accuracy_2"]


def test_a_users_function_scores_and_its_exceptions_cost_one_row(place):
    place.write_reward(
        "mine",
        "def length(completions, prompts, id, **kwargs):\n"
        "    assert len(id) == len(completions)\n"
        "    return [1 / (number - 2) if number else None for number in id]\n",
    )
    place.write_rows("in.jsonl", 5)
    result = score_here(place, reward="mine:length")
    assert result.returncode == 1, result.stderr
    rows = place.read("out.jsonl")
    assert [row["length"]["score"] for row in rows] == [None, -1.0, None, 1.0, 0.5]
    assert rows[0]["length"]["status"] == "not_applicable"
    assert rows[2]["length"]["reason"] == "ZeroDivisionError: division by zero (mine.py:3)"


def test_a_row_that_ends_its_process_costs_only_itself(place):
    place.write_reward(
        "deadly",
        "import os\ndef deadly(completions, id, **kwargs):\n"
        "    if 70 in id or 71 in id: os._exit(3)\n"
        "    if 5 in id: raise SystemExit('enough')\n"
        "    return [1.0 for _ in id]\n",
    )
    place.write_rows("in.jsonl", 200)
    result = place.run(
        "score", "in.jsonl", "--reward", "deadly:deadly", "--output", "out.jsonl", "--workers", "2"
    )
    assert result.returncode == 1, result.stderr
    rows = place.read("out.jsonl")
    assert [row["id"] for row in rows] == list(range(200))
    lost = [row["id"] for row in rows if row["deadly"]["score"] is None]
    assert lost == [5, 70, 71]
    assert rows[5]["deadly"]["reason"] == "SystemExit: enough (deadly.py:4)"
    assert rows[70]["deadly"]["status"] == "error"


@pytest.mark.slow
def test_workers_killed_from_outside_change_nothing(place):
    place.write_reward("slow")
    place.write_rows("in.jsonl", 10_000)
    arguments = ["--reward", "accuracy", "--reward", "slow:slow", "--workers", "2"]
    assert place.run("score", "in.jsonl", *arguments, "--output", "calm.jsonl").returncode == 0
    process = place.start("score", "in.jsonl", *arguments, "--output", "out.jsonl")
    for megabytes in range(1, 4):
        place.wait_until(
            lambda mark=megabytes: place.size("out.jsonl.partial") > mark * 400_000, process
        )
        for child in place.family(process):
            child.kill()
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert (place / "out.jsonl").read_bytes() == (place / "calm.jsonl").read_bytes()


@pytest.mark.slow
def test_real_completions_all_get_a_status_and_a_reason(place):
    source = SHARED / "qwen25_math_completions.jsonl"
    if not source.exists():
        pytest.skip(f"no {source}")
    result = place.run(
        "score", source, "--reward", "accuracy", "--reward", "format", "--output", "out.jsonl"
    )
    assert result.returncode == 0, result.stderr
    inputs = [json.loads(line) for line in source.read_bytes().split(b"\n") if line.strip()]
    rows = place.read("out.jsonl")
    for row, before in zip(rows, inputs, strict=True):
        assert {name: row[name] for name in before} == before
        assert row["accuracy"]["status"]
        assert row["accuracy"]["reason"]
        assert row["format"]["reason"]


def test_a_bar_is_drawn_on_a_terminal_only(place):
    pty = pytest.importorskip("pty")
    place.write_rows("in.jsonl", 100)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "rlvr", "score", "in.jsonl", "--reward", "accuracy",
         "--output", "out.jsonl", "--workers", "1"],
        cwd=place.folder, env=place.environment | {"TERM": "xterm"}, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal is gone when the process is
        while data := os.read(ours, 65536):
            shown += data
    os.close(ours)
    assert process.wait(60) == 0
    assert b"scoring" in shown
    assert b"100 rows" in shown
    assert b"60 correct" in shown
    assert "scoring" not in score_here(place, output="2.jsonl").stderr


def test_paths_into_columns_and_a_table(place):
    row = {"out": [{"text": r"so \\boxed{4}"}], "reward_model": {"ground_truth": "4"}}
    place.write("in.jsonl", row)
    done = place.run_here(
        "score", "in.jsonl", "-r", "accuracy", "-o", "out.jsonl", "-q", "--workers", "0",
        "--completion-column", "out.0.text", "--reference-column", "reward_model.ground_truth",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    (scored,) = place.read("out.jsonl")
    assert scored.pop("accuracy")["score"] == 1.0
    assert scored == row | {"answer": "4"}  # as rows of its form are read
    (place / "in.csv").write_text('completion,answer\n"so \\boxed{4}",4\n')
    done = place.run_here("score", "in.csv", "-r", "accuracy", "-o", "t.jsonl", "--workers", "0")
    assert done.returncode == 0
    assert place.read("t.jsonl")[0]["accuracy"]["score"] == 1.0
    assert "columns read: completion 'completion', reference 'answer'" in done.stderr
