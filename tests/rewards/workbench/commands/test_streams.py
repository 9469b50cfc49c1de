"""`-`: standard input and standard output of `rlvr score`."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

ROWS = [{"completion": rf"\boxed{{{n}}}", "answer": "1"} for n in range(3)]
JSONL = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
INPUTS = {
    "jsonl": JSONL,
    "gzip": gzip.compress(JSONL),
    "array": json.dumps(ROWS).encode(),
    "csv": b"completion,answer\n" + b"".join(b"\\boxed{%d},1\n" % n for n in range(3)),
    "tsv": b"completion\tanswer\n" + b"".join(b"\\boxed{%d}\t1\n" % n for n in range(3)),
}


def score(place, given, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "rlvr", "score", *arguments, "-r", "accuracy", "--workers", "0"],
        cwd=place.folder,
        env=place.environment,
        capture_output=True,
        input=given,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("kind", INPUTS)
def test_rows_in_and_rows_out(place, kind):
    done = score(place, INPUTS[kind], "-", "-o", "-")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line)["accuracy"]["score"] for line in done.stdout.splitlines()]
    assert found == [0, 1, 0]
    assert b"written to -" in done.stderr
    assert list(place.folder.iterdir()) == []


def test_a_file_to_standard_output_and_back(place):
    place.write("in.jsonl", *ROWS)
    done = score(place, b"", "in.jsonl", "-o", "-", "-q")
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == b""
    assert score(place, JSONL, "-", "-o", "out.jsonl").returncode == 0
    assert len(place.read("out.jsonl")) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-", "-o", "-", "--json"], b"both write to standard output"),
        (["-", "-o", "-"], b"standard input is empty"),
    ],
)
def test_what_cannot_be_a_stream(place, arguments, said):
    done = score(place, b"", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_addresses(place):
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://rows/in.jsonl", "wb") as file:
        file.write(JSONL)
    done = place.run_here(
        "score", "memory://rows/in.jsonl", "-r", "accuracy", "--workers", "0",
        "-o", "memory://rows/out.jsonl.gz",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with fsspec.open("memory://rows/out.jsonl.gz", "rb", compression="gzip") as file:
        assert len(file.read().splitlines()) == 3
    assert list(place.folder.iterdir()) == []


@pytest.mark.parametrize("address", ["memory://rows/nowhere.jsonl", "nosuch://a/b.jsonl"])
def test_an_address_that_cannot_be_read(place, address):
    pytest.importorskip("fsspec")
    done = place.run_here("score", address, "-r", "accuracy", "-o", "out.jsonl")
    assert done.returncode == 2
    assert f"{address}: cannot be read" in done.stderr
