import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
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


@pytest.mark.parametrize(
    "source",
    [
        "from add import add\nassert add(1, 2) == 3\n",
        "import add\nassert add.add(1, 2) == 3\n",
        """import unittest
from add import add

class TestAdd(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(add(1, 2), 3)
""",
    ],
)
def test_tests_that_import_the_program_by_its_file(files, source):
    (files / "test_add.py").write_text(source)
    assert rlvr(files / "add.py", "--tests", files / "test_add.py").returncode == 0
    assert rlvr(files / "bad.py", "--tests", files / "test_add.py").returncode == 2
    (files / "add.py").write_text("def add(a, b):\n    return a - b\n")
    assert rlvr(files / "add.py", "--tests", files / "test_add.py").returncode == 1


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


def test_help_names_the_shapes_of_tests():
    told = " ".join(rlvr("--help").stdout.split())
    for shape in ("check(candidate)", '"args"', '"stdin"', "fn_name", "entry_point", "--checker"):
        assert shape in told


def test_the_entry_given_wins_over_the_files(files):
    tests = files / "apps.json"
    tests.write_text(json.dumps({"fn_name": "nothing", "inputs": [[1, 2]], "outputs": [3]}))
    assert rlvr(files / "add.py", "--tests", tests, "--entry", "add").returncode == 0
    assert rlvr(files / "add.py", "--tests", tests).returncode == 1


def test_check_without_an_entry_suggests_it(files):
    tests = files / "check.py"
    tests.write_text("def check(candidate):\n    assert candidate(1, 2) == 3\n")
    done = rlvr(files / "add.py", "--tests", tests)
    assert done.returncode == 2
    assert "--entry" in done.stderr
    assert rlvr(files / "add.py", "--tests", tests, "--entry", "add").returncode == 0


def test_broken_json_is_named_with_its_place(files):
    tests = files / "broken.json"
    tests.write_text('[{"args": [1, 2],\n  "expected": 3,,}]')
    done = rlvr(files / "add.py", "--tests", tests, "--entry", "add")
    assert done.returncode == 2
    assert "line 2 column" in done.stderr


def test_asserts_of_a_source_are_counted_and_their_values_shown(files):
    tests = files / "several.py"
    tests.write_text("assert add(1, 2) == 3\nassert add(0, 0) == 0\n")
    done = rlvr(files / "bad.py", "--tests", tests)
    assert "1 of 2 tests" in done.stdout
    assert "assert add(1, 2) == 3: got -1, compared with 3" in done.stdout


def test_a_checker_from_a_file_or_the_tests(files):
    checker = files / "checker.py"
    checker.write_text("def check(given, expected, answer):\n    return answer in {3, -1}\n")
    cases = files / "open.json"
    cases.write_text(json.dumps([{"args": [1, 2]}]))
    options = ["--tests", cases, "--entry", "add", "--checker", checker]
    assert rlvr(files / "bad.py", *options).returncode == 0
    cases.write_text(json.dumps({"tests": [{"args": [1, 2]}], "entry_point": "add",
                                 "checker": checker.read_text()}))  # fmt: skip
    assert rlvr(files / "bad.py", "--tests", cases).returncode == 0
    checker.write_text("def check(given, expected, answer):\n    return None\n")
    cases.write_text(json.dumps([{"args": [1, 2], "expected": 3}]))
    done = rlvr(files / "bad.py", *options, "--json")
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert told["status"] == "infra_error"
    assert "the checker" in told["tests"][0]["reason"]


def test_a_row_of_human_eval_is_a_tests_file(files):
    row = {
        "prompt": 'import math\n\ndef add(a, b):\n    """Add."""\n',
        "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
        "entry_point": "add",
    }
    (files / "row.json").write_text(json.dumps(row))
    (files / "body.py").write_text("    return int(math.fsum([a, b]))\n")
    for program in ("add.py", "body.py"):
        done = rlvr(files / program, "--tests", files / "row.json")
        assert done.returncode == 0, done


def test_modules_are_named_by_comma(files):
    (files / "add.py").write_text("import sortedcontainers\ndef add(a, b):\n    return a + b\n")
    command = [files / "add.py", "--tests", files / "tests.py", "--modules"]
    assert rlvr(*command, "sortedcontainers, numpy").returncode == 0
    done = rlvr(*command, "numpy")
    assert done.returncode == 1
    assert "not installed here, or not among the sandbox's modules" in done.stdout
