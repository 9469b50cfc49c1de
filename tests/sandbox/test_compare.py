import math
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.compare import Comparison, Order, same_lines, same_output, same_value, show
from sandbox.wire import encode


def same(expected, answer, **how):
    return same_value(encode(expected), encode(answer), Comparison(**how))


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ([1, 2], (1, 2)),
        ([1, 2], deque([1, 2])),
        ([0, 1], range(2)),
        ({1, 2}, frozenset({2, 1})),
        ({"a": [1]}, {"a": (1,)}),
        (math.nan, math.nan),
        ([math.inf], [math.inf]),
        (10**50, 10**50),
        (2.0**80, 2**80),
        (b"x", bytearray(b"x")),
        (1 + 0j, 1),
        (None, None),
        ({(1, 2): 3}, {(1, 2): 3}),
    ],
)
def test_equal(expected, answer):
    assert same(expected, answer)
    assert same(answer, expected)


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ([1, 2], 1),
        ([1, 2], [1]),
        ([1, 2], [2, 1]),
        ([1], [[1]]),
        (1, "1"),
        ("1", b"1"),
        (0.3, 0.1 + 0.2),
        ({1, 2}, [1, 2]),
        ({1: 2}, [(1, 2)]),
        (None, 0),
        (None, []),
        ([], ()) and ([], {}),
        (math.inf, -math.inf),
        (math.nan, 0.0),
        ("a", ["a"]),
        (object(), object()),
        ({1, 2}, {1}),
        ([1, 1, 2], [1, 2, 2]),
    ],
)
def test_different(expected, answer):
    assert not same(expected, answer)
    assert not same(expected, answer, tolerance=1e-9) or expected == 0.3


def test_strict_tells_types_apart():
    for expected, answer in (([1], (1,)), (1, True), (1, 1.0), ([1], deque([1]))):
        assert not same(expected, answer, strict=True)
        assert same(expected, answer)
    assert same([1, (2.5,)], [1, (2.5,)], strict=True)


def test_tolerance_reaches_into_containers():
    assert same([0.3, {"x": 1.0}], [0.1 + 0.2, {"x": 1.0 + 1e-9}], tolerance=1e-6)
    assert not same([0.3], [0.4], tolerance=1e-6)
    assert not same("0.3", 0.3, tolerance=1.0)
    assert same({0.3, 1.0}, {1.0, 0.1 + 0.2}, tolerance=1e-6)
    assert same(1e20, 1e20 + 1e8, tolerance=1e-6)
    assert not same(math.inf, 1e308, tolerance=1e-6)


def test_any_order():
    assert same([[1, 2], [3]], [[3], [1, 2]], order=Order.ANY)
    assert not same([[1, 2], [3]], [[3], [2, 1]], order=Order.ANY)
    assert same([[1, 2], [3]], [[3], [2, 1]], order=Order.ANY_NESTED)
    assert not same([1, 1, 2], [1, 2, 2], order=Order.ANY)
    assert same([0.3, 1], [1, 0.1 + 0.2], order=Order.ANY, tolerance=1e-6)


@pytest.mark.usefixtures("no_collections")
def test_colliding_numbers_cost_nothing():
    import time

    modulus = 2**61 - 1  # every multiple of it hashes to 0
    answer = ["s", *(["i", hex(k * modulus)] for k in range(50_000))]
    started = time.process_time()
    assert not same_value(encode(set(range(50_000))), answer)
    assert time.process_time() - started < 3


def test_json_made_texts_of_keys():
    assert not same({"1": 2}, {1: 2})
    for expected in ({"1": 2, "b": 3}, {1: 2, "b": 3}):
        assert same(expected, {1: 2, "b": 3}, json_keys=True)
        assert same(expected, {1: 2, "b": 3}, json_keys=True, tolerance=1e-9)
        assert not same(expected, {2: 2, "b": 3}, json_keys=True)
        assert not same(expected, {1: "2", "b": 3}, json_keys=True)
    assert same({"null": 1, "true": [1], "1.5": 2}, {None: 1, True: [1], 1.5: 2}, json_keys=True)
    assert not same({"01": 2}, {1: 2}, json_keys=True)
    assert not same("1", 1, json_keys=True)
    assert not same({"1": 2}, {1: 2, "1": 2}, json_keys=True)


def test_large_numbers_are_not_all_near():
    assert not same(10**400, 2 * 10**400, tolerance=1e-6)
    assert same(10**400, 10**400 + 1, tolerance=1e-6)
    assert not same(1e308, 10**400, tolerance=1e-6)
    assert not same(math.inf, 10**400, tolerance=1e-6)


_TAGS = ["l", "t", "s", "fs", "it", "d", "b", "i", "f", "c", "D", "F", "dt", "ln", "tn", "ty", "o"]
wires = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    | st.sampled_from(["sNaN", "NaN", "-sNaN123", "1e999999999999999999999", "\uff11", "0x", "inf",
                       "date", "2024-01-01", "zz", "", "1/0"]),
    lambda inner: st.lists(st.sampled_from(_TAGS) | inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@given(wires, wires)
def test_no_wire_value_raises(expected, answer):
    for how in ({}, {"tolerance": 1e-6}, {"json_keys": True}, {"order": Order.ANY_NESTED}):
        same_value(expected, answer, Comparison(**how))
        same_value(["l", 1, ["d", 1, 2]], answer, Comparison(**how))
    assert len(show(answer)) <= 160


@pytest.mark.parametrize("text", ["sNaN", "-sNaN", "sNaN123"])
@pytest.mark.parametrize("wrap", [lambda w: w, lambda w: ["l", w], lambda w: ["d", "k", w]])
def test_a_signalling_nan_equals_nothing(text, wrap):
    answer = wrap(["D", text])
    for how in (Comparison(), Comparison(tolerance=1e-6)):
        assert not same_value(wrap(["D", "1"]), answer, how)
        assert not same_value(wrap(1), answer, how)
        assert not same_value(["d", "k", ["D", "NaN"]], answer, how)


@pytest.mark.parametrize("answer", [["?"], ["d", 1], ["f"], ["F", "1", "q"], [], [[]], ["c"]])
def test_malformed_answers_equal_nothing(answer):
    assert not same_value(["l", 1], answer)
    assert not same_value(["l", 1], answer, Comparison(tolerance=1e-6))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_everything_equals_itself(value):
    assert same(value, value)
    assert same(value, value, strict=True)
    assert same(value, value, tolerance=1e-9)
    assert same(value, value, order=Order.ANY_NESTED)


@given(values, values)
def test_comparison_is_symmetric_and_never_raises(left, right):
    assert same(left, right) == same(right, left)
    assert len(show(encode(left))) <= 160


@pytest.mark.parametrize(
    ("expected", "printed", "equal"),
    [
        ("3\n", "3", True),
        ("1 2\n3", "1 2 \n3\n\n", True),
        ("1\n2\n3", "1\n", False),
        ("1\n", "1\n2\n", False),
        ("1 2 3", "1\n2\n3", True),
        ("YES", "yes", False),
        ("0.5", "0.50", True),
        ("0.50", ".5", True),
        ("3.0", "3", True),
        ("3", "3.0", False),
        ("v 1.10", "v 1.1", False),
        ("0.5", "0.50x", False),
        ("0.5", "\uff10.5", False),
        ("1.0\n2.50", "1.00 2.5", True),
        ("  *\n **\n***", "*\n**\n***", False),
        ("  *\n **\n***", "  * \n **\n***\n", True),
        ("* *\n *", "*  *\n *", True),
        ("  1\n2", "  1 2", False),
        ("1\n2", " 1\n  2", True),
        ("4\r\nab\r\n", "4\nab", True),
        ("", "", True),
        ("", "x", False),
        ("1", "", False),
    ],
)
def test_output(expected, printed, equal):
    assert same_output(expected, printed) is equal


def test_output_with_tolerance_and_by_line():
    assert same_output("0.5 x", "0.5000001 x", tolerance=1e-6)
    assert not same_output("0.5", "nan", tolerance=1e-6)
    assert not same_output("10", "1_0", tolerance=1e-6)
    assert not same_output("x", "y", tolerance=1e-6)
    assert not same_output("1", "\uff11", tolerance=1e-6)
    assert not same_output("1" + "0" * 350, "2" + "0" * 350, tolerance=1e-6)
    assert not same_output("1e400", "2e400", tolerance=1e-6)
    assert same_output("1" + "0" * 350, "1" + "0" * 349 + "1", tolerance=1e-6)
    assert same_output("inf", "Infinity", tolerance=1e-6)
    assert not same_output("inf", "-inf", tolerance=1e-6)
    assert not same_output("inf", "1e309", tolerance=1e-6)
    assert same_lines("1 2\n3", "1 2\n3\n")
    assert not same_lines("1 2\n3", "1 2 3")
