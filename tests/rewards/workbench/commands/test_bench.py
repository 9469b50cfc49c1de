"""`rlvr bench` from end to end."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from rewards.workbench.benchmarking import BenchOptions, peers, run_bench
from rewards.workbench.cli import app

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

def lies_in_batches(completions, **_):
    return [0.0] * min(2, len(completions))

def raises(completions, **_):
    raise RuntimeError("no model")

def shortest(completions, **_):
    return [float(len(one) == min(map(len, completions))) for one in completions]

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


def test_attacks_by_category():
    result = bench("--reward", "exact_match", "--stress", "--json")
    assert result.exit_code == 0, result.output
    labelled, attacks = json.loads(result.stdout)["sets"]
    assert (labelled["name"], attacks["name"]) == ("math_labelled", "attacks")
    categories = attacks["hackability"]["exact_match"]
    assert len(categories) > 10
    counts = attacks["rewards"]["exact_match"]["counts"]
    for truth, wrong in ((False, "false_positives"), (True, "false_negatives")):
        found = [one for one in categories.values() if one["truth"] is truth]
        assert sum(one["fooled"] for one in found) == counts[wrong]
    assert sum(one["rows"] for one in categories.values()) == attacks["rows"] == counts["rows"]
    assert categories["right, oddly written"]["fooled"] > 0
    assert categories["empty"]["fooled"] == 0
    assert categories["empty"]["interval"][0] == 0 < categories["empty"]["interval"][1] < 0.2


@pytest.mark.slow
def test_no_attack_wins(tmp_path):
    result = bench("--reward", "accuracy", "--stress", "--output", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "wrong answers accepted" in result.stdout
    with (tmp_path / "hackability.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) > 10
    for row in table:
        assert {row[name] for name in ("fooled", "timeouts", "crashes", "errors")} == {"0"}


def test_a_reward_without_mistakes_has_no_table_of_kinds(rows):
    result = bench("--reward", "accuracy", "--data", "rows.jsonl")
    assert result.exit_code == 0, result.output
    assert "rows: 20 rows" in result.stdout
    assert "FN / FP by kind" not in result.stdout


@pytest.mark.slow
def test_bad_rewards_stop_nothing(rows):
    names = ("hangs", "spins", "crashes", "eats", "lies", "lies_in_batches", "raises", "locked")
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
    assert ended["eats"] in ({"memory": 1}, {"error": 1}, {"timeout": 1})  # slow on a busy machine
    assert ended["lies"] == ended["lies_in_batches"] == {"error": 20}
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
    assert "one value per completion: it returned 1 value for 2 completions" in lie
    (lie,) = {row["reason"] for row in mistakes if row["reward"] == "lies_in_batches"}
    assert "one value per completion: it returned 2 values for 3 completions" in lie
    assert json.loads((rows / "out" / "results.json").read_text())["sets"][0]["name"] == "rows"
    assert "| accuracy | 0 | 0 | 0 | 100.0 %" in (rows / "out" / "results.md").read_text()


@pytest.mark.slow
def test_a_slow_reward_is_no_hanging_one(rows):
    (rows / "slow.py").write_text(
        "import time\n"
        "def slow(completions, **_):\n"
        "    time.sleep(0.3 * len(completions))\n"
        "    return [1.0] * len(completions)\n"
    )
    short = (rows / "rows.jsonl").read_text().splitlines(keepends=True)[8:12]
    (rows / "rows.jsonl").write_text("".join(short))
    limit = ("--row-timeout", "0.8")
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


@pytest.mark.slow
def test_a_hanging_reward_does_not_start_afresh_with_each_file(rows):
    lines = (rows / "rows.jsonl").read_text().splitlines(keepends=True)
    (rows / "first.jsonl").write_text("".join(lines[:6]))
    (rows / "second.jsonl").write_text("".join(lines[6:12]))
    result = bench(
        *("--data", "first.jsonl", "--data", "second.jsonl", "--row-timeout", "0.3", "--json"),
        *("--reward", "bad_rewards:spins"),
    )
    assert result.exit_code == 1
    first, second, both = (
        one["rewards"]["spins"]["ended"] for one in json.loads(result.stdout)["sets"]
    )
    assert first == {"timeout": 6}
    assert second == {"timeout": 4, "not_run": 2}
    assert both == {"timeout": 10, "not_run": 2}


def test_a_peer_that_is_not_installed_is_told_in_the_table(rows, monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda _: None)
    given = ("--data", "rows.jsonl", "--reward", "accuracy", "--reward", "trl")
    result = bench(*given, "--output", "out")
    assert result.exit_code == 1, result.output
    assert "trl: not installed; pip install trl" in result.stdout
    assert "| trl | missing | – |" in (rows / "out" / "results.md").read_text()
    report = json.loads(bench(*given, "--json").stdout)
    assert report["missing"] == {"trl": "not installed; pip install trl"}
    assert list(report["sets"][0]["rewards"]) == ["accuracy"]


def test_the_signal_of_the_shipped_completions():
    result = bench("--signal", "--reward", "accuracy", "--reward", "repetition", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    (found,) = report["sets"]
    signal = found["signal"]
    assert (signal["grouped_by"], signal["groups"]) == ("prompt_id", 16)
    assert signal["group_size"] == {"min": 8, "median": 8, "max": 8}
    ours = signal["rewards"]["accuracy"]
    assert (ours["all_zero"], ours["all_one"], ours["groups"]) == (3, 3, 16)
    assert ours["effective_share"] == 10 / 16
    assert ours["mean"] == 69 / 128
    assert {*ours["length"]} == {"characters", "tokens"}
    assert ours["length"]["tokens"]["pearson"]["value"] < 0
    assert found["rewards"]["accuracy"]["counts"]["accuracy"] == 1
    assert report["environment"]["processor"]
    assert report["environment"]["date"]


def test_the_signal_of_unlabelled_rows_with_a_reward_that_never_varies(rows):
    lines = [
        {"question": f"q{n // 4}", "response": "x" * (n % 4 + 1), "seed": n % 2} for n in range(12)
    ]
    (rows / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = bench(
        *("--signal", "--data", "samples.jsonl", "--output", "out", "--json"),
        *("--reward", "format", "--reward", "bad_rewards:shortest"),
    )
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)["sets"]
    assert found["rewards"]["format"]["counts"] is None
    assert found["pairs"] == []
    never, shortest = found["signal"]["rewards"].values()
    assert (never["zero_variance"], never["effective_share"]) == (1, 0)
    assert never["length"]["characters"]["pearson_within"] == {
        "value": None,
        "reason": "no group with different scores",
    }
    # A trainer hands over whole groups, and so does the bench: one of four is the shortest.
    assert (shortest["mean"], shortest["effective_share"]) == (0.25, 1)
    assert shortest["length"]["characters"]["pearson_within"]["value"] == pytest.approx(-0.7745967)
    with (rows / "out" / "signal.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["reward"] for row in table] == ["format", "shortest"]
    assert float(table[1]["characters_spearman"]) == pytest.approx(-0.7745967)
    assert table[1]["tokens_pearson"] == ""
    assert (
        "signal on 12 rows in 3 groups of 4 (by question)"
        in (rows / "out" / "results.md").read_text()
    )
    by_seed = bench(
        *("--signal", "--data", "samples.jsonl", "--group-column", "seed"),
        *("--reward", "bad_rewards:shortest"),
    )
    assert "in 2 groups of 6 (by seed)" in by_seed.stdout
    assert "correlation with length" in by_seed.stdout


@pytest.mark.slow
def test_throughput_by_workers(rows):
    result = bench(
        *("--data", "rows.jsonl", "--throughput", "1,2", "--row-timeout", "0.3"),
        *("--reward", "exact_match", "--reward", "bad_rewards:spins", "--output", "out"),
    )
    assert result.exit_code == 1  # the one that hangs
    measured = json.loads((rows / "out" / "results.json").read_text())["throughput"]
    assert [one["workers"] for one in measured["exact_match"]] == [1, 2]
    for one in measured["exact_match"]:
        assert one["per_s"] == pytest.approx(20 / sorted(one["runs_s"])[1])
    assert {one["per_s"] for one in measured["spins"]} == {None}
    assert "Throughput by worker processes" in result.stdout
    assert "no call returned a score" in result.stdout
    with (rows / "out" / "throughput.csv").open(newline="") as file:
        assert [row["workers"] for row in csv.DictReader(file)] == ["1", "2", "1", "2"]


@pytest.mark.slow
def test_several_files_and_peers(rows):
    pytest.importorskip("trl")
    (rows / "more.jsonl").write_text('{"response": "$7$", "gold": "7", "correct": true}\n')
    result = bench(
        *("rows.jsonl", "--data", "more.jsonl", "--box-bare", "--json"),
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
        (["missing.jsonl", "--reward", "accuracy"], "no such file"),
        (["--reward", "accuracy", "--row-timeout", "0"], "cannot be kept"),
        (["--reward", "accuracy", "--throughput", "0,2"], "numbers of worker processes"),
        (["--reward", "accuracy", "--group-column", "kind"], "is for --signal"),
        (["--reward", "accuracy", "--signal", "--data", "rows.jsonl"], "--group-column"),
    ],
)
def test_bad_input(rows, arguments, message):
    result = bench(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
