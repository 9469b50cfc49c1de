import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


def rlvr(*words):
    return subprocess.run(
        [sys.executable, "-m", "rlvr", "run", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


@pytest.fixture
def files(tmp_path):
    (tmp_path / "add.py").write_text("def add(a, b):\n    return a + b\n")
    (tmp_path / "bad.py").write_text("def add(a, b):\n    return a - b\n")
    (tmp_path / "tests.py").write_text("assert add(1, 2) == 3\n")
    cases = [{"args": [1, 2], "expected": 3}, {"args": [0, 0], "expected": 0}]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    return tmp_path


def test_a_right_program(files):
    done = rlvr(files / "add.py", "--tests", files / "tests.py")
    assert done.returncode == 0, done.stderr
    assert "accepted: 1 of 1 tests" in done.stdout


def test_a_wrong_program_as_json(files):
    options = ["--tests", files / "cases.json", "--entry", "add", "--json"]
    done = rlvr(files / "bad.py", *options)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["status"], told["passed"], told["total"]) == ("wrong_answer", 1, 2)
    assert rlvr(files / "add.py", *options).returncode == 0


def test_bad_input_is_one_line(files):
    for words in (
        [files / "none.py", "--tests", files / "tests.py"],
        [files / "add.py", "--tests", files / "cases.json"],
        [files / "add.py", "--tests", files / "tests.py", "--language", "cobol"],
    ):
        done = rlvr(*words)
        assert done.returncode == 2, done
        assert len(done.stderr.splitlines()) == 1
