"""Time is a test's, with a budget for all; CPU time decides, and the clock ends what sleeps."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox import AssertTests, Case, FunctionTests, Limits, Sandbox, Status, StdinTests

SPIN = "import time\ndef f(x):\n    end = time.process_time() + 0.4\n    while time.process_time() < end: pass\n    return x\n"
CALLS = FunctionTests("f", [Case(args=(n,), expected=n) for n in range(5)])
ASSERTS = AssertTests([f"assert f({n}) == {n}" for n in range(5)])
PRINTS = StdinTests([Case(stdin=f"{n}", expected=f"{n}") for n in range(5)])
PROGRAM = SPIN + "print(f(int(input())))"
SHAPES = [(SPIN, CALLS), (SPIN, ASSERTS), (PROGRAM, PRINTS)]


@pytest.mark.parametrize(("source", "tests"), SHAPES)
def test_each_test_has_its_own_time(box, source, tests):
    outcome = box.run(source, tests, limits=Limits(wall_s=20, cpu_s=1))
    assert outcome.status is Status.ACCEPTED, outcome
    assert outcome.cpu_s > 1.5


@pytest.mark.parametrize(("source", "tests"), SHAPES)
@pytest.mark.parametrize("fail_fast", [True, False])
def test_all_tests_have_a_budget(box, source, tests, fail_fast):
    limits = Limits(wall_s=20, cpu_s=1, total_s=1)
    outcome = box.run(source, tests, limits=limits, fail_fast=fail_fast)
    assert outcome.status is Status.TIME_LIMIT, outcome
    assert 0 < outcome.passed < 5
    assert len(outcome.tests) == 5


@pytest.mark.parametrize(("source", "tests"), SHAPES)
def test_one_slow_test_is_over_its_time(box, source, tests):
    slow = source.replace("+ 0.4", "+ 9.0")
    outcome = box.run(slow, tests, limits=Limits(wall_s=20, cpu_s=0.5), fail_fast=True)
    assert outcome.status is Status.TIME_LIMIT, outcome
    assert "CPU-s" in outcome.reason
    assert outcome.cpu_s < 5


def test_the_clock_ends_what_sleeps(box):
    sleeps = "import time\ndef f(x):\n    time.sleep(1000)"
    outcome = box.run(sleeps, CALLS, limits=Limits(wall_s=1, cpu_s=5))
    assert outcome.status is Status.TIME_LIMIT
    assert "longer than" in outcome.reason


def test_a_program_that_computes_is_ended_by_its_cpu_time(box):
    spins = "def f(x):\n    while True: pass"
    outcome = box.run(spins, CALLS, limits=Limits(wall_s=0.5, cpu_s=1), fail_fast=True)
    assert outcome.status is Status.TIME_LIMIT
    assert "CPU-s" in outcome.reason


@pytest.mark.slow
def test_a_crowd_of_right_programs_is_right():
    spin = "import time\nwhile time.process_time() < 0.7: pass\nprint(1)"
    tests = StdinTests([Case(stdin="", expected="1")])
    limits = Limits(wall_s=1.5, cpu_s=2)
    with Sandbox(workers=16, limits=limits) as box, ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: box.run(spin, tests), range(16)))
    assert [o.status for o in outcomes] == [Status.ACCEPTED] * 16


def test_limits_say_how_long_all_may_take():
    assert Limits().total_wall_s == math.inf
    assert Limits(wall_s=10, cpu_s=5, total_s=60).total_wall_s == 120
    assert Limits(wall_s=1, cpu_s=5, total_s=60).total_wall_s == 60


MEGABYTES = "import sys\nfor _ in range(50): sys.stderr.write('x' * 100_000)\n"


@pytest.mark.parametrize(
    ("source", "tests"),
    [
        (MEGABYTES + "def f(x):\n    print('x' * 100_000, file=sys.stderr)\n    return x", CALLS),
        (MEGABYTES + "def f(x):\n    sys.stderr.write('x' * 100_000)\n    return x", ASSERTS),
        (MEGABYTES + "print(input())", PRINTS),
    ],
)
def test_what_is_said_on_standard_error_costs_nothing(box, source, tests):
    assert box.run(source, tests).status is Status.ACCEPTED
