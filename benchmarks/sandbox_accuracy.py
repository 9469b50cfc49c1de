"""Whether the sandbox judges real problems right: references accepted, buggy programs rejected.

    python -m benchmarks.sandbox_accuracy [--sets NAME ...] [--data FOLDER] [--workers N]

Every set whole, through the same doors as training. Limits are generous: a busy machine must give
no wrong verdict. Misses are named with the sandbox's reason. Sets given by name replace their own
entries in the result file and leave the others as they are. A language without a toolchain here is
recorded as not run.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.environment import environment
from rewards.programs.row_tests import Row as RowFacts
from rewards.programs.row_tests import read_tests
from sandbox import AssertTests, Case, Limits, Sandbox, Status, StdinTests
from sandbox.cases import Tests
from sandbox.languages import language_named

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "sandbox_accuracy.json"
DATA = ROOT.parent / "shared" / "data" / "code"
RIGHT = Limits(wall_s=240, cpu_s=40, memory_mb=1024, compile_wall_s=240)
# A program that hangs is wrong after these as it would be after more.
BUGGY = Limits(wall_s=120, cpu_s=8, memory_mb=1024, compile_wall_s=240)

Record = dict[str, str]


@dataclass(frozen=True)
class Problem:
    """One program that must be accepted, or must not be."""

    name: str
    source: str
    tests: Tests
    right: bool


@dataclass(frozen=True)
class ProblemSet:
    """A set: where it lies, what it is written in, and how a row becomes programs."""

    name: str
    file: str
    problems: Callable[[list[Record]], Iterator[Problem]]
    language: str = "python"
    limits: Limits = field(default=RIGHT)


def human_eval(rows: list[Record]) -> Iterator[Problem]:
    for row in rows:
        tests = AssertTests([row["test"]], entry=row["entry_point"])
        yield Problem(row["task_id"], row["prompt"] + row["canonical_solution"], tests, right=True)


def human_eval_pack(rows: list[Record]) -> Iterator[Problem]:
    for row in rows:
        setup = row.get("test_setup", "") if row["prompt"].startswith("import (") else ""
        for kind, right in (("canonical_solution", True), ("buggy_solution", False)):
            source = setup.partition("import")[0] + row["prompt"] + row[kind]
            test = setup.partition("\n\n")[2] + row["test"] if setup else row["test"]
            yield Problem(row["entry_point"], source, AssertTests([test]), right)


def quixbugs(rows: list[Record]) -> Iterator[Problem]:
    for row in rows:
        for kind, right in (("solution", True), ("buggy_program", False)):
            yield Problem(row["name"], row[kind], AssertTests([row["tests"]]), right)


def mbpp(rows: list[Record]) -> Iterator[Problem]:
    for row in rows:
        read = read_tests(row["test_list"], RowFacts(setup=row["test_setup_code"]))
        tests = AssertTests(read.asserts, prelude=read.prelude, setup=read.setup)
        yield Problem(row["task_id"], row["code"], tests, right=True)


def leetcode(rows: list[Record]) -> Iterator[Problem]:
    for row in rows:
        tests = AssertTests([row["test"]], entry=row["entry_point"], prelude=row["prompt"])
        yield Problem(row["task_id"], row["completion"], tests, right=True)


def code_contests(rows: list[Record]) -> Iterator[Problem]:
    """No references there: a program that knows the answers by heart, and one that does not."""
    for row in rows:
        read = read_tests(row["test"], RowFacts())
        answers = {case.stdin: case.expected for case in read.prints}
        by_heart = f"import sys\nprint({answers!r}[sys.stdin.read()])"
        tests = StdinTests([Case(stdin=c.stdin, expected=c.expected) for c in read.prints])
        yield Problem(row["id"], by_heart, tests, right=True)
        yield Problem(row["id"], "print('?')", tests, right=False)


SETS = (
    ProblemSet("HumanEval", "HumanEval", human_eval),
    ProblemSet("HumanEvalPack Python", "humanevalpack_python", human_eval_pack),
    ProblemSet("HumanEvalPack JavaScript", "humanevalpack_js", human_eval_pack, "javascript"),
    ProblemSet("HumanEvalPack C++", "humanevalpack_cpp", human_eval_pack, "cpp"),
    ProblemSet("HumanEvalPack Java", "humanevalpack_java", human_eval_pack, "java"),
    ProblemSet("HumanEvalPack Rust", "humanevalpack_rust", human_eval_pack, "rust"),
    ProblemSet("HumanEvalPack Go", "humanevalpack_go", human_eval_pack, "go"),
    ProblemSet("QuixBugs", "quixbugs_python", quixbugs),
    ProblemSet("MBPP", "mbpp", mbpp),
    ProblemSet("LeetCode", "leetcode_test_100", leetcode),
    ProblemSet("CodeContests", "sf_code_eval_code_contests", code_contests),
)


def judge(chosen: ProblemSet, box: Sandbox, data: Path) -> dict[str, object]:
    """One set's counts and misses."""
    language = language_named(chosen.language)
    if language is not None and language.find() is None:
        return {"not run": f"no toolchain for {chosen.language}"}
    path = data / f"{chosen.file}.jsonl"
    if not path.is_file():
        return {"not run": f"{chosen.file}.jsonl is not here"}
    with path.open(encoding="utf-8") as file:
        problems = list(chosen.problems([json.loads(line) for line in file]))
    found: dict[str, object] = {}
    for right, called, limits in (
        (True, "references_accepted", chosen.limits),
        (False, "buggy_rejected", BUGGY),
    ):
        judged = [problem for problem in problems if problem.right is right]
        if not judged:
            continue
        jobs = [(problem.source, problem.tests) for problem in judged]
        outcomes = box.run_many(jobs, language=chosen.language, limits=limits)
        misses = {
            problem.name: f"{outcome.status.value}: {_short(outcome.reason)}"
            for problem, outcome in zip(judged, outcomes, strict=True)
            if (outcome.status is Status.ACCEPTED) is not right
            or outcome.status is Status.INFRA_ERROR
        }
        found[called] = len(judged) - len(misses)
        found["of"] = len(judged)
        found[f"{'references' if right else 'buggy'}_missed"] = misses
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=[chosen.name for chosen in SETS])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--workers", type=int)
    options = parser.parse_args()
    if not options.data.is_dir():
        raise SystemExit(f"{options.data} is not here: give the folder of the sets with --data")
    results: dict[str, object] = {}
    if options.sets and RESULT.is_file():
        results = json.loads(RESULT.read_text(encoding="utf-8"))["sets"]
    with Sandbox(workers=options.workers) as box:
        for chosen in SETS:
            if options.sets and chosen.name not in options.sets:
                continue
            results[chosen.name] = found = judge(chosen, box, options.data)
            print(f"{chosen.name}: {json.dumps(found, ensure_ascii=False)}", flush=True)
    ordered = {chosen.name: results[chosen.name] for chosen in SETS if chosen.name in results}
    told = {"environment": environment(), "sets": ordered}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told, ensure_ascii=False, indent=2)
    RESULT.write_text(text + "\n", encoding="utf-8")


def _short(reason: str) -> str:
    """A reason without the paths that node adds to it."""
    return reason.partition(" Require stack")[0][:150]


if __name__ == "__main__":
    main()
