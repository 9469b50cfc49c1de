"""A test author's checker: several right answers, and whose fault a failure is."""

import pytest

from sandbox import (
    AssertTests,
    BadTestsError,
    Case,
    FunctionTests,
    Limits,
    Sandbox,
    Status,
    StdinTests,
    Step,
)
from sandbox.languages import language_named

TOPOLOGICAL = """
def check(given, expected, answer):
    count, edges = given
    if type(answer) is not list or sorted(answer) != list(range(count)):
        return False, "not an order of all the nodes"
    place = {node: position for position, node in enumerate(answer)}
    return all(place[a] < place[b] for a, b in edges)
"""
ORDERS = FunctionTests(
    "order",
    [Case(args=(3, [(0, 1), (0, 2)])), Case(args=(2, [(1, 0)]), expected=[1, 0])],
    checker=TOPOLOGICAL,
)
ORDER = """
def order(count, edges):
    left, out = set(range(count)), []
    while left:
        ready = [n for n in left if not any(b == n and a in left for a, b in edges)]
        out.append({pick}(ready))
        left.remove(out[-1])
    return out
"""


@pytest.mark.parametrize("pick", ["min", "max"])
def test_every_right_answer_is_accepted(box, pick):
    outcome = box.run(ORDER.replace("{pick}", pick), ORDERS)
    assert outcome.status is Status.ACCEPTED, outcome


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def order(n, e): return list(range(n))", "the checker says no"),
        ("def order(n, e): return [0] * n", "not an order of all the nodes"),
        ("def order(n, e): return None", "not an order"),
        ("def order(n, e): return 'x' * 9_000_000", "bytes"),
        ("def order(n, e): return 1 / 0", "ZeroDivisionError"),
        (
            "class L(list):\n def __eq__(s, o): return True\n"
            "def order(n, e): return L(range(n, 0, -1))",
            "not an order",
        ),
    ],
)
def test_wrong_answers_are_not(box, source, reason):
    outcome = box.run(source, ORDERS)
    assert outcome.status not in {Status.ACCEPTED, Status.INFRA_ERROR}
    assert any(reason in test.reason for test in outcome.tests)


def test_each_test_has_its_own_verdict(box):
    outcome = box.run("def order(n, e): return list(range(n))", ORDERS)
    assert [t.status for t in outcome.tests] == [Status.ACCEPTED, Status.WRONG_ANSWER]
    cases = [Case(args=(n,)) for n in range(4)]
    odd = "def check(given, expected, answer): return answer % 2 == 0"
    tests = FunctionTests("f", cases, checker=odd)
    fast = box.run("def f(n): return n", tests, fail_fast=True)
    assert [t.reason for t in fast.tests] == [
        "as the checker wants it", "the checker says no", "not reached", "not reached",
    ]  # fmt: skip


SQUARES = """
def check(given, expected, answer):
    words = answer.split()
    return len(words) == 2 and sum(int(w) ** 2 for w in words) == int(given)
"""


def squares(checker=SQUARES):
    return StdinTests([Case(stdin="25\n"), Case(stdin="50\n", expected="1 7")], checker=checker)


@pytest.mark.parametrize("flip", ["", "[::-1]"])
def test_printed_text_is_checked(box, flip):
    program = f"print(*{{25: [3, 4], 50: [5, 5]}}[int(input())]{flip})"
    assert box.run(program, squares()).status is Status.ACCEPTED
    assert box.run(program.replace("5, 5", "5, 6"), squares()).passed == 1


def test_printed_text_of_another_language_is_checked():
    if language_named("c").find() is None:
        pytest.skip("no C compiler")
    program = (
        '#include <stdio.h>\nint main() { int n; scanf("%d", &n); puts(n == 25 ? "4 3" : "7 1"); }'
    )
    with Sandbox(workers=1, limits=Limits(wall_s=20)) as box:
        assert box.run(program, squares(), language="c").status is Status.ACCEPTED
        wrong = box.run(program.replace("4 3", "4 4"), squares(), language="c")
        assert [t.status for t in wrong.tests] == [Status.WRONG_ANSWER, Status.ACCEPTED]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('edge')", "raised KeyError: 'edge' (line 2)"),
        ("return None", "returned NoneType, not True or False"),
        ("return answer", "returned int"),
        ("raise SystemExit", "raised SystemExit"),
        ("while True: pass", "used more than 0.5 CPU-s"),
        ("import time; time.sleep(60)", "ran longer than 2 s"),
        ("import os; os._exit(0)", "ended by itself"),
        ("return bytearray(10**10) is None", "raised MemoryError"),
    ],
)
def test_a_checker_that_fails_is_not_the_programs_fault(box, body, said):
    checker = f"def check(given, expected, answer):\n    {body}\n"
    tests = FunctionTests("f", [Case(args=(1,), expected=1)] * 2, checker=checker)
    wall_s = 2 if "sleep" in body else 60
    outcome = box.run("def f(x): return 1", tests, limits=Limits(wall_s=wall_s, cpu_s=0.5))
    assert [t.status for t in outcome.tests] == [Status.INFRA_ERROR] * 2
    assert outcome.tests[0].reason.startswith("the checker ")
    assert said in outcome.tests[1].reason
    # What a checker cannot take is the program's choice, where nothing shows that it is broken.
    nothing_expected = FunctionTests("f", [Case(args=(1,))] * 2, checker=checker)
    chosen = box.run(
        "def f(x): return 1", nothing_expected, limits=Limits(wall_s=wall_s, cpu_s=0.5)
    )
    assert [t.status for t in chosen.tests] == [Status.WRONG_ANSWER] * 2
    assert said in chosen.tests[0].reason


@pytest.mark.parametrize("answer", ["'many'", "None", "[[]]", "float('nan')", "10**400"])
def test_no_answer_makes_a_sound_checker_lose_the_verdict(box, answer):
    checker = "def check(given, expected, answer): return 10 // int(answer) == expected"
    tests = FunctionTests("f", [Case(args=(1,), expected=2)], checker=checker)
    assert box.run("def f(x): return 5", tests).status is Status.ACCEPTED
    outcome = box.run(f"def f(x): return {answer}", tests)
    assert outcome.status is Status.WRONG_ANSWER, outcome


def test_a_signalling_nan_is_an_answer_like_any_other(box):
    tests = FunctionTests("f", [Case(expected=1)])
    for answer in ("Decimal('sNaN')", "[Decimal('sNaN')]", "{1: Decimal('sNaN')}"):
        source = f"from decimal import Decimal\ndef f(): return {answer}"
        assert box.run(source, tests).status is Status.WRONG_ANSWER
        judged = box.run(source, AssertTests(["assert f() == 1"]))
        assert judged.status in {Status.WRONG_ANSWER, Status.RUNTIME_ERROR}


def test_a_checker_dead_of_one_answer_judges_the_others(box):
    checker = (
        "import os\ndef check(given, expected, answer):\n    return answer != 2 or os._exit(1)"
    )
    tests = FunctionTests("f", [Case(args=(n,)) for n in range(4)], checker=checker)
    outcome = box.run("def f(x): return x", tests)
    right, refused = Status.ACCEPTED, Status.WRONG_ANSWER
    assert [t.status for t in outcome.tests] == [right, right, refused, right]


@pytest.mark.parametrize(
    ("checker", "why"),
    [("def check(", "SyntaxError"), ("x = 1", "no function `check`"), ("1 / 0", "ZeroDivision")],
)
def test_a_checker_that_cannot_be_used(box, checker, why):
    tests = FunctionTests("f", [Case(args=(1,))], checker=checker)
    with pytest.raises(BadTestsError, match=why):
        box.run("def f(x): return 1", tests)


SEND = "import os, struct\ndef send(p): os.write(3, struct.pack('>I', len(p)) + p)\n"


@pytest.mark.parametrize(
    "payload",
    ['["t",["b","zz"]]', '["t",["s",["l"]]]', '["t",["dt","date","x"]]', '["t",["?"]]', '["t"]'],
)
def test_an_answer_forged_to_break_the_checker_is_wrong(box, payload):
    source = SEND + f"send(b'A' + {payload.encode()!r})\ndef f(): pass"
    tests = FunctionTests("f", [Case()], checker="def check(g, e, a): return True")
    assert box.run(source, tests).status is Status.WRONG_ANSWER


def test_the_checker_is_confined_and_its_answers_are_data(box):
    spy = """
def check(given, expected, answer):
    try:
        open('/etc/passwd')
    except OSError:
        return type(answer) is list and answer == [1]
    return False
"""
    tests = FunctionTests("f", [Case()], checker=spy)
    assert box.run("def f(): return [1]", tests).status is Status.ACCEPTED


def test_steps_and_keywords_are_told(box):
    tests = FunctionTests(
        "S",
        [Case(steps=[Step(method="S"), Step(method="add", args=(2,))])],
        checker="def check(given, e, answer): return given[1] == ('add', (2,)) and answer[1] == 7",
    )
    source = "class S:\n def add(self, x): return 7"
    assert box.run(source, tests).status is Status.ACCEPTED
    named = FunctionTests(
        "f", [Case(args=(1,), kwargs={"b": 2})],
        checker="def check(given, e, answer): return given == (1, {'b': 2}) and answer == 3",
    )  # fmt: skip
    assert box.run("def f(a, b): return a + b", named).status is Status.ACCEPTED
