"""A row's own solution decides what a program's time-out or missing module is worth."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rewards import Code, Status
from rewards.programs import row_faults
from rewards.programs.own_solutions import Program
from rewards.programs.row_faults import RowFault, fault_of_row, is_worth_asking
from sandbox import Outcome, TestOutcome
from sandbox import Status as Ended

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

ASSERTS = ["assert add(1, 2) == 3", "assert add(0, 0) == 0"]
ADD = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
SLOW = "def add(a, b):\n    while True: pass\n"
LACKS = f"import no_such_module\n{ADD}"
SHORT = Code(cpu_s=0.2)


def block(source, tag="python"):
    return f"```{tag}\n{source}\n```"


def ended(status, reason=""):
    return Outcome(status=status, tests=(TestOutcome(status=status, reason=reason),))


@pytest.fixture(autouse=True)
def _nothing_known():
    row_faults._kept.clear()


@pytest.mark.parametrize(
    ("program", "row", "status"),
    [
        (SLOW, {}, Status.TIMEOUT),
        (SLOW, {"code": ADD}, Status.TIMEOUT),
        (SLOW, {"code": SLOW}, Status.BAD_REFERENCE),
        (SLOW, {"code": WRONG}, Status.TIMEOUT),
        (SLOW, {"code": LACKS}, Status.NOT_APPLICABLE),
        (SLOW, {"code": "We add the two numbers."}, Status.TIMEOUT),
        (SLOW, {"code": "def sum(a, b): return 1"}, Status.TIMEOUT),
        (SLOW, {"solutions": [SLOW, ADD]}, Status.TIMEOUT),
        (LACKS, {}, Status.WRONG),
        (LACKS, {"canonical_solution": ADD}, Status.WRONG),
        (LACKS, {"canonical_solution": LACKS}, Status.NOT_APPLICABLE),
        (LACKS, {"canonical_solution": SLOW}, Status.BAD_REFERENCE),
        # What asks for nothing that the row might ask for too is its own fault.
        (WRONG, {"canonical_solution": WRONG}, Status.WRONG),
        ("def add(a, b", {"canonical_solution": SLOW}, Status.WRONG),
        (ADD, {"canonical_solution": WRONG}, Status.CORRECT),
    ],
)
def test_what_a_program_is_worth_beside_the_rows_own(program, row, status):
    verdict = SHORT.verify(block(program), ASSERTS, **row)
    assert verdict.status is status
    assert (verdict.score is None) == (not status.is_scored)
    if status is Status.NOT_APPLICABLE:
        assert "needs no_such_module" in verdict.reason


def test_the_columns_are_an_option():
    mine = Code(cpu_s=0.2, solution_columns=["mine"])
    assert mine.verify(block(SLOW), ASSERTS, mine=SLOW).status is Status.BAD_REFERENCE
    assert mine.verify(block(SLOW), ASSERTS, code=SLOW).status is Status.TIMEOUT
    none = Code(cpu_s=0.2, solution_columns=())
    assert none.verify(block(SLOW), ASSERTS, code=SLOW).status is Status.TIMEOUT


def test_completions_under_the_name_of_a_solution_do_not_answer_for_their_rows():
    verdicts = SHORT.verdicts(completions=[block(SLOW)], tests=[ASSERTS], code=[block(SLOW)])
    assert [verdict.status for verdict in verdicts] == [Status.TIMEOUT]


# None of these may make a good row look bad: the row's solution runs where nothing of them is.
HOSTILE = {
    "claims a module": "raise ModuleNotFoundError(\"No module named 'x'\", name='x')",
    "claims it late": "def add(a, b): raise ImportError(\"No module named 'torch'\")",
    "prints it": "import sys\nsys.stderr.write(\"No module named 'x'\")\nimport x",
    "loops": SLOW,
    "sleeps": "import time\ntime.sleep(60)",
    "overflows": "def add(a, b):\n    return add(a, b) if a is b else [0] * 10**10",
    "is named as the row's": "import canonical_solution\ndef add(a, b): return 3",
    "replaces modules": "import sys\nsys.modules['builtins'] = None\nimport y",
    "leaves files": (
        "import os\n"
        "for name in ('sitecustomize.py', 'solution.py', '/tmp/solution.py'):\n"
        "    try: open(name, 'w').write('while True: pass')\n"
        "    except OSError: pass\n"
        "while True: pass"
    ),
    "patches the time": "import time\ntime.process_time = lambda: 0\nwhile True: pass",
    "speaks of the row": 'raise MemoryError("the row\'s own solution needs x")',
    "lowers limits": (
        "import resource\n"
        "try: resource.setrlimit(resource.RLIMIT_CPU, (0, 0))\n"
        "except (OSError, ValueError): pass\n"
        "while True: pass"
    ),
    "kills its parent": (
        "import os\n"
        "try: os.kill(os.getppid(), 9)\n"
        "except (OSError, AttributeError): pass\n"
        "import no_such_module"
    ),
}


@pytest.mark.slow  # most run until their time is over
@pytest.mark.parametrize("trick", HOSTILE)
def test_no_program_makes_its_row_look_bad(trick):
    short = Code(cpu_s=0.2, wall_s=1.0)
    verdict = short.verify(block(HOSTILE[trick]), ASSERTS, canonical_solution=ADD)
    assert verdict.score == 0.0


def test_a_rows_solution_runs_once_for_all_that_ask():
    runs = []
    together = threading.Barrier(4)

    def run(solution):
        runs.append(solution)
        return ended(Ended.TIME_LIMIT, "used more than 1 CPU-s")

    def ask(_):
        together.wait(timeout=60)
        return fault_of_row("row", [Program(SLOW, "python")], run)

    with ThreadPoolExecutor(4) as pool:
        faults = list(pool.map(ask, range(4)))
    assert len(runs) == 1
    assert {fault.status for fault in faults if fault is not None} == {Status.BAD_REFERENCE}
    fault_of_row("another row", [Program(SLOW, "python")], run)
    assert len(runs) == 2


def test_a_run_that_was_lost_is_asked_again():
    outcomes = iter([ended(Ended.INFRA_ERROR), ended(Ended.TIME_LIMIT, "used more than 1 CPU-s")])
    own = [Program(ADD, "python")]
    assert fault_of_row("row", own, lambda _: next(outcomes)) is None
    found = RowFault(
        Status.BAD_REFERENCE,
        "the row's own solution is too slow for its tests: used more than 1 CPU-s",
    )
    assert fault_of_row("row", own, lambda _: next(outcomes)) == found


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("ModuleNotFoundError: No module named 'torch.nn'; not installed here", True),
        ("= help: you might be missing a crate named `proconio`", True),
        ("Error: Cannot find module 'lodash'", True),
        ("Main.java:1: error: package org.apache does not exist", True),
        ("main.cpp:1:10: fatal error: Eigen/Dense: No such file or directory", True),
        ("main.go:3:8: package golang.org/x/exp is not in std", True),
        ("AssertionError: no module", False),
    ],
)
def test_every_language_says_in_its_own_words_what_is_missing(said, asks):
    assert is_worth_asking(ended(Ended.COMPILE_ERROR, said)) is asks
