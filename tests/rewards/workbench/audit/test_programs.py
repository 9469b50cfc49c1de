"""Tests of programs that tell nothing, or that are wrong themselves."""

import sys

import pytest

from rewards.programs.task import RowTests, read_task
from rewards.workbench.audit.job import audit_file
from rewards.workbench.audit.programs import audit_tests, trivial_programs
from rewards.workbench.audit.references import Fate, Finding

ASSERTS = ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]
linux = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox runs on Linux")


@pytest.mark.parametrize("tests", ["", [], "{}", {"inputs": ["1"]}])
def test_tests_that_cannot_be_used_are_found_without_running(tests):
    audited = audit_tests(tests, {})
    assert set(audited.findings) == {Finding.UNUSABLE_TESTS}
    assert audited.fate is Fate.SET_ASIDE


def test_sound_tests_are_counted():
    audited = audit_tests(ASSERTS, {})
    assert (dict(audited.findings), audited.reads_as) == ({}, "2 tests")


@linux
@pytest.mark.parametrize(
    ("tests", "row", "finding"),
    [
        (ASSERTS, {"canonical_solution": "def add(a, b):\n    return a + b"}, None),
        (ASSERTS, {}, None),
        (["assert add(1, 2) is None"], {}, Finding.TRIVIAL_TESTS),
        (["assert add(0, 2) == 0", "assert add(0, 9) == 0"], {}, Finding.TRIVIAL_TESTS),
        (ASSERTS, {"code": "def add(a, b):\n    return a - b"}, Finding.REFUSES_SOLUTION),
        ({"inputs": ["1\n"], "outputs": ["0\n"]}, {}, Finding.TRIVIAL_TESTS),
        ({"inputs": ["5\n"], "outputs": ["5\n"]}, {}, Finding.TRIVIAL_TESTS),
        ({"inputs": ["1\n", "2\n"], "outputs": ["3\n", "5\n"]}, {}, None),
    ],
)
def test_what_runs_show(tests, row, finding):
    audited = audit_tests(tests, row, run=True)
    assert set(audited.findings) == ({finding} if finding else set()), audited


@pytest.mark.parametrize(
    "tests", [ASSERTS, {"inputs": ["1\n"], "outputs": ["2\n"]}, ["assert Solution().f(1) == 2"]]
)
def test_trivial_programs_compile(tests):
    sources = list(trivial_programs(read_task(RowTests(tests), None, "python")))
    assert len(sources) > 5
    for source in sources:
        compile(source, "trivial", "exec")


@linux
def test_a_file_of_programs(tmp_path):
    path = tmp_path / "programs.jsonl"
    path.write_text(
        '{"prompt": "add", "tests": ["assert add(1, 2) == 3"], "solution": "no reference"}\n'
        '{"prompt": "nothing", "tests": ["assert f() is None"]}\n'
        '{"prompt": "none", "tests": null}\n',
        encoding="utf-8",
    )
    read = audit_file(path)
    assert (read.rows, read.empty, read.fates[Fate.KEPT]) == (2, 1, 2)
    ran = audit_file(path, run_tests=True)
    assert ran.counts == {Finding.TRIVIAL_TESTS: 1, Finding.REFUSES_SOLUTION: 1}
