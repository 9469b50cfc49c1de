"""Real problems: references accepted, buggy programs not. Needs the shared data folder."""

import json
from pathlib import Path

import pytest

from sandbox import AssertTests, Case, Limits, Sandbox, Status, StdinTests
from sandbox.languages import language_named

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "code"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here"),
]


def rows(name):
    with (DATA / f"{name}.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def accepted(jobs, language="python", **limits):
    with Sandbox(workers=2, limits=Limits(**({"wall_s": 240, "cpu_s": 15} | limits))) as box:
        outcomes = box.run_many(jobs, language=language)
    assert not [o for o in outcomes if o.status is Status.INFRA_ERROR]
    return [o.status is Status.ACCEPTED for o in outcomes]


def require_toolchain(language):
    spoken = language_named(language)
    if spoken is not None and spoken.find() is None:
        pytest.skip(f"no toolchain for {language}")


def test_human_eval():
    jobs = [
        (r["prompt"] + r["canonical_solution"], AssertTests([r["test"]], entry=r["entry_point"]))
        for r in rows("HumanEval")
    ]
    assert sum(accepted(jobs)) == 164


COMPILED = [pytest.param(name, marks=pytest.mark.exhaustive) for name in ("cpp", "java", "rust")]


@pytest.mark.parametrize("language", ["cpp", "java", "js", "rust"])
def test_a_sample_of_human_eval_pack(language):
    require_toolchain(language)
    found = rows(f"humanevalpack_{language}")[4::12]
    for kind, least, most in (
        ("canonical_solution", len(found) - 1, 164),
        ("buggy_solution", 0, 0),
    ):
        jobs = [(r["prompt"] + r[kind], AssertTests([r["test"]])) for r in found]
        assert least <= sum(accepted(jobs, language=language, memory_mb=1024)) <= most


@pytest.mark.parametrize("language", ["python", "js", *COMPILED])
def test_human_eval_pack(language):
    require_toolchain(language)
    found = rows(f"humanevalpack_{language}")
    for kind in ("canonical_solution", "buggy_solution"):
        jobs = [(r["prompt"] + r[kind], AssertTests([r["test"]])) for r in found]
        right = sum(accepted(jobs, language=language, memory_mb=1024))
        assert right >= 163 if kind == "canonical_solution" else right == 0


def test_quixbugs():
    found = rows("quixbugs_python")
    assert all(accepted([(r["solution"], AssertTests([r["tests"]])) for r in found]))
    assert not any(
        accepted([(r["buggy_program"], AssertTests([r["tests"]])) for r in found], cpu_s=3)
    )


def test_mbpp():
    jobs = []
    for r in rows("mbpp"):
        setup = r["test_setup_code"]
        tests = [f"{setup}\n{test}" for test in r["test_list"]] if setup else r["test_list"]
        jobs.append((r["code"], AssertTests(tests)))
    assert sum(accepted(jobs)) >= 0.99 * len(jobs)


@pytest.mark.exhaustive
def test_leetcode():
    jobs = [
        (r["completion"], AssertTests([r["test"]], entry=r["entry_point"], prelude=r["prompt"]))
        for r in rows("leetcode_test_100")
    ]
    assert sum(accepted(jobs, cpu_s=20)) >= 98


def test_code_contests_run():
    for row in rows("sf_code_eval_code_contests"):
        cases = [
            Case(stdin=t["input"]["stdin"], expected=t["output"]["stdout"])
            for t in json.loads(row["test"])[:3]
        ]
        assert not any(accepted([("import sys\nsys.stdin.read()\nprint('?')", StdinTests(cases))]))
