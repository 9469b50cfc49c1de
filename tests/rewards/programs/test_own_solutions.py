import json

import pytest

from rewards.programs.own_solutions import SOLUTION_COLUMNS, Program, own_solutions
from rewards.programs.task import RowTests, read_task

ASSERTS = ["assert add(1, 2) == 3"]
ADD = "def add(a, b):\n    return a + b"
CPP = "int main() {}"


def read(row, *, tests=ASSERTS, language=None, prompt=None):
    task = read_task(RowTests(tests, language=language), prompt, "python")
    return own_solutions(row, SOLUTION_COLUMNS, task=task, default="python", prompt=prompt)


@pytest.mark.parametrize(
    ("row", "sources"),
    [
        ({}, []),
        ({"canonical_solution": None, "code": ADD}, [ADD]),
        ({"code": ADD, "canonical_solution": "x = 1"}, ["x = 1"]),
        ({"solution": f"So:\n```python\n{ADD}\n```\nDone."}, [f"{ADD}\n"]),
        ({"solutions": ["a", "b", "c", "d"]}, ["a", "b", "c"]),
        ({"solutions": json.dumps(["a", "a", "b"])}, ["a", "b"]),
        ({"solutions": "[i for i in range(3)]"}, ["[i for i in range(3)]"]),
        ({"solutions": [1, None]}, []),
        ({"solutions": "[" * 100_000}, ["[" * 100_000]),
        ({"solution": "   "}, []),
        ({"solution": 7}, []),
        ({"solutions": {"language": 3}}, []),
        ({"incorrect_solutions": [ADD], "weather": ADD}, []),
    ],
)
def test_the_columns_and_shapes_of_data_sets(row, sources):
    assert [each.source for each in read(row)] == sources


def test_solutions_of_code_contests_bear_their_language():
    row = {"solutions": {"language": [1, 2, 2, 3, 9], "solution": ["old", CPP, "//", ADD, "?"]}}
    prints = [{"stdin": "1", "expected": "1"}]
    found = [Program(CPP, "cpp"), Program(ADD, "python"), Program("//", "cpp")]
    assert read(row, tests=prints) == found
    assert read(row, tests=prints, language="python") == [Program(ADD, "python")]


def test_a_body_goes_on_from_the_prompt_or_what_else_the_row_begins_with():
    stub = 'def add(a, b):\n    """Adds."""\n'
    body = {"canonical_solution": "    return a + b\n"}
    assert read(body, prompt=stub)[0].source == f"{stub}    return a + b\n"
    begun = read(body | {"declaration": "int add(int a, int b){"}, language="cpp")
    assert begun == [Program("int add(int a, int b){\n    return a + b\n", "cpp")]
