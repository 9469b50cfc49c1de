"""`rlvr bench` from end to end."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from rewards.benchmarking import BenchOptions, run_bench
from rewards.cli import app

BAD = """
import os, threading, time

def hangs(completions, **_):
    if any("boxed{3}" in text for text in completions):
        time.sleep(1000)
    return [1.0] * len(completions)

def spins(completions, **_):
    while True:
        pass

def crashes(completions, **_):
    if any("boxed{3}" in text for text in completions):
        os._exit(3)
    return [0.0] * len(completions)

def eats(completions, **_):
    if any("boxed{3}" in text for text in completions):
        held = [bytearray(2**26) for _ in range(100)]
    return [0.0] * len(completions)

def lies(completions, **_):
    return [1.0]

def raises(completions, **_):
    raise RuntimeError("no model")

class Locked:
    __name__ = "locked"

    def __init__(self):
        self.lock = threading.Lock()

    def __call__(self, completions, solution, **_):
        pairs = zip(completions, solution)
        return [float(said == f"\\\\boxed{{{right}}}") for said, right in pairs]

locked = Locked()
"""


def bench(*arguments):
    return CliRunner().invoke(app, ["bench", *arguments])


@pytest.fixture
def rows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [
        {"completion": f"\\boxed{{{n}}}", "answer": str(n % 10), "label": n < 10, "kind": kind}
        for n, kind in enumerate(["low"] * 10 + ["high"] * 10)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "bad_rewards.py").write_text(BAD)
    return tmp_path


def test_the_shipped_set_out_of_the_box():
    result = bench("--reward", "accuracy", "--json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)["sets"]
    figures = found["rewards"]["accuracy"]
    assert found["name"] == "math_labelled"
    assert figures["counts"]["rows"] >= 200
    assert figures["counts"]["false_positives"] == 0
    assert figures["latency_s"]["p50"] <= figures["latency_s"]["max"]
    assert figures["peak_mb"] > 1


def test_no_attack_wins():
    result = bench("--reward", "accuracy", "--stress")
    assert result.exit_code == 0, result.output
    assert "attacks: " in result.stdout
    assert "FN / FP by kind" not in result.stdout


def test_bad_rewards_stop_nothing(rows):
    names = ("hangs", "spins", "crashes", "eats", "lies", "raises", "locked")
    result = bench(
        *("--data", "rows.jsonl", "--row-timeout", "0.5", "--row-memory", "300", "--json"),
        *(part for name in names for part in ("--reward", f"bad_rewards:{name}")),
        *("--reward", "accuracy", "--output", "out"),
    )
    assert result.exit_code == 1, result.output
    report = json.loads(result.stdout)
    (found,) = report["sets"]
    ended = {name: figures["ended"] for name, figures in found["rewards"].items()}
    assert ended["hangs"] == {"timeout": 1}
    assert ended["spins"] == {"timeout": 10, "not_run": 10}
    assert ended["crashes"] == {"crash": 1}
    assert ended["eats"] in ({"memory": 1}, {"error": 1})
    assert ended["lies"] == {"error": 20}
    assert ended["raises"] == {"error": 20}
    assert ended["locked"] == ended["accuracy"] == {}
    for name in ("accuracy", "locked"):
        counts = found["rewards"][name]["counts"]
        assert (counts["false_negatives"], counts["false_positives"]) == (0, 0)
        assert counts["accuracy"] == 1
    assert found["rewards"]["hangs"]["false_positives"] == {"high": 10}
    last = found["pairs"][-1]
    assert (last["first"], last["second"], last["kappa"]) == ("locked", "accuracy", 1)
    with (rows / "out" / "mistakes.csv").open(newline="") as file:
        mistakes = list(csv.DictReader(file))
    assert len(mistakes) == len(report["mistakes"])
    (lie,) = {row["reason"] for row in mistakes if row["reward"] == "lies"}
    assert "one value per completion" in lie
    assert json.loads((rows / "out" / "results.json").read_text())["sets"][0]["name"] == "rows"
    assert "| accuracy | 0 | 0 | 0 | 100.0 %" in (rows / "out" / "results.md").read_text()


def test_a_slow_reward_is_no_hanging_one(rows):
    (rows / "slow.py").write_text(
        "import time\n"
        "def slow(completions, **_):\n"
        "    time.sleep(0.6 * len(completions))\n"
        "    return [1.0] * len(completions)\n"
    )
    short = (rows / "rows.jsonl").read_text().splitlines(keepends=True)[8:12]
    (rows / "rows.jsonl").write_text("".join(short))
    limit = ("--row-timeout", "1.5")
    result = bench("--data", "rows.jsonl", "--reward", "slow:slow", *limit, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)["sets"][0]["rewards"]["slow"]
    assert figures["ended"] == {}
    assert figures["false_positives"] == {"high": 2}


def test_failures_are_counted_once(rows):
    (rows / "more.jsonl").write_text((rows / "rows.jsonl").read_text())
    files = [rows / "rows.jsonl", rows / "more.jsonl"]
    report = run_bench(BenchOptions(rewards=["bad_rewards:crashes"], data=files))
    assert report.ended == 2
    assert report.sets[-1].rewards["crashes"].ended == {"crash": 2}


def test_several_files_and_peers(rows):
    pytest.importorskip("trl")
    (rows / "more.jsonl").write_text('{"response": "$7$", "gold": "7", "correct": true}\n')
    result = bench(
        *("--data", "rows.jsonl", "--data", "more.jsonl", "--box-bare", "--json"),
        *("--reward", "accuracy", "--reward", "math-verify", "--reward", "trl"),
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert [one["name"] for one in report["sets"]] == ["rows", "more", "all"]
    for figures in report["sets"][-1]["rewards"].values():
        assert figures["counts"]["rows"] == 21
        assert figures["counts"]["accuracy"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reward", "nothing"], "no such reward"),
        (["--reward", "accuracy", "--reward", "accuracy"], "two rewards are called"),
        (["--reward", "accuracy", "--data", "missing.jsonl"], "no such file"),
        (["--reward", "accuracy", "--row-timeout", "0"], "cannot be kept"),
    ],
)
def test_bad_input(rows, arguments, message):
    result = bench(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
