"""`rlvr compare` from the outside."""

from __future__ import annotations

import gzip
import json
import signal
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "math"

CONTAINS = """
def contains(completions, answer, **columns):
    return [float(right in text) for right, text in zip(answer, completions)]

def picky(completions, **columns):
    return [None if "?" in text else 1.0 for text in completions]
"""


@pytest.fixture
def sums(place):
    """Where the reference is a substring of another answer, or written in another way."""
    place.write_reward("mine", CONTAINS)
    place.write(
        "in.jsonl",
        {"completion": r"\boxed{4}", "answer": "4", "label": True, "kind": "plain"},
        "",
        {"completion": r"\boxed{14}", "answer": "4", "label": False, "kind": "longer"},
        {"completion": r"\boxed{1/2}", "answer": "0.5", "label": True, "kind": "form"},
        {"completion": r"\boxed{41}", "answer": "4", "label": False, "kind": "longer"},
        {"completion": r"\boxed{5}", "answer": "4", "label": False, "kind": "plain"},
    )
    return place


def compare(place, *more, name="in.jsonl", rewards=("accuracy", "mine:contains")):
    named = [word for reward in rewards for word in ("--reward", reward)]
    return place.run_here("compare", name, *named, "--workers", "0", *more)


def test_counts_and_rows(sums):
    result = compare(sums, "--json", "--output", "differ.jsonl")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    (pair,) = told["pairs"]
    assert told["rows"] == pair["rows"] == pair["both_judged"] == 5
    assert pair["decisions"] == {
        "pass": {"pass": 1, "fail": 1, "none": 0},
        "fail": {"pass": 2, "fail": 1, "none": 0},
        "none": {"pass": 0, "fail": 0, "none": 0},
    }
    assert pair["agreement"] == 0.4
    # p_o = 2/5, p_e = (2·3 + 3·2)/25.
    assert pair["kappa"] == pytest.approx((0.4 - 0.48) / 0.52)
    assert (pair["labelled_disagreements"], pair["first_right"], pair["second_right"]) == (3, 3, 0)
    assert told["right"] == {"accuracy": 5, "contains": 2}
    assert [one["line"] for one in pair["shown"]] == [3, 5, 4], "the kind with most of them first"
    assert pair["kinds"] == [
        {"kind": "longer", "rows": 2, "disagreements": 2},
        {"kind": "form", "rows": 1, "disagreements": 1},
    ]
    assert pair["shown"][0]["verdicts"]["accuracy"]["extracted"] == "14"
    written = sums.read("differ.jsonl")
    assert [one["line"] for one in written] == [3, 4, 5]
    assert written[0]["disagree"] == [["accuracy", "contains"]]
    assert written[0]["row"]["kind"] == "longer"
    assert written[0]["verdicts"]["contains"]["score"] == 1.0
    assert sorted(one.name for one in sums.folder.iterdir() if one.is_file()) == [
        "differ.jsonl",
        "in.jsonl",
        "mine.py",
    ]


def test_what_a_person_reads(sums):
    shown = compare(sums, "--limit", "2").stdout
    assert "agreement 40.0% of 5 rows that both judged, κ -0.154" in shown
    assert "of 3 disagreements accuracy is right in 3, contains in 0" in shown
    assert "line 3  kind: longer  reference: 4  right: no" in shown
    assert "1 more disagreements" in shown
    assert "accuracy is right on 5 of 5 rows (100.0%), says label" in shown
    assert "line 4 " not in shown
    assert "\x1b" not in shown


def test_workers_change_nothing(sums):
    here = compare(sums, "--json").stdout
    apart = sums.run(
        "compare", "in.jsonl", "--reward", "accuracy", "--reward", "mine:contains",
        "--workers", "2", "--json",
    )  # fmt: skip
    assert apart.returncode == 0, apart.stderr
    assert apart.stdout == here


def test_columns_that_are_there_are_not_judged_again(sums):
    scored = sums.run_here(
        "score", "in.jsonl", "--reward", "accuracy", "--reward", "mine:contains",
        "--output", "scored.jsonl", "--workers", "0",
    )  # fmt: skip
    assert scored.returncode == 0
    fresh = json.loads(compare(sums, "--json").stdout)["pairs"][0]
    (sums / "mine.py").unlink()
    both = compare(sums, "--json", name="scored.jsonl", rewards=("accuracy", "contains"))
    assert both.returncode == 0, both.stderr
    read = json.loads(both.stdout)["pairs"][0]
    # `score` leaves blank lines out.
    assert [one["line"] for one in read["shown"]] == [2, 4, 3]
    assert {k: v for k, v in read.items() if k != "shown"} == {
        k: v for k, v in fresh.items() if k != "shown"
    }
    mixed = compare(sums, "--json", name="scored.jsonl", rewards=("contains", "again=accuracy"))
    assert json.loads(mixed.stdout)["pairs"][0]["disagreements"] == 3


def test_three_rewards_are_three_pairs_and_none_decides_nothing(sums):
    sums.write(
        "q.jsonl", {"completion": r"\boxed{4}?", "answer": "4"}, {"completion": "4", "answer": "4"}
    )
    result = compare(
        sums, "--json", name="q.jsonl", rewards=("accuracy", "mine:contains", "mine:picky")
    )
    told = json.loads(result.stdout)
    assert [(one["first"], one["second"]) for one in told["pairs"]] == [
        ("accuracy", "contains"),
        ("accuracy", "picky"),
        ("contains", "picky"),
    ]
    assert told["pairs"][2]["decisions"]["pass"] == {"pass": 1, "fail": 0, "none": 1}
    assert told["pairs"][2]["kappa"] is None
    assert told["label_column"] is None
    assert (
        "κ not defined"
        in compare(sums, name="q.jsonl", rewards=("mine:contains", "mine:picky")).stdout
    )


def test_rows_that_cannot_be_judged_are_named_and_exit_code_is_1(sums):
    with (sums / "in.jsonl").open("a") as file:
        file.write('{broken\n{"answer": "4"}\n')
    result = compare(sums)
    assert result.returncode == 1
    assert "2 rows could not be judged" in result.stdout
    assert "in.jsonl:7: broken JSON" in result.stdout
    assert "in.jsonl:8: the row has no 'completion'" in result.stdout


def test_gzip_in_and_out(sums):
    (sums / "in.jsonl.gz").write_bytes(gzip.compress((sums / "in.jsonl").read_bytes()))
    assert compare(sums, "--output", "d.jsonl.gz", name="in.jsonl.gz").returncode == 0
    assert gzip.decompress((sums / "d.jsonl.gz").read_bytes()).count(b"\n") == 3


BAD = {
    "one reward": (["accuracy"], (), "name at least two rewards"),
    "twice the same": (["accuracy", "accuracy"], (), "two rewards are called 'accuracy'"),
    "unknown": (["accuracy", "acuracy"], (), "did you mean 'accuracy'"),
    "no truth": (["accuracy", "format"], ("--label-column", "kind"), "no truth values"),
    "no kind": (["accuracy", "format"], ("--kind-column", "x"), "columns seen: completion"),
    "no such column": (["accuracy", "format"], ("--completion-column", "x"), "'x'"),
    "output is there": (["accuracy", "format"], ("--output", "mine.py"), "--overwrite"),
    "output is the input": (
        ["accuracy", "format"], ("--output", "in.jsonl", "--overwrite"), "the same file"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_input(sums, kind):
    rewards, more, expected = BAD[kind]
    before = sorted(sums.folder.iterdir()), (sums / "in.jsonl").read_bytes()
    result = compare(sums, *more, rewards=rewards)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("rlvr: ")
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr
    assert (sorted(sums.folder.iterdir()), (sums / "in.jsonl").read_bytes()) == before


def test_a_name_that_is_neither_a_reward_nor_a_column(place):
    good = {"score": 1.0, "status": "correct"}
    place.write("in.jsonl", {"completion": "4", "old": good})
    result = compare(place, rewards=("old", "new"))
    assert result.returncode == 2
    assert "in.jsonl itself holds verdicts of: old" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_interrupted_leaves_nothing(place, tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    place.environment["TMPDIR"] = str(scratch)
    place.write_reward("slow")
    place.write_rows("in.jsonl", 100_000)
    process = place.start(
        "compare", "in.jsonl", "--reward", "format", "--reward", "slow:slow", "--output", "d.jsonl",
        "--workers", "1",
    )  # fmt: skip
    place.wait_until(lambda: list(scratch.glob("*/judged.jsonl.partial")), process)
    family = place.family(process)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143, errors
    place.assert_gone(family)
    assert list(scratch.iterdir()) == []
    assert not list(place.folder.glob("d.jsonl*"))


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
def test_a_full_disk_says_where(place, tmp_path_factory):
    import resource  # POSIX

    scratch = tmp_path_factory.mktemp("scratch")
    place.environment["TMPDIR"] = str(scratch)
    place.write_rows("in.jsonl", 500)
    result = place.run(
        "compare", "in.jsonl", "--reward", "format", "--reward", "f2=format", "--workers", "0",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert result.returncode == 2
    assert "set TMPDIR" in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(not SHARED.exists(), reason="the data for measuring is not here")
def test_on_real_completions(place):
    place.write_reward(
        "by_length",
        "def longer(completions, **columns):\n    return [len(text) > 500 for text in completions]",
    )
    result = compare(
        place, "--json", name=SHARED / "qwen25_math_completions.jsonl",
        rewards=("accuracy", "by_length:longer"),
    )  # fmt: skip
    told = json.loads(result.stdout)
    assert told["labelled_rows"] == 800
    assert told["right"]["accuracy"] >= 790
    (pair,) = told["pairs"]
    assert pair["first_right"] + pair["second_right"] == pair["disagreements"]
