"""Test cells as data sets publish them, and what must not be read into them."""

import base64
import json
import pickle
import zlib

import pytest

from rewards.errors import InputError
from rewards.programs.facts import read_facts, records_of
from rewards.programs.literals import assignments, read_int
from rewards.programs.packed import unpack
from rewards.programs.row_tests import Row, read_tests


def packed(value):
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def functions(value, **row):
    return [(c.args, dict(c.kwargs), c.expected) for c in read_tests(value, Row(**row)).functions]


CASES = [{"input": "4\n", "output": "16\n", "testtype": "stdin"}]


def test_livecodebench_packs_its_private_tests():
    tests = read_tests(packed(json.dumps(CASES)), Row())
    assert [(c.stdin, c.expected) for c in tests.prints] == [("4\n", "16\n")]
    with pytest.raises(InputError, match="more than text"):
        unpack(packed([1, 2]))
    with pytest.raises(InputError, match="more than text"):
        unpack(packed(print))
    with pytest.raises(InputError, match="unpacked"):
        unpack("eJxrYJla" + "A" * 40)


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


def test_no_pickle_is_ever_run():
    with pytest.raises(InputError):
        read_tests(packed(Evil()), Row())


def test_a_row_of_livecodebench_whole():
    row = {
        "public_test_cases": json.dumps(
            [{"input": "[1]", "output": "1", "testtype": "functional"}]
        ),
        "private_test_cases": packed(
            json.dumps([{"input": "[2]\n3", "output": '"2"', "testtype": "functional"}])
        ),
        "metadata": json.dumps({"func_name": "f"}),
    }
    for value, cells in ((row, {}), (row["public_test_cases"], row)):
        tests = read_tests(value, Row(cells=cells))
        assert tests.entry == "f"
        assert [(c.args, c.expected) for c in tests.functions] == [(([1],), 1), (([2], 3), "2")]
        assert not tests.public_only


def test_samples_alone_are_said_to_be_so():
    tests = read_tests(
        {"public_tests": {"input": ["1"], "output": ["2"]}, "private_tests": {}}, Row()
    )
    assert tests.public_only
    columns = {"public_tests": CASES, "private_tests": CASES, "generated_tests": None}
    assert len(read_tests(columns["public_tests"], Row(cells=columns)).prints) == 2
    copied = [dict(case) for case in CASES]  # as a row that went through JSON holds them
    assert len(read_tests(copied, Row(cells=columns)).prints) == 2
    another = [*CASES, *CASES, *CASES]  # of a column that is none of these
    assert len(read_tests(another, Row(cells=columns)).prints) == 3
    none = {"public_tests": CASES, "private_tests": {"input": [], "output": []}}
    assert read_tests(none, Row()).public_only


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([[48], [42]], [48, 42]),
        ([[2], [2, 4], []], [[2], [2, 4], []]),
        ([["101"], ["110"]], ["101", "110"]),
        (["101", "110"], ["101", "110"]),
        ([[[1, 2]], [[3]]], [[1, 2], [3]]),
        ([1, [2]], [1, [2]]),
        ([{"1": 2}], [{"1": 2}]),
    ],
)
def test_answers_are_unwrapped_where_all_are_wrapped(outputs, expected):
    value = {"fn_name": "f", "inputs": [[1]] * len(outputs), "outputs": outputs}
    assert [answer for _, _, answer in functions(value)] == expected


def test_values_keep_their_type_and_text_is_decoded_once():
    assert functions([{"args": [5], "expected": "101"}], entry="f") == [((5,), {}, "101")]
    assert functions([{"args": [5], "expected": [1]}], entry="f") == [((5,), {}, [1])]
    assert functions([{"input": "5", "output": "101"}], entry="f") == [((5,), {}, 101)]
    assert functions([{"input": "5", "output": '"101"'}], entry="f") == [((5,), {}, "101")]
    assert functions([{"input": '["a"]\n2', "output": "x"}], entry="f") == [((["a"], 2), {}, "x")]
    given = {"type": "function_call", "fn_name": "f", "input": [1, 2], "output": [3]}
    assert functions({"test_cases": [given]}) == [((1, 2), {}, 3)]
    named = [{"input": "a = [1, null], b = 'x'", "output": "true"}]
    assert functions(named, entry="f") == [((), {"a": [1, None], "b": "x"}, True)]


@pytest.mark.parametrize(
    "value",
    [
        [{"input": "1 2\n"}],
        [{"input": "1", "output": None}],
        {"inputs": ["1"], "outputs": [None]},
        {"inputs": ["1"]},
        {"fn_name": "f", "inputs": [[1]]},
        [{"args": [1], "fn_name": "f"}],
        {"public_tests": {"input": ["1"], "output": ["2"]}, "private_tests": [{"input": "3"}]},
    ],
)
def test_nothing_expected_is_no_test(value):
    with pytest.raises(InputError, match=r"expects nothing|cannot read"):
        read_tests(value, Row())
    checker = "def check(given, expected, answer): return True"
    assert read_tests(value, Row(checker=checker)).checker


def test_nothing_may_be_what_a_function_returns():
    assert functions([{"args": [1], "expected": None}], entry="f") == [((1,), {}, None)]
    assert read_tests([{"input": "1", "output": ""}], Row()).prints[0].expected == ""


def test_lines_of_a_list_end_as_lines_of_a_file_do():
    case = read_tests({"inputs": [["1", "abc"]], "outputs": [["cba"]]}, Row()).prints[0]
    assert (case.stdin, case.expected) == ("1\nabc\n", "cba\n")
    assert read_tests([{"input": "a\r\nb\r\n", "output": "1"}], Row()).prints[0].stdin == "a\nb\n"


def test_integers_of_any_length():
    digits = "-" + "7" * 9_000
    value = functions(f'{{"fn_name": "f", "inputs": [[1]], "outputs": [[{digits}]]}}')[0][2]
    assert value == -(7 * (10**9_000 - 1) // 9)
    assert read_int("12") == 12
    with pytest.raises(ValueError, match="digits"):
        read_int("1" * 1_000_001)


@pytest.mark.parametrize(
    ("cells", "time_s", "memory_mb", "tolerance"),
    [
        ({"time_limit": 2, "memory_limit": 256}, 2.0, 256.0, None),
        ({"time_limit": "2 seconds", "memory_limit": "256 megabytes"}, 2.0, 256.0, None),
        ({"time_limit": {"seconds": 1, "nanos": 500_000_000}}, 1.5, None, None),
        ({"memory_limit_bytes": 256 << 20, "tolerance": 1e-4}, None, 256.0, 1e-4),
        ({"time_limit": 2000, "tolerance": "1e-6"}, 2.0, None, 1e-6),
        ({"time_limit": "soon", "memory_limit": -1, "tolerance": 5}, None, None, None),
        ({"time_limit": float("nan"), "memory_limit": True}, None, None, None),
    ],
)
def test_limits_that_a_row_states(cells, time_s, memory_mb, tolerance):
    facts = read_facts(cells)
    assert (facts.time_s, facts.memory_mb, facts.tolerance) == (time_s, memory_mb, tolerance)


def test_the_program_sees_no_answers_of_the_set_up():
    setup = "import math\nKEY = {1: 2}\nclass P:\n    x: int\n"
    setup += "class R:\n    def solve(self): return 42\ndef ref(x): return 42\n"
    assert records_of(setup) == "import math\nclass P:\n    x: int"
    row = {"test_list": ["assert f(1) == ref(1)"], "test_setup_code": setup}
    tests = read_tests(row, Row())
    assert "42" not in tests.prelude
    assert "42" in "".join((tests.setup, *tests.asserts))


def test_interactive_problems_are_told():
    assert read_facts({"interaction_format": "the jury answers …"}).interactive
    assert not read_facts({"interaction_format": ""}).interactive


@pytest.mark.parametrize("text", ["f(1)", "a == 1", "a = b", "x", "", "=", "a = __import__('os')"])
def test_assignments_are_literals_alone(text):
    assert assignments(text) is None
