import json
import sys

import pytest

from rewards import Code, Status, code
from rewards.errors import InputError, MissingColumnError
from rewards.programs.row_tests import Row, read_tests
from rewards.programs.task import read_task
from rewards.rules import program
from sandbox.languages import LANGUAGES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

ADD = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
ASSERTS = ["assert add(1, 2) == 3", "assert add(0, 0) == 0"]


def block(source, tag="python"):
    source = source.rstrip("\n") + "\n"
    return f"<think>hm ```python\nwrong\n```</think>\nHere:\n```{tag}\n{source}```\nDone."


def test_a_right_program_scores_one_and_a_wrong_one_nothing():
    assert code.verify(block(ADD), ASSERTS).score == 1.0
    verdict = code.verify(block(WRONG), ASSERTS)
    assert (verdict.score, verdict.status) == (0.0, Status.WRONG)
    assert "assert add(1, 2) == 3" in verdict.reason
    assert verdict.extracted == WRONG


def test_a_rows_tests_are_made_once_for_its_group(monkeypatch):
    made = []
    for name in ("with_number_keys", "sandbox_tests"):
        once = getattr(program, name)
        monkeypatch.setattr(
            program, name, lambda *a, once=once, name=name, **k: made.append(name) or once(*a, **k)
        )
    row = json.dumps([{"args": [1, 41], "expected": 42}])
    scores = Code(tolerance=0.25, workers=1)(
        completions=[block(ADD)] * 6, tests=[row] * 6, entry_point=["add"] * 6
    )
    assert scores == [1.0] * 6
    assert sorted(made) == ["sandbox_tests", "with_number_keys"]


def test_tests_behind_the_first_failure_are_told_from_failed_ones():
    tests = ["assert add(1, 2) == 3", "assert add(0, 0) == 0", "assert add(5, 0) == 5"]
    wrong = block("def add(a, b):\n    return a - b\n")
    assert code.verify(wrong, tests).reason.startswith("0 of 3 tests passed, 2 not reached; test 1")
    whole = Code(partial=True).verify(wrong, tests).reason
    assert whole.startswith("2 of 3 tests passed; test 1: ")


def test_the_share_of_tests_passed():
    partial = Code(partial=True)
    assert partial.verify(block(WRONG), ASSERTS).score == 0.5
    assert partial.verify(block(ADD), ASSERTS).score == 1.0


@pytest.mark.parametrize(
    ("completion", "status"),
    [
        ("no code", Status.NO_ANSWER),
        (f"<think>```python\n{ADD}```", Status.NO_ANSWER),
        (f"```python\n{ADD}", Status.NO_ANSWER),
        (block(""), Status.NO_ANSWER),
        (block("def add(a, b:"), Status.WRONG),
        (block("import os; os._exit(0)"), Status.WRONG),
        (block("def add(a, b):\n    while True: pass\n"), Status.TIMEOUT),
        (block("int main() {}", "cpp"), Status.BAD_FORMAT),
    ],
)
def test_what_a_completion_fails_at(completion, status):
    verdict = Code(cpu_s=0.5).verify(completion, ASSERTS)
    assert (verdict.score, verdict.status) == (0.0, status)


@pytest.mark.parametrize("reference", ["", "assert (", ["assert 1 == 1"], {"a": 1}, [], [3], "[]"])
def test_tests_that_cannot_be_used_score_none(reference):
    verdict = code.verify(block(ADD), reference)
    assert (verdict.score, verdict.status) == (None, Status.BAD_REFERENCE)


def test_a_row_without_tests_is_not_applicable():
    columns = {"tests": [ASSERTS, None]}
    assert code(completions=[block(ADD)] * 2, **columns) == [1.0, None]
    with pytest.raises(MissingColumnError):
        code(completions=[block(ADD)], answer=["x"])


HUMAN_EVAL = {
    "test": (
        "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(0, 5) == 5\n"
    ),
    "entry_point": "add",
}
SOLUTION = "class Solution:\n    def add(self, a, b):\n        return a + b\n"
MAIN = "print(sum(map(int, input().split())))\n"
SHAPES = [
    (ADD, ASSERTS),
    (ADD, "\n".join(ASSERTS)),
    (ADD, json.dumps(ASSERTS)),
    (ADD, HUMAN_EVAL),
    (ADD, json.dumps(HUMAN_EVAL)),
    (ADD, {"test_list": ASSERTS, "test_setup_code": "import math"}),
    (SOLUTION, HUMAN_EVAL | {"entry_point": "Solution().add"}),
    (ADD, {"fn_name": "add", "inputs": [[1, 2], [3, 4]], "outputs": [[3], [7]]}),
    (SOLUTION, {"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}),
    (ADD, {"entry_point": "add", "tests": [{"args": [1, 2], "expected": 3}]}),
    (ADD, {"entry_point": "add", "tests": [{"args": ["a"], "kwargs": {"b": "b"}, "output": "ab"}]}),
    (SOLUTION, {"entry_point": "add", "tests": "[{'input': 'a = 1, b = 2', 'output': '3'}]"}),
    (SOLUTION, [{"input": "1\n2", "output": "3", "testtype": "functional", "fn_name": "add"}]),
    (ADD, [{"type": "function_call", "fn_name": "add", "input": [1, 2], "output": 3}]),
    (MAIN, {"inputs": ["1 2\n"], "outputs": ["3\n"]}),
    (MAIN, {"input": ["1 2\n"], "output": ["3\n"]}),
    (MAIN, json.dumps({"inputs": ["1 2\n"], "outputs": ["3\n"]})),
    (MAIN, [{"input": {"stdin": "1 2"}, "output": {"stdout": "3\n"}}]),
    (MAIN, [{"stdin": "1 2", "expected": "3"}, {"input": "4 5", "output": "9"}]),
    (MAIN, [{"type": "stdin_stdout", "input": "1 2", "output": "3"}]),
    (MAIN, [["1 2", "3"]]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "tests"), SHAPES)
def test_every_common_shape_of_tests(source, tests):
    verdict = code.verify(block(source), tests)
    assert verdict.score == 1.0, verdict
    broken = block(source.replace("+", "-").replace("sum(", "max("))
    assert code.verify(broken, tests).score == 0.0


def test_columns_beside_the_tests_are_read():
    columns = {
        "test": [HUMAN_EVAL["test"]] * 2,
        "entry_point": ["add", "Solution().add"],
    }
    assert code(completions=[block(ADD), block(SOLUTION)], **columns) == [1.0, 1.0]


def test_a_prompt_of_python_helps_program_and_tests():
    prompt = "from typing import List\n\ndef helper(x):\n    return x + 1\n"
    program = "def f(x: List[int]) -> int:\n    return helper(x[0])\n"
    test = "def check(candidate):\n    assert candidate([1]) == helper(1)\n"
    row = {"test": test, "entry_point": "f"}
    assert code.verify(block(program), row, prompt=prompt).score == 1.0


def test_a_language_of_the_row_and_of_the_fence():
    read = 'int a, b; scanf("%d %d", &a, &b);'
    c = f'#include <stdio.h>\nint main(void) {{ {read} printf("%d", a + b); }}'
    tests = {"inputs": ["1 2"], "outputs": ["3"]}
    verdict = code.verify(block(c, "c"), tests)
    assert verdict.score in {1.0, None}, verdict  # None without a compiler
    if verdict.score is None:
        assert verdict.status is Status.NOT_APPLICABLE
    assert code(completions=[block(MAIN)], tests=[tests], language=["c"]) == [0.0]


def test_many_samples_keep_their_order():
    completions = [block(ADD if n % 3 else WRONG) for n in range(12)]
    scores = code(completions=completions, tests=[ASSERTS] * 12)
    assert scores == [float(n % 3 > 0) for n in range(12)]


@pytest.mark.parametrize("value", [None, 3, {}, {"inputs": [1], "outputs": []}, [{"x": 1}], " "])
def test_unreadable_shapes_say_so(value):
    with pytest.raises(InputError):
        read_tests(value, Row())


CHECK = HUMAN_EVAL["test"]
STUB = 'import math\n\ndef add(a, b):\n    """Add them."""\n'


def test_a_notebook_user_names_the_entry_and_the_prompt():
    assert code.verify(block(ADD), CHECK, entry_point="add").score == 1.0
    assert code.verify(block(SOLUTION), CHECK, entry_point="Solution().add").score == 1.0
    nameless = code.verify(block(ADD), CHECK)
    assert nameless.status is Status.BAD_REFERENCE
    assert "entry_point" in nameless.reason
    assert "--entry" in nameless.reason
    uses_math = "def add(a, b):\n    return int(math.fsum([a, b]))\n"
    assert code.verify(block(uses_math), CHECK, entry_point="add", prompt=STUB).score == 1.0
    c = "int add(int a, int b) { return a + b; }"
    told = code.verify(block(c, "c"), ["assert add(1, 2) == 3"], language="python")
    assert told.status is Status.BAD_FORMAT


@pytest.mark.parametrize(
    ("completion", "score"),
    [
        ("    return a + b\n", 1.0),
        ("\n    total = a + b\n    return total", 1.0),
        ("    return a - b\n", 0.0),
        (block("    return a + b\n"), 1.0),
        (block(ADD), 1.0),
        ("a + b", 0.0),
        ("I would add them.", 0.0),
        ("    I would add them.", 0.0),
        (block("def plus(a, b):\n    return a + b\n"), 0.0),
    ],
)
def test_a_completion_may_continue_a_python_prompt(completion, score):
    assert code.verify(completion, CHECK, entry_point="add", prompt=STUB).score == score


def test_a_body_without_a_prompt_to_continue_is_no_answer():
    body = "    return a + b\n"
    for prompt in (None, "Add two numbers.", "import math\n", [{"role": "user", "content": STUB}]):
        verdict = code.verify(body, CHECK, entry_point="add", prompt=prompt)
        assert (verdict.score, verdict.status) == (0.0, Status.NO_ANSWER)


def test_a_program_that_forgets_the_function_is_told_so():
    other = block("def plus(a, b):\n    return a + b\n")
    verdict = code.verify(other, CHECK, entry_point="add", prompt=STUB)
    assert "'add' is not defined" in verdict.reason


@pytest.mark.parametrize(
    "options", [{"language": "typo"}, {"wall_s": 0}, {"cpu_s": -1}, {"memory_mb": 0}]
)
def test_options_that_cannot_be_are_refused_at_once(options):
    with pytest.raises(InputError, match=next(iter(options))):
        Code(**options)


def test_the_outer_entry_wins():
    tests = {"fn_name": "nothing", "inputs": [[1, 2]], "outputs": [3]}
    assert code.verify(block(ADD), tests, entry_point="add").score == 1.0
    assert code.verify(block(ADD), tests).score == 0.0
    assert code(completions=[block(ADD)], tests=[tests], entry_point=["add"]) == [1.0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[{"args": [1, 2],\n "expected" 3}]', "line 2 column 13"),
        ('{"inputs": [1}', "line 1 column 14"),
        ("[" * 100_000, "nests too deep"),
    ],
)
def test_broken_json_says_where(text, place):
    with pytest.raises(InputError, match=place):
        read_tests(text, Row())
    assert place in code.verify(block(ADD), text).reason


def test_partial_credit_counts_the_asserts_of_a_source():
    partial = Code(partial=True)
    nearly = "def add(a, b):\n    return a + b if a else b\n"
    always_three = "def add(a, b):\n    return 3\n"
    assert partial.verify(block(nearly), CHECK, entry_point="add").score == 1.0
    assert partial.verify(block(always_three), CHECK, entry_point="add").score == 0.5
    source = "x = add(1, 2)\nassert x == 3\nassert x > 2\nassert add(2, 2) == 4"
    verdict = partial.verify(block(always_three), source)
    assert verdict.score == pytest.approx(2 / 3)
    assert "assert add(2, 2) == 4: got 3, compared with 4" in verdict.reason
    assert code.verify(block(always_three), source).score == 0.0


def test_a_variable_of_the_tests_never_comes_from_the_program():
    test = "def check(c):\n    x = c(5, 0)\n    assert x == 5\n    x += 1\n    assert x == 6\n"
    planted = block("x = 5\ndef add(a, b):\n    raise ValueError\n")
    verdict = Code(partial=True).verify(planted, test, entry_point="add")
    assert verdict.score == 0.0, verdict
    assert Code(partial=True).verify(block(ADD), test, entry_point="add").score == 1.0


def test_set_up_that_builds_the_programs_objects_runs_with_the_tests():
    node = "class Node:\n    def __init__(self, v):\n        self.v = v\n"
    program = node + "def value(n):\n    return n.v\n"
    row = {"test_list": ["assert value(node) == 4"], "test_setup_code": "node = Node(4)"}
    assert code.verify(block(program), row).score == 1.0
    assert code.verify(block(program), row["test_list"], setup_code="node = Node(4)").score == 1.0


ANY_PAIR = """
def check(given, expected, answer):
    return type(answer) is list and sum(answer) == given[0]
"""


def test_a_checker_judges_where_many_answers_are_right():
    splits = ["def split(n):\n    return [1, n - 1]\n", "def split(n):\n    return [n, 0]\n"]
    wrong = "def split(n):\n    return [n]*2\n"
    row = {"fn_name": "split", "inputs": [[5], [9]], "checker": ANY_PAIR}
    for source, score in [(splits[0], 1.0), (splits[1], 1.0), (wrong, 0.0)]:
        assert code.verify(block(source), row).score == score
        columns = {"tests": [{"fn_name": "split", "inputs": [[5]]}], "checker": [ANY_PAIR]}
        assert code(completions=[block(source)], **columns) == [score]
    printed = "def check(given, expected, answer):\n    return int(answer) ** 2 == int(given)"
    either = [{"stdin": "49"}]
    assert code.verify(block("print(-7)"), either, checker=printed).score == 1.0
    assert code.verify(block("print(6)"), either, checker=printed).score == 0.0


def test_a_broken_checker_costs_no_program_its_score():
    row = {"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}
    raises = "def check(given, expected, answer):\n    raise KeyError(given)"
    for reward in (code, Code(partial=True)):
        verdict = reward.verify(block(ADD), row, checker=raises)
        assert (verdict.score, verdict.status) == (None, Status.ERROR)
        assert "the checker raised KeyError" in verdict.reason
    unusable = code.verify(block(ADD), row, checker="x = 1")
    assert (unusable.score, unusable.status) == (None, Status.BAD_REFERENCE)
    beside_asserts = code.verify(block(ADD), ASSERTS, checker=ANY_PAIR)
    assert beside_asserts.status is Status.BAD_REFERENCE


def fenced(*blocks):
    return "\n".join(f"```{tag}\n{source.rstrip()}\n```\ntext" for tag, source in blocks)


@pytest.mark.parametrize(
    ("blocks", "tests"),
    [
        ([("python", ADD), ("python", "print(add(1, 2))")], ASSERTS),
        ([("python", ADD), ("text", "3")], ASSERTS),
        ([("python", MAIN), ("bash", "echo 1 2 | python a.py"), ("", "3")], [["1 2", "3"]]),
        ([("python", "def add(a, b):\n    return plus(a, b)"), ("text", "")], None),
        ([("python", "def plus(a, b):\n    return a + b"),
          ("python", "def add(a, b):\n    return plus(a, b)")], ASSERTS),
    ],
)  # fmt: skip
def test_the_program_is_found_among_blocks(blocks, tests):
    verdict = code.verify(fenced(*blocks), tests or ASSERTS)
    assert verdict.score == (0.0 if tests is None else 1.0), verdict
    if len(blocks) > 1 and tests is not None:
        assert " of " in verdict.reason


@pytest.mark.parametrize(
    ("completion", "status"),
    [
        (fenced(("kotlin", "fun main() { println(3) }")), Status.BAD_FORMAT),
        (fenced(("text", "3")), Status.NO_ANSWER),
        ("print(sum(map(int, input().split())))", Status.CORRECT),
        ("The sum of them is 3.", Status.NO_ANSWER),
        ("import sys, and then add them up.", Status.NO_ANSWER),
        (f"<think>x</think>\n```python\ns = '</think>'\n{MAIN}```", Status.CORRECT),
    ],
)
def test_what_stands_for_a_program(completion, status):
    verdict = code.verify(completion, [["1 2", "3"]])
    assert verdict.status is status, verdict
    assert verdict.score == float(status is Status.CORRECT)


def test_a_fence_can_be_asked_for():
    assert Code(needs_fence=True).verify(MAIN, [["1 2", "3"]]).status is Status.NO_ANSWER


@pytest.mark.parametrize("language", ["Kotlin", "C# 10"])
def test_a_row_that_asks_for_what_nothing_runs_is_not_applicable(language):
    verdict = code.verify(block(MAIN), [["1 2", "3"]], language=language)
    assert (verdict.score, verdict.status) == (None, Status.NOT_APPLICABLE)
    assert code.verify(block(MAIN), [["1 2", "3"]], language="en").score == 1.0


def test_a_program_cannot_choose_to_have_no_score():
    absent = [one.name for one in LANGUAGES if one.find() is None]
    for tag in (*absent, "kotlin", "brainfuck"):
        verdict = code.verify(fenced((tag, "x")), [["1 2", "3"]])
        assert verdict.score == 0.0, verdict
    for answer in ("Decimal('sNaN')", "[Decimal('sNaN')]", "float('nan')", "1j", "object()"):
        source = f"from decimal import Decimal\ndef add(a, b):\n    return {answer}"
        for tests in (ASSERTS, {"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}):
            verdict = Code(tolerance=1e-6).verify(block(source), tests)
            assert verdict.score == 0.0, verdict


def test_a_row_states_limits_tolerance_and_order():
    third = {"inputs": [""], "outputs": ["0.333333"]}
    printed = block("print(1 / 3)")
    assert code.verify(printed, third).score == 0.0
    assert code.verify(printed, third, tolerance=1e-4).score == 1.0
    assert code.verify(printed, third | {"tolerance": 1e-4}).score == 1.0
    large = block("a = bytearray(700 << 20)\nprint(1)")
    assert code.verify(large, [["", "1"]]).score == 0.0
    assert code.verify(large, [["", "1"]], memory_limit=1024).score == 1.0
    spin = block("import time\nwhile time.process_time() < 1.5: pass\nprint(1)")
    assert code.verify(spin, [["", "1"]]).score == 1.0
    assert code.verify(spin, [["", "1"]], time_limit="1 second").status is Status.TIMEOUT
    assert Code(time_scale=3).verify(spin, [["", "1"]], time_limit="1 second").score == 1.0
    pairs = {"fn_name": "f", "inputs": [[1]], "outputs": [[[1, 2]]]}
    assert code.verify(block("def f(x): return [2, 1]"), pairs).score == 0.0
    assert code.verify(block("def f(x): return [2, 1]"), pairs, any_order=True).score == 1.0


def test_annotations_are_types_and_must_name_something():
    listed = block("def add(a: Lst[int], b):\n    return a + b")
    assert code.verify(listed, ASSERTS).score == 0.0
    fields = "from dataclasses import dataclass, fields\n@dataclass\nclass A:\n    x: int = 1\n"
    assert (
        code.verify(block(fields + "print(fields(A)[0].type is int)"), [["", "True"]]).score == 1.0
    )
    solution = (
        "class Solution:\n    def f(self, a: List[int]) -> int:\n        return Counter(a)[1]"
    )
    row = {"fn_name": "f", "inputs": [[[1, 1]]], "outputs": [2]}
    assert code.verify(block(solution), row).score == 1.0


def test_samples_alone_are_named_in_the_reason():
    public = {"public_tests": {"input": ["1 2"], "output": ["3"]}}
    whole = public | {"private_tests": {"input": ["3 4"], "output": ["7"]}}
    samples_only = block("print(3)")
    assert "public samples alone" in code.verify(samples_only, public).reason
    assert code.verify(samples_only, whole).score == 0.0
    assert code.verify(block(MAIN), whole).score == 1.0


LINKED = """
class Solution:
    def reverse(self, head: Optional[ListNode]) -> Optional[ListNode]:
        back = None
        while head:
            head.next, back, head = back, head, head.next
        return back
"""


def test_lists_stand_for_linked_lists_where_the_signature_says_so():
    row = {"fn_name": "reverse", "inputs": [[[1, 2, 3]], [[]]], "outputs": [[[3, 2, 1]], [[]]]}
    assert code.verify(block(LINKED), row).score == 1.0
    wrong = LINKED.replace("return back", "return head")
    assert code.verify(block(wrong), row).score == 0.0


def test_a_function_may_change_its_argument_unless_the_prompt_wants_a_result():
    source = block("def f(a):\n    a.sort()")
    row = {"fn_name": "f", "inputs": [[[2, 1]]], "outputs": [[[1, 2]]]}
    assert code.verify(source, row, prompt="Sort a in place.").score == 1.0
    assert code.verify(source, row, prompt="Return the sorted list.").score == 0.0
    assert code.verify(block("def f(a):\n    pass"), row).score == 0.0


PYTEST = """
import pytest
from solution import add

@pytest.mark.parametrize("a, b, c", [(1, 2, 3), (0, 0, 0)])
def test_add(a, b, c):
    assert add(a, b) == pytest.approx(c)

def test_text():
    with pytest.raises(TypeError):
        add(1, "a")
"""
UNITTEST = """
import unittest
class TestCases(unittest.TestCase):
    def setUp(self):
        self.pair = (1, 2)
    def test_pair(self):
        self.assertEqual(add(*self.pair), 3)
if __name__ == "__main__":
    unittest.main()
"""


@pytest.mark.parametrize("tests", [PYTEST, UNITTEST])
def test_tests_for_a_runner(tests):
    assert code.verify(block(ADD), tests).score == 1.0
    assert code.verify(block(WRONG), tests).score == 0.0
    assert code.verify(block("def add(a, b): raise TypeError"), tests).score == 0.0
    assert Code(partial=True).verify(block(ADD), tests).score == 1.0


def test_the_tests_objects_stay_with_the_tests():
    setup = "def reference(x):\n    return x * 7919 % 10007\nANSWERS = {3: 3743}\n"
    tests = ["assert f(3) == reference(3)"]
    right = "def f(x):\n    return x * 7919 % 10007"
    assert code.verify(block(right), tests, setup_code=setup).score == 1.0
    for steal in ("reference(x)", "ANSWERS[x]", "__import__('__main__').reference(x)"):
        stolen = block(f"def f(x):\n    return {steal}")
        assert code.verify(stolen, tests, setup_code=setup).score == 0.0
    lacks = ["assert is_close(f(3), 3743)"]
    planted = block("def f(x): return 0\ndef is_close(a, b): return True")
    assert code.verify(planted, lacks).status is Status.BAD_REFERENCE


def test_a_rows_tests_are_read_once_for_its_completions(monkeypatch):
    read = []
    monkeypatch.setattr(program, "read_task", lambda *a: read.append(1) or read_task(*a))
    tests = json.dumps(["assert add(20, 1) == 21", "assert add(0, 0) == 0"])
    scores = Code(workers=1)(completions=[block(ADD), block(WRONG)] * 3, tests=[tests] * 6)
    assert scores == [1.0, 0.0] * 3
    assert len(read) == 1
    assert code.verify(block(ADD), tests, entry_point="add", time_limit=3).score == 1.0
    assert len(read) == 2


def test_modules_that_programs_may_import():
    tests = {"inputs": [""], "outputs": ["1"]}
    program = "```python\nimport sortedcontainers\nprint(1)\n```"
    assert Code(modules=["sortedcontainers"]).verify(program, tests).score == 1.0
    verdict = Code(modules=[]).verify(program, tests)
    assert verdict.score == 0.0
    assert "not installed here" in verdict.reason
    with pytest.raises(InputError, match="list of names"):
        Code(modules="sortedcontainers")


def test_programs_may_be_several_processes_where_that_is_asked_for():
    read = read_tests(ASSERTS, Row())
    assert Code()._limits(read).processes == 1
    assert Code(processes=6)._limits(read).processes == 6
    with pytest.raises(InputError, match="processes=0"):
        Code(processes=0)
