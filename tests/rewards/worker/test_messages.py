"""What may travel to a worker and back."""

import math

import pytest

from rewards.worker import Ending


def test_values_survive(open_either):
    pool = open_either("echo")
    for value in [None, True, 0, -1.5, 10**40, "", "π\ud800\n\0", [], {"a": [1, {"b": None}]}]:
        assert pool.run(value).value == value
    assert math.isinf(pool.run(math.inf).value)


@pytest.mark.parametrize("megabytes", [1, 8])
def test_large_payloads_both_ways(open_either, megabytes):
    text = "0123456789abcdef" * (megabytes << 16)
    pool = open_either("echo")
    assert pool.run(text).value == text
    assert pool.run("small").value == "small"


def test_arguments_that_are_not_json(open_pool):
    pool = open_pool("echo")
    cycle = []
    cycle.append(cycle)
    for argument in ({1}, object(), b"bytes", cycle):
        result = pool.run(argument)
        assert (result.ending, result.attempts) == (Ending.FAILED, 0)
        assert "the arguments are not JSON" in result.error
    assert pool.run("still fine").value == "still fine"


def test_arguments_above_the_cap(open_pool):
    result = open_pool("echo", message_mb=1).run("x" * (2 << 20))
    assert (result.ending, result.attempts) == (Ending.FAILED, 0)
    assert "above the cap of 1,048,576 (message_mb=1)" in result.error


def test_result_above_the_cap(open_either):
    pool = open_either("repeat", message_mb=1)
    result = pool.run("x", 2 << 20)
    assert result.ending is Ending.FAILED
    assert "above the cap of 1,048,576" in result.error
    assert pool.run("x", 1000).ending is Ending.DONE


def test_deep_result(open_pool):
    pool = open_pool("nested")
    assert pool.run(100).ending is Ending.DONE
    assert pool.run(100_000).ending is Ending.FAILED
    assert pool.run(1).value == [[]]


def test_wrong_number_of_arguments(open_pool):
    assert "TypeError" in open_pool("add").run(1).error
