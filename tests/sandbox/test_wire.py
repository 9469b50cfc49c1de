import math
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.wire import (
    MAX_DEPTH,
    BinaryTree,
    LinkedList,
    WireError,
    decode,
    encode,
    from_bytes,
    to_bytes,
)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
hashable = st.recursive(
    scalars | st.binary() | st.complex_numbers(allow_nan=False),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
values = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(hashable, inner, max_size=3)
        | st.sets(hashable, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_a_value_survives_the_trip(value):
    assert decode(from_bytes(to_bytes(encode(value)))) == value


@pytest.mark.parametrize("value", [math.nan, [math.nan], {"a": math.nan}])
def test_nan_survives_as_itself(value):
    assert repr(decode(from_bytes(to_bytes(encode(value))))) == repr(value)


def test_types_stay_apart():
    for value in ([1], (1,), {1}, {1: 2}, b"1", "1", 1, 1.0, True, 1 + 0j, 10**40):
        got = decode(from_bytes(to_bytes(encode(value))))
        assert (type(got), got) == (type(value), value)


def test_subclasses_travel_as_what_they_are_made_of():
    from collections import Counter, OrderedDict, defaultdict
    from enum import IntEnum

    class Colour(IntEnum):
        RED = 1

    class Pair(NamedTuple):
        a: int
        b: int

    for value, plain in (
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(int, {1: 2}), {1: 2}),
        (Pair(1, 2), (1, 2)),
        (Colour.RED, 1),
    ):
        got = decode(encode(value))
        assert (type(got), got) == (type(plain), plain)


def test_a_list_that_holds_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(WireError, match="nests deeper"):
        encode(loop)


def test_an_endless_iterator_is_refused():
    import itertools

    with pytest.raises(WireError, match="more than"):
        encode(itertools.count())


def test_a_wide_self_reference_is_refused_in_time():
    loop = []
    loop += [loop, loop]
    with pytest.raises(WireError):
        encode(loop)


@pytest.mark.parametrize(
    "message",
    [
        b"[" * 200_000 + b"]" * 200_000,
        b'["l",' * 5000 + b"1" + b"]" * 5000,
        b"1" * 5000,
        b"[" + b"[]," * 1_000_000 + b"[]]",
        b'{"__class__": "x"}',
        b"NaN",
        b"Infinity",
        b"\xff\xfe",
        b"",
        b"[1,",
    ],
    ids=str,
)
def test_hostile_messages_are_refused(message):
    with pytest.raises(WireError):
        from_bytes(message)


def test_a_deep_message_is_refused_even_where_recursion_is_unlimited():
    import sys

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        with pytest.raises(WireError):
            from_bytes(b"[" * 2_000_000)
    finally:
        sys.setrecursionlimit(before)


def test_brackets_inside_strings_do_not_count():
    text = '["l","' + "[" * 1000 + '"]'
    assert decode(from_bytes(text.encode())) == ["[" * 1000]


@pytest.mark.parametrize("wire", [["?"], ["d", 1], ["i", "zz"], ["F", "1"], [["l"]], ["c", 1]])
def test_malformed_values_are_refused(wire):
    with pytest.raises(WireError):
        decode(wire)


def test_nodes_travel_by_value():
    class ListNode:
        def __init__(self, val, next=None):
            self.val, self.next = val, next

    class TreeNode:
        def __init__(self, val, left=None, right=None):
            self.val, self.left, self.right = val, left, right

    assert decode(encode(ListNode(1, ListNode(2)))) == LinkedList([1, 2])
    tree = TreeNode(1, None, TreeNode(2, TreeNode(3)))
    assert decode(encode(tree)) == BinaryTree([1, None, 2, 3])
    loop = ListNode(1)
    loop.next = loop
    with pytest.raises(WireError, match="does not end"):
        encode(loop)


def test_an_object_of_another_class_travels_as_its_name():
    class Liar:
        def __eq__(self, other):
            return True

        def __hash__(self):
            return 0

    assert encode(Liar()) == ["o", "Liar"]


def test_depth_up_to_the_limit_is_fine():
    value = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    assert decode(from_bytes(to_bytes(encode(value)))) == value
