import math
import os
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

from sandbox import (
    AssertTests,
    BadTestsError,
    BinaryTree,
    Case,
    Comparison,
    FunctionTests,
    Limits,
    LinkedList,
    Order,
    Sandbox,
    SandboxError,
    Status,
    StdinTests,
    Step,
)

ADD = FunctionTests("add", [Case(args=(1, 2), expected=3), Case(args=([1], [2]), expected=[1, 2])])


def call(source, *cases, entry="f", **options):
    return source, FunctionTests(entry, list(cases), **options)


def test_a_right_function_is_accepted(box):
    outcome = box.run("def add(a, b):\n    return a + b", ADD)
    assert outcome.status is Status.ACCEPTED
    assert (outcome.passed, outcome.total) == (2, 2)
    assert 0 < outcome.cpu_s < 1
    assert outcome.wall_s > 0
    assert outcome.peak_mb > 1


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("def add(a, b): return a - b if a == 1 else a + b", Status.WRONG_ANSWER),
        ("def add(a, b): return 1 / 0", Status.RUNTIME_ERROR),
        ("def add(a, b:", Status.COMPILE_ERROR),
        ("x = '\\0'\ndef add(a, b): return a + b" + chr(0), Status.COMPILE_ERROR),
        ("def sub(a, b): return a - b", Status.BAD_PROGRAM),
        ("raise ValueError('at import')", Status.RUNTIME_ERROR),
        ("import sys; sys.exit(0)", Status.RUNTIME_ERROR),
        ("def add(a, b):\n while True: pass", Status.TIME_LIMIT),
        ("import time\ndef add(a, b): time.sleep(60)", Status.TIME_LIMIT),
        ("def add(a, b): return [0] * 10**9", Status.MEMORY_LIMIT),
        ("def add(a, b): return 'x' * 8_000_000", Status.OUTPUT_LIMIT),
        ("def add(a, b): return add(a, b)", Status.RUNTIME_ERROR),
        ("import os\ndef add(a, b): os._exit(0)", Status.RUNTIME_ERROR),
        ("def add(a, b): pass", Status.WRONG_ANSWER),
    ],
)
def test_each_way_to_fail_has_its_status(box, source, status):
    outcome = box.run(source, ADD, limits=Limits(wall_s=2, cpu_s=0.5))
    assert outcome.status is status, outcome
    assert outcome.total == 2
    assert outcome.reason


def test_later_tests_run_after_a_wrong_one_unless_told_otherwise(box):
    source = "def add(a, b): return [1, 2]"
    assert [t.status for t in box.run(source, ADD).tests] == [
        Status.WRONG_ANSWER,
        Status.ACCEPTED,
    ]
    assert box.run(source, ADD, fail_fast=True).passed == 0


@pytest.mark.parametrize(
    ("source", "tests"),
    [
        call("def f(x): return {x, 2}", Case(args=(1,), expected={1, 2})),
        call("def f(x): return (x, b'1')", Case(args=(1,), expected=(1, b"1"))),
        call("def f(x): return x * 1j", Case(args=(2,), expected=2j)),
        call("def f(): return None", Case(expected=None)),
        call("def f(): return float('nan')", Case(expected=math.nan)),
        call("def f(x): return x", Case(args=(math.inf,), expected=math.inf)),
        call("def f(x): return x ** 50", Case(args=(10,), expected=10**50)),
        call("def f(n):\n for i in range(n): yield i", Case(args=(3,), expected=[0, 1, 2])),
        call("def f(x): x.sort()", Case(args=([3, 1],), expected_args={0: [1, 3]})),
        call("def f(a, *, b): return a + b", Case(args=(1,), kwargs={"b": 2}, expected=3)),
        call("async def f(a): return a + 1", Case(args=(1,), expected=2)),
        call("f = lambda a: a + 1", Case(args=(1,), expected=2)),
        call("class Solution:\n def f(self, a): return a", Case(args=(1,), expected=1)),
        call(
            "class Solution:\n def f(self, a): return a",
            Case(args=(1,), expected=1),
            entry="Solution().f",
        ),
        call(
            "def f(head):\n out = None\n while head: head.next, out, head = out, head, head.next\n"
            " return out",
            Case(args=(LinkedList([1, 2, 3]),), expected=LinkedList([3, 2, 1])),
        ),
        call(
            "class TreeNode:\n def __init__(s, val=0, left=None, right=None):\n"
            "  s.val, s.left, s.right = val, left, right\n"
            "def f(t): return TreeNode(t.val, t.right, t.left)",
            Case(args=(BinaryTree([1, 2, None]),), expected=BinaryTree([1, None, 2])),
        ),
        call(
            "class Stack:\n def __init__(s): s.x = []\n def push(s, v): s.x.append(v)\n"
            " def top(s): return s.x[-1]",
            Case(
                steps=[Step(method="Stack"), Step(method="push", args=(5,)), Step(method="top")],
                expected=[None, None, 5],
            ),
            entry="Stack",
        ),
        call(
            "def f(): return [2, 1]", Case(expected=[1, 2]), comparison=Comparison(order=Order.ANY)
        ),
        call("def f(): return 0.1 + 0.2", Case(expected=0.3), comparison=Comparison(tolerance=1e-9)),
        call("def f(x): return Counter(x)", Case(args=("aab",), expected={"a": 2, "b": 1}),
             prelude="from collections import *"),
        call("from fractions import Fraction as F\ndef f(): return F(1, 3)",
             Case(expected=__import__("fractions").Fraction(1, 3))),
        call("import threading\ndef f():\n out = []\n t = threading.Thread(target=out.append, args=(1,))\n"
             " t.start()\n t.join()\n return out", Case(expected=[1])),
        call("import csv, hashlib, uuid, logging\ndef f(): return hashlib.md5(b'').hexdigest()[:4]",
             Case(expected="d41d")),
        call("from dataclasses import dataclass\n@dataclass\nclass P:\n x: int\ndef f(): return P(1).x",
             Case(expected=1)),
    ],
)  # fmt: skip
def test_function_tests_take_every_kind_of_value(box, source, tests):
    outcome = box.run(source, tests)
    assert outcome.status is Status.ACCEPTED, outcome


SUM = StdinTests([Case(stdin="1 2\n", expected="3\n"), Case(stdin="5 6\n", expected="11\n")])


@pytest.mark.parametrize(
    "source",
    [
        "print(sum(map(int, input().split())))",
        "import sys\nprint(sum(map(int, sys.stdin.read().split())))",
        "import sys\nfor line in sys.stdin: print(sum(map(int, line.split())))",
        "import os\nos.write(1, b'%d' % sum(map(int, os.read(0, 100).split())))",
        "import sys\nsys.stdout.write(str(sum(map(int, open(0).read().split()))))",
        "import sys\nsys.stdout.buffer.write(b'%d\\n' % sum(map(int, sys.stdin.buffer.readline().split())))",
        "if __name__ == '__main__':\n print(sum(map(int, input().split())))\n exit()",
        "import threading, sys\nsys.setrecursionlimit(10**6)\nthreading.stack_size(2**26)\n"
        "def main(): print(sum(map(int, input().split())))\nthreading.Thread(target=main).start()",
        "import atexit\natexit.register(lambda: print(sum(map(int, input().split()))))",
    ],
)  # fmt: skip
def test_right_programs_are_accepted(box, source):
    outcome = box.run(source, SUM)
    assert outcome.status is Status.ACCEPTED, outcome


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("print(3)", Status.WRONG_ANSWER),
        ("print(sum(map(int, input().split()))); 1 / 0", Status.RUNTIME_ERROR),
        ("print(sum(map(int, input().split()))); exit(3)", Status.RUNTIME_ERROR),
        ("while True: print('x' * 1000)", Status.OUTPUT_LIMIT),
        ("print(input(", Status.COMPILE_ERROR),
        ("while True: pass", Status.TIME_LIMIT),
        ("x = bytearray(10**10)", Status.MEMORY_LIMIT),
        ("input(); input(); input()", Status.RUNTIME_ERROR),
        ("import os; os.write(1, b'\\xff')", Status.WRONG_ANSWER),
    ],
)
def test_wrong_programs_are_not(box, source, status):
    outcome = box.run(source, SUM, limits=Limits(wall_s=2, cpu_s=0.5, output_mb=1))
    assert outcome.status is status, outcome


CHECK = """
def check(candidate):
    assert candidate([3, 1]) == [1, 3]
    assert candidate([]) == []
"""


@pytest.mark.parametrize(
    ("source", "tests"),
    [
        ("def f(x): return sorted(x)", AssertTests([CHECK], entry="f")),
        (
            "class Solution:\n def f(self, x): return sorted(x)",
            AssertTests([CHECK], entry="Solution().f"),
        ),
        ("def f(x): return sorted(x)", AssertTests(["assert f([2, 1]) == [1, 2]"] * 3)),
        ("def f(x): x.sort()", AssertTests("a = [2, 1]\nf(a)\nassert a == [1, 2]")),
        ("def sum(a, b): return a + b", AssertTests(["assert sum(1, 2) == 3"])),
        ("import math\ndef f(): return 2", AssertTests(["assert f() == math.sqrt(4)"])),
        (
            "def f(x):\n if x < 0: raise ValueError('no')\n return x",
            AssertTests("try:\n f(-1)\n assert False\nexcept ValueError:\n pass"),
        ),
        (
            "class Account:\n def __init__(self): self.sum = 0\n"
            " def pay(self, x):\n  self.sum += x\n  return self.sum",
            AssertTests("a = Account()\na.pay(3)\nassert a.pay(4) == 7\nassert a.sum == 7"),
        ),
        (
            "def last(node):\n while node.next_node: node = node.next_node\n return node",
            AssertTests(
                "class Node:\n def __init__(self, v, n=None): self.v, self.next_node = v, n\n"
                "end = Node(2)\nassert last(Node(1, end)) is end"
            ),
        ),
        ("def f(t): return [x for x in (1, 'a') if type(x) is t]", AssertTests("assert f(int) == [1]")),
        ("def f():\n def g(x): return x + 1\n return g", AssertTests("assert f()(1) == 2")),
    ],
)  # fmt: skip
def test_assert_tests_accept_right_programs(box, source, tests):
    outcome = box.run(source, tests)
    assert outcome.status is Status.ACCEPTED, outcome


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("def f(x): return x", Status.WRONG_ANSWER),
        ("def f(x): raise KeyError(1)", Status.RUNTIME_ERROR),
        ("def f(x", Status.COMPILE_ERROR),
        ("def g(x): pass", Status.BAD_PROGRAM),
        ("import os\ndef f(x): os._exit(0)", Status.RUNTIME_ERROR),
        ("import sys\ndef f(x): sys.exit(0)", Status.RUNTIME_ERROR),
        ("def f(x):\n while True: pass", Status.TIME_LIMIT),
        ("raise SystemExit(0)", Status.RUNTIME_ERROR),
    ],
)
def test_assert_tests_reject_wrong_programs(box, source, status):
    tests = AssertTests([CHECK], entry="f")
    outcome = box.run(source, tests, limits=Limits(wall_s=2, cpu_s=0.5))
    assert outcome.status is status, outcome


def test_each_assert_is_a_test(box):
    tests = AssertTests(["assert f(1) == 1", "assert f(2) == 1", "assert f(3) == 3"])
    outcome = box.run("def f(x): return x", tests)
    assert [t.status is Status.ACCEPTED for t in outcome.tests] == [True, False, True]
    assert "assert f(2) == 1" in outcome.tests[1].reason


@pytest.mark.parametrize(
    ("source", "test"),
    [
        ("f = int", "assert f('7') == 7"),
        ("f = len", "assert f([1, 2]) == 2"),
        (
            "class Bag:\n def __init__(s): s.x = []\n def add(s, v): s.x.append(v)\n"
            " def __len__(s): return len(s.x)\n def __iter__(s): return iter(s.x)",
            "b = Bag()\nassert len(b) == 0\nb.add(3)\nassert len(b) == 1\nassert list(b) == [3]\n"
            "b.x = [1, 2]\nassert 2 in b and list(reversed(b)) == [2, 1]",
        ),
        (
            "class Table:\n def __init__(s): s.x = {}\n def put(s, k, v): s.x[k] = v\n"
            " def keys(s): return s.x.keys()\n def __getitem__(s, k): return s.x[k]",
            "t = Table()\nt.put('a', 1)\nassert t['a'] == 1 and list(t) == ['a']\n"
            "try:\n t['b']\n assert False\nexcept KeyError:\n pass",
        ),
        (
            "class Row:\n def __len__(s): return 3\n def __getitem__(s, i): return [5, 6, 7][i]\n"
            "def f(): return Row()",
            "r = f()\nassert len(r) == 3 and r[1] == 6 and r[-1] == 7 and list(r) == [5, 6, 7]",
        ),
        ("np = 3\ndef f(): return np", "np = f()\nassert np == 3"),
        ("def sp(n): return n", "assert sp(2) == 2"),
    ],
)
def test_what_tests_may_do_with_a_programs_objects(box, source, test):
    outcome = box.run(source, AssertTests([test]))
    assert outcome.status is Status.ACCEPTED, outcome


def test_a_library_of_the_tests_never_comes_from_the_program(box):
    source = "class np:\n def allclose(*_): return True\ndef f(x): return 0"
    tests = AssertTests(
        ["def check(candidate):\n    assert np.allclose(candidate(1), 2)"], entry="f"
    )
    with Sandbox(workers=1, modules=()) as bare, pytest.raises(BadTestsError, match="numpy"):
        bare.run(source, tests)
    if find_spec("numpy") is not None:
        assert box.run(source, tests).status is Status.WRONG_ANSWER


def test_the_reason_of_a_failed_assert_shows_what_came(box):
    tests = AssertTests(
        [
            "assert f(1) == 2",
            "assert f(1) == 2, 'the first'",
            "assert not f(1)",
            "assert len(f(1)) == 2",
            "assert f('x' * 10_000) == 'y'",
        ]
    )
    reasons = [test.reason for test in box.run("def f(x): return x", tests).tests]
    assert reasons[0] == "assert f(1) == 2: got 1, compared with 2"
    assert reasons[1] == "assert f(1) == 2, 'the first': the first; got 1, compared with 2"
    assert reasons[2] == "assert not f(1): does not hold"
    assert reasons[3].startswith("assert len(f(1)) == 2: TypeError")
    assert len(reasons[4]) < 400


def test_tests_that_test_nothing_are_an_error(box):
    with pytest.raises(BadTestsError):
        FunctionTests("f", [])
    with pytest.raises(BadTestsError):
        FunctionTests("f", [Case(args=(1,))])
    with pytest.raises(BadTestsError):
        StdinTests([Case(stdin="1")])
    with pytest.raises(BadTestsError):
        AssertTests([" "])
    with pytest.raises(BadTestsError, match="never uses the program"):
        box.run("def f(): pass", AssertTests(["assert 1 == 1"]))
    with pytest.raises(BadTestsError, match="compile"):
        box.run("def f(): pass", AssertTests(["assert ("]))
    loop = []
    loop.append(loop)
    endless = FunctionTests("f", [Case(args=(loop,), expected=1)])
    with pytest.raises(BadTestsError, match="cannot be sent"):
        box.run("def f(x): pass", endless)


def test_many_runs_come_back_in_order(box):
    jobs = [(f"def add(a, b): return {n}", ADD) for n in range(20)]
    outcomes = box.run_many(jobs)
    assert [str(n) in o.tests[0].reason for n, o in enumerate(outcomes) if n != 3] == [True] * 19
    assert outcomes[3].tests[0].status is Status.ACCEPTED


def test_one_bad_job_costs_no_other_its_outcome(box):
    right = ("def f(): return 1", AssertTests(["assert f() == 1"]))
    bad = ("def f(): return 1", AssertTests(["assert ("]))
    statuses = [o.status for o in box.run_many([right, bad, right])]
    assert statuses == [Status.ACCEPTED, Status.INFRA_ERROR, Status.ACCEPTED]


def test_streaming_takes_jobs_as_needed(box):
    taken = []

    def jobs():
        n = 0
        while True:
            taken.append(n)
            yield "def add(a, b): return a + b", ADD
            n += 1

    stream = box.stream(jobs())
    assert next(stream).status is Status.ACCEPTED
    stream.close()
    assert len(taken) < 50


def test_a_sandbox_serves_threads(box):
    outcomes = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(box.run("add = lambda a, b: a + b", ADD)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [o.status for o in outcomes] == [Status.ACCEPTED] * 8


def test_a_run_leaves_no_trace_in_the_next(box):
    poison = (
        "import builtins, json, sys, os\nbuiltins.len = lambda x: 7\nsys.modules['math'] = None\n"
        "json.dumps = None\nos.environ['X'] = '1'\nsys.path.append('/x')\n"
        "def add(a, b): return a + b"
    )
    box.run(poison, ADD)
    probe = (
        "import os, sys, math\ndef add(a, b):\n"
        " assert 'X' not in os.environ and '/x' not in sys.path and len([1]) == 1\n return a + b"
    )
    assert box.run(probe, ADD).status is Status.ACCEPTED


def test_a_killed_zygote_is_replaced(box):
    os.kill(box.executor.workers[0].pid, 9)
    assert box.run("add = lambda a, b: a + b", ADD).status is Status.ACCEPTED


def test_the_report_names_the_layers(box):
    report = box.report()
    assert {"limits", "no_new_privs", "seccomp", "landlock"} <= set(report["active"])
    assert report["kernel"]


def test_a_closed_sandbox_says_so():
    box = Sandbox(workers=1)
    pid = box.executor.workers[0].pid
    box.close()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(SandboxError, match="closed"):
        box.run("", ADD)
