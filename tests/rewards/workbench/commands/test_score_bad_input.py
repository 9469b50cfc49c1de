"""Bad input to `rlvr score`: one clear line with the mend, exit code 2, nothing left behind."""

from __future__ import annotations

import gzip
import os

import pytest
from typer.testing import CliRunner

from rewards.workbench.cli import app

GOOD = '{"completion": "\\\\boxed{1}", "answer": "1"}\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.jsonl").write_text(GOOD)
    return tmp_path


def complaint(name="in.jsonl", *more, output="out.jsonl", reward="accuracy"):
    """What is said about a file, after checking that it is one line and exit code 2."""
    result = CliRunner().invoke(
        app, ["score", name, "--reward", reward, "--output", output, "--workers", "0", *more]
    )
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("rlvr: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


FILES = {
    "empty": (b"", "is empty"),
    "only blank lines": (b"\n \n\r\n", "holds no rows"),
    "binary": (b"\x00\x01\x02" * 50, "is a binary file"),
    "zip": (b"PK\x03\x04xxxx", "is a zip archive"),
    "UTF-16": ("\ufeff" + GOOD).encode("utf-16-le"),
    "latin-1": ('{"completion": "é"}\n'.encode("latin-1"), "in.jsonl:1: not UTF-8 at byte 17"),
    "broken": (b"{'completion': 'x'}\n" * 3, "in.jsonl:1: broken JSON at character 2"),
    "no completion": (b'{"text": "x", "answer": "1"}', "Columns seen: answer, text"),
    "no reference": (b'{"completion": "x"}', "reference column (needed by accuracy)"),
    "wrong type": (b'{"completion": 1, "answer": "1"}', "not int"),
    "messages of a wrong type": (b'{"completion": [1], "answer": "1"}', "chat messages"),
    "clash": (b'{"completion": "x", "answer": "1", "accuracy": 1}', "already has a column"),
    "truncated gzip": (gzip.compress(GOOD.encode() * 2000)[:60], "the gzip stream ends early"),
    "damaged gzip": (gzip.compress(GOOD.encode())[:10] + b"\xff" * 40, "damaged gzip"),
    "gzip of nothing": (gzip.compress(b""), "holds no rows"),
    "gzip of binary": (gzip.compress(b"\x00" * 500), "is a binary file"),
}
FILES["UTF-16"] = (FILES["UTF-16"], "iconv -f UTF-16")


@pytest.mark.parametrize("kind", FILES)
def test_a_bad_file(folder, kind):
    content, expected = FILES[kind]
    (folder / "in.jsonl").write_bytes(content)
    assert expected in complaint()
    assert sorted(path.name for path in folder.iterdir()) == ["good.jsonl", "in.jsonl"]


def test_a_gzip_that_ends_in_the_middle_of_a_run(folder):
    data = gzip.compress(
        b"".join(b'{"completion": "%d", "answer": "1"}\n' % n for n in range(5000))
    )
    (folder / "in.jsonl").write_bytes(data[: len(data) * 9 // 10])
    said = complaint()
    assert "the gzip stream ends early" in said
    assert not (folder / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("nowhere.jsonl", "no such file"), ("none", "without rows"), ("/dev/null", "not a regular")],
)
def test_a_path_that_is_no_file(folder, name, expected):
    (folder / "none").mkdir()
    assert expected in complaint(name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(folder):
    (folder / "in.jsonl").write_text(GOOD)
    (folder / "in.jsonl").chmod(0)
    assert "may not be read" in complaint()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("good.jsonl", "same file"),
        ("./link.jsonl", "same file"),
        ("missing/out.jsonl", "mkdir -p missing"),
        (".", "is a directory"),
        ("/dev/full", "no place for a file"),
        ("good.jsonl/out.jsonl", "no place for a file"),
    ],
)
def test_a_bad_output(folder, output, expected):
    (folder / "link.jsonl").symlink_to("good.jsonl")
    assert expected in complaint("good.jsonl", output=output)
    assert (folder / "good.jsonl").read_text() == GOOD


@pytest.mark.parametrize(
    ("reward", "expected"),
    [
        ("acuracy", "did you mean 'accuracy'?"),
        ("nothing", "there are accuracy, "),
        ("no_module_here:x", "start from the folder that holds no_module_here.py"),
        ("json:nothing", "json has no 'nothing'"),
        ("math:pi", "neither a reward nor a function"),
        ("raising:x", "RuntimeError: on import"),
        ("error=accuracy", "cannot be called 'error'"),
        ("a b=accuracy", "cannot name a column"),
    ],
)
def test_a_bad_reward(folder, reward, expected):
    (folder / "raising.py").write_text("raise RuntimeError('on import\\nin two lines')")
    assert expected in complaint("good.jsonl", reward=reward)


def test_two_rewards_of_one_name(folder):
    assert "two rewards are called" in complaint("good.jsonl", "--reward", "accuracy")


@pytest.mark.parametrize("option", ["completion", "prompt", "reference"])
def test_a_named_column_that_is_not_there(folder, option):
    said = complaint("good.jsonl", f"--{option}-column", "nope")
    assert "'nope', which is not there" in said


@pytest.mark.parametrize("length", [240, 254, 255, 256, 5000])
def test_a_name_that_is_too_long_is_one_clear_line(place, length):
    place.write_rows("in.jsonl", 3)
    for arguments in (
        ("in.jsonl", "--output", "é" * (length // 2)),
        ("x" * length + ".jsonl", "--output", "out.jsonl"),
    ):
        done = place.run_here("score", *arguments, "--reward", "accuracy", "--workers", "0")
        assert done.returncode == 2
        assert done.stderr.startswith("rlvr: ")
        assert done.stderr.count("\n") == 1


def test_a_completion_column_of_objects_is_refused_by_its_keys(place):
    place.write("in.jsonl", *({"response": {"id": n, "error": "x"}, "answer": "1"} for n in (1, 2)))
    done = place.run_here("score", "in.jsonl", "--reward", "accuracy", "--output", "out.jsonl")
    assert done.returncode == 2
    assert "an object with the keys id, error" in done.stderr
