"""`rlvr score` from the outside on other formats than JSONL, and on several files."""

from __future__ import annotations

import gzip
import json
import shutil
import signal
import subprocess
import sys

import pytest

from rewards.workbench.rows.readers import open_rows

ROWS = 300


def read(path):
    with open_rows(path) as reader:
        return [json.loads(row.text) for row in reader]


def score(place, *arguments, run="run_here", reward="accuracy", workers="0"):
    return getattr(place, run)("score", *arguments, "--reward", reward, "--workers", workers)


def to_parquet(place, name):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = (place / name).with_suffix(".parquet")
    pq.write_table(pa.Table.from_pylist(place.read(name)), path)
    (place / name).unlink()
    return path


def shards(place, count=11):
    """Files of ten rows, the second one gzipped."""
    folder = place / "shards"
    folder.mkdir()
    for at in range(count):
        path = place.write_rows(f"shards/part-{at}.jsonl", 10, shard=at)
        if at == 1:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    return folder


def complain(place, *arguments, **options):
    """What is said, after checking that it is one line and exit code 2."""
    result = score(place, *arguments, **options)
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("rlvr: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_parquet_in_and_parquet_out(place):
    place.write_rows("in.jsonl", ROWS)
    expected = place.read("in.jsonl")
    to_parquet(place, "in.jsonl")
    result = score(place, "in.parquet", "--output", "out.parquet", run="run", workers="2")
    assert result.returncode == 0, result.stderr
    assert f"{ROWS} rows scored, written to out.parquet" in result.stderr
    rows = read(place / "out.parquet")
    assert [{k: v for k, v in row.items() if k != "accuracy"} for row in rows] == expected
    assert [row["accuracy"]["score"] for row in rows[:4]] == [0.0, 1.0, 1.0, 0.0]


def test_killed_while_the_output_is_packed_it_is_packed_again(place):
    """Killed with all rows judged and the parquet file half written."""
    place.write_rows("in.jsonl", ROWS)
    place.write_reward(
        "waiting",
        "import sys, time\n"
        "def one(completions, **columns):\n"
        "    return [1.0 for _ in completions]\n"
        "def stop(*arguments):\n"
        "    open('packing', 'w').close()\n"
        "    time.sleep(600)\n"
        "if 'packing-stops' in __import__('os').listdir():\n"
        "    import pyarrow.parquet\n"
        "    pyarrow.parquet.ParquetWriter.write_batch = stop\n",
    )
    pytest.importorskip("pyarrow")
    arguments = ("in.jsonl", "--output", "out.parquet")
    (place / "packing-stops").touch()
    process = place.start("score", *arguments, "--reward", "waiting:one", "--workers", "0")
    place.wait_until((place / "packing").exists, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (place / "packing-stops").unlink()
    assert not (place / "out.parquet").exists()
    assert (place / "out.parquet.partial").read_bytes().count(b"\n") == ROWS
    result = score(place, *arguments, run="run", reward="waiting:one")
    assert result.returncode == 0, result.stderr
    assert f"({ROWS} of them by earlier runs)" in result.stderr
    assert len(read(place / "out.parquet")) == ROWS
    assert not list(place.folder.glob("*partial*"))


def test_a_folder_is_one_file(place):
    shards(place)
    result = score(place, "shards", "--output", "out.jsonl.gz")
    assert result.returncode == 0, result.stderr
    assert [row["shard"] for row in read(place / "out.jsonl.gz")] == [
        at for at in (0, *range(1, 11)) for _ in range(10)
    ]


def test_a_pattern_into_a_folder(place):
    shards(place)
    result = score(place, "shards/*.jsonl", "shards/part-1.*", "--output-dir", "out", "--json")
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert (summary["rows"], summary["error_rows"], summary["resumed_rows"]) == (110, 0, 0)
    assert summary["rewards"]["accuracy"]["statuses"] == {
        "correct": 66, "wrong": 33, "no_answer": 11,
    }  # fmt: skip
    files = [one["input"] for one in summary["files"]]
    assert files == [f"shards/part-{at}.jsonl" for at in (0, *range(2, 11))] + [
        "shards/part-1.jsonl.gz"
    ]
    assert {one["rows"] for one in summary["files"]} == {10}
    assert "11 files, 110 rows scored, written to out" in result.stderr
    for at in range(11):
        name = f"part-{at}.jsonl" + (".gz" if at == 1 else "")
        assert {row["shard"] for row in read(place / "out" / name)} == {at}

    again = score(place, "shards/*", "--output-dir", "out", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["resumed_rows"] == 110
    assert "(110 of them by earlier runs)" in again.stderr


@pytest.mark.slow
def test_killed_at_random_points_a_folder_is_finished_to_the_same_bytes(place):
    place.write_reward("slow")
    for name in "abc":
        place.write_rows(f"{name}.jsonl", 200)
    command = ("a.jsonl", "b.jsonl", "c.jsonl", "--output-dir")
    options = {"reward": "slow:slow", "workers": "1"}
    assert score(place, *command, "calm", run="run", **options).returncode == 0
    for name in ("a.jsonl.partial", "b.jsonl.partial", "c.jsonl"):
        process = place.start("score", *command, "out", "--reward", "slow:slow", "--workers", "1")
        place.wait_until(lambda name=name: place.size(f"out/{name}") > 0, process)
        children = place.family(process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        place.assert_gone(children)
    assert score(place, *command, "out", run="run", **options).returncode == 0
    for name in "abc":
        assert (place / f"out/{name}.jsonl").read_bytes() == (
            place / f"calm/{name}.jsonl"
        ).read_bytes()
    assert not list((place / "out").glob("*partial*"))


def test_rows_that_failed_in_one_of_the_files_are_told_by_the_exit_code(place):
    place.write_rows("a.jsonl", 5)
    place.write("b.jsonl", {"completion": "x", "answer": "1"}, "broken")
    result = score(place, "a.jsonl", "b.jsonl", "--output-dir", "out", "--json")
    assert result.returncode == 1
    assert [one["error_rows"] for one in json.loads(result.stdout)["files"]] == [0, 1]


def test_what_does_not_fit_together_is_refused(place):
    shards(place)
    place.write_rows("a.jsonl", 5)
    assert "either --output FILE, or --output-dir" in complain(place, "a.jsonl")
    both = ("--output", "x.jsonl", "--output-dir", "out")
    assert "either --output FILE, or --output-dir" in complain(place, "a.jsonl", *both)
    assert "10 files cannot go to one --output" in complain(
        place, "shards/*.jsonl", "--output", "x.jsonl"
    )
    assert "nothing*: no file matches" in complain(place, "nothing*", "--output-dir", "out")
    assert "choose another --output-dir" in complain(place, "a.jsonl", "--output-dir", ".")
    shutil.copy(place / "a.jsonl", place / "shards/a.jsonl")
    assert "a.jsonl and shards/a.jsonl would both" in complain(
        place, "a.jsonl", "shards/a.jsonl", "--output-dir", "out"
    )
    assert "lies in the folder that is read" in complain(
        place, "shards", "--output", "shards/out.jsonl"
    )
    assert not (place / "out").exists()


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(place):
    place.write_rows("a[1].jsonl", 5)
    place.write_rows("a1.jsonl", 7)
    result = score(place, "a[1].jsonl", "--output", "out.jsonl")
    assert result.returncode == 0, result.stderr
    assert len(place.read("out.jsonl")) == 5


def test_other_options_are_not_taken_for_the_same(place):
    place.write_rows("a.jsonl", 5)
    assert score(place, "a.jsonl", "--output-dir", "out").returncode == 0
    said = complain(place, "a.jsonl", "--output-dir", "out", reward="format")
    assert "run rewards (accuracy=accuracy then, format=format now)" in said


@pytest.mark.parametrize("ending", [".parquet", ".jsonl.zst", ".jsonl"])
def test_what_was_scored_is_read_by_the_other_commands(place, ending):
    for package in ("pyarrow", "zstandard", "jinja2"):
        pytest.importorskip(package)
    rows = [
        {
            "prompt": f"{n % 4}?", "completion": f"\\boxed{{{n % 3}}} {n}", "answer": "1",
            "label": n % 3 == 1,
        }
        for n in range(40)
    ]  # fmt: skip
    place.write("in.jsonl", *rows, "broken")
    arguments = ("in.jsonl", "--reward", "format", "--output", f"scored{ending}")
    assert score(place, *arguments).returncode == 1
    kept = place.run_here(
        "select", f"scored{ending}", "--reward", "accuracy", "--output", f"kept{ending}", "--json"
    )
    assert kept.returncode == 0, kept.stderr
    selection = json.loads(kept.stdout)
    assert (selection["kept"], selection["rows"], selection["prompts"]) == (13, 41, 4)
    assert selection["rejected"]["unreadable"] == 1
    # Chats are read with their last message as the completion; nothing else is written.
    read_as = ["messages", "completion", "prompt"]
    assert [list(row) for row in read(place / f"kept{ending}")] == [read_as] * 13
    compared = place.run_here(
        "compare", f"scored{ending}", "--reward", "accuracy", "--reward", "format",
        "--output", f"different{ending}", "--json",
    )  # fmt: skip
    assert compared.returncode == 1, compared.stderr
    comparison = json.loads(compared.stdout)
    assert (comparison["rows"], comparison["labelled_rows"], comparison["error_rows"]) == (
        41, 40, 1,
    )  # fmt: skip
    assert comparison["right"] == {"accuracy": 40, "format": 27}
    assert len(read(place / f"different{ending}")) == comparison["pairs"][0]["disagreements"] == 13
    reported = place.run_here("report", f"scored{ending}", "--output", "report.html", "--json")
    assert reported.returncode == 0, reported.stderr
    (run,) = json.loads(reported.stdout)["runs"]
    assert run["rows"] == 41
    assert run["rewards"]["accuracy"]["statuses"] == {"correct": 13, "wrong": 27, "error": 1}
    page = (place / "report.html").read_text(encoding="utf-8")
    assert "broken" in page


def test_two_runs_of_two_formats_are_compared_by_the_report(place):
    pytest.importorskip("pyarrow")
    pytest.importorskip("jinja2")
    place.write_rows("in.jsonl", 60)
    for output, reward in (("one.parquet", "accuracy"), ("two.jsonl", "accuracy=exact_match")):
        assert score(place, "in.jsonl", "--output", output, reward=reward).returncode == 0
    result = place.run_here("report", "one.parquet", "two.jsonl", "--output", "r.html", "--json")
    assert result.returncode == 0, result.stderr
    (comparison,) = json.loads(result.stdout)["comparisons"]
    assert comparison["matched"] == 60
    assert comparison["changed_rows"] == 6  # what has no answer, told apart from wrong by one


WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in {"datasets", "pandas"}:
            raise ModuleNotFoundError(name=name)

sys.meta_path.insert(0, Missing())
import rlvr
rlvr.main()
"""


def test_parquet_needs_pyarrow_alone(place):
    place.write_rows("rows.jsonl", ROWS)
    to_parquet(place, "rows.jsonl")
    command = "score rows.parquet -r accuracy -o out.parquet --flat --workers 0"
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *command.split()],
        cwd=place.folder,
        env=place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(read(place / "out.parquet")) == ROWS
