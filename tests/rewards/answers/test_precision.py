"""FLINT's precision is one setting of the process: nobody sees us change it, and we see nobody."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flint import arb, ctx

from rewards.answers import CompareOptions, compare, read_answer, read_reference
from rewards.answers.effort import InexactError, UndefinedError
from rewards.answers.evaluate.enclosures import Enclosure
from rewards.answers.evaluate.numeric import Evaluator
from rewards.answers.evaluate.precision import TooLargeError, UnsureError, at_precision

PAIRS = [
    (r"\sqrt2+\sqrt3", r"\sqrt{5+2\sqrt6}"),
    (r"\sin 2x", r"2\sin x\cos x"),
    (r"\sqrt2", r"\sqrt2+10^{-300}"),
    (r"\tanh 1000", "1"),
    (r"e^{i\pi/3}", r"\frac{1+i\sqrt3}2"),
    (r"\ln 3", r"\frac{\ln 9}{2}"),
]


def verdicts() -> list[str]:
    return [
        compare(read_reference(a), read_answer(b)).outcome.value for a, b in PAIRS for _ in range(4)
    ]


def test_threads_do_not_disturb_one_another_nor_the_user():
    expected = verdicts()
    before = ctx.prec
    stop = threading.Event()
    changed = []

    def another_user() -> None:
        while not stop.is_set():
            ctx.prec = 64
            changed.append(arb(2).sqrt())
            stop.wait(0.0005)

    thread = threading.Thread(target=another_user)
    thread.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            found = [future.result() for future in [pool.submit(verdicts) for _ in range(16)]]
    finally:
        stop.set()
        thread.join()
        ctx.prec = before
    # What another user does to the setting may leave a pair undecided, and never turns a verdict.
    for verdict in found:
        assert all(a in {b, "undecided"} for a, b in zip(verdict, expected, strict=True))


def test_the_setting_is_given_back():
    ctx.prec = 71
    verdicts()
    assert ctx.prec == 71
    with pytest.raises(ZeroDivisionError):
        at_precision(99, lambda: 1 // 0)
    assert ctx.prec == 71
    ctx.prec = 53


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_fork_while_another_thread_computes_does_not_hang():
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        leave.wait(10)

    thread = threading.Thread(target=lambda: at_precision(64, hold))
    thread.start()
    inside.wait(10)
    child = os.fork()
    if not child:
        os._exit(0 if verdicts()[0] == "equal" else 1)
    _, status = os.waitpid(child, 0)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (r"\ln\sin\pi", UndefinedError),
        (r"\frac{1}{\log_2 8-3}", UndefinedError),
        (r"\cot\pi", UndefinedError),
        (r"\sec\frac\pi2", UndefinedError),
        (r"\Gamma(-2)", UndefinedError),
        (r"\arccos 2", UndefinedError),
        ("0^0", UndefinedError),
        (r"\ln(\ln8-3\ln2)", UndefinedError),
        (r"\ln(\sqrt{5+2\sqrt6}-\sqrt2-\sqrt3)", UnsureError),
        (r"\lfloor\sin^2 1+\cos^2 1\rfloor", UnsureError),
        (r"9^{9^{9^9}}", TooLargeError),
        ("x", InexactError),
    ],
)
def test_where_there_is_no_value_there_is_no_ball(text, error):
    tree = read_reference(text).tree
    assert tree is not None
    with pytest.raises(error):
        Enclosure(40).enclose(tree)
    with pytest.raises(ArithmeticError):
        Evaluator(40).evaluate(tree)


def test_a_ball_holds_the_value():
    for text, value in [(r"\sin^2 1+\cos^2 1", 1), (r"\sqrt2^2", 2), (r"e^{\ln 7}", 7)]:
        tree = read_reference(text).tree
        assert tree is not None
        ball = Enclosure(40).enclose(tree)
        assert ball.contains(value)
        assert ball.rad() < arb(10) ** -35


def test_decimals_are_right_to_the_last_but_one():
    tree = read_reference(r"\sqrt2-\frac{141421356}{10^8}").tree
    assert tree is not None
    assert str(Evaluator(12).evaluate(tree))[:12] == "2.3730950488"


def test_a_tolerance_is_relative_beyond_the_floats():
    options = CompareOptions(tolerance=1e-3)
    for reference, answer, equal in [
        (r"\pi\cdot10^{400}", r"2\pi\cdot10^{400}", False),
        (r"\pi\cdot10^{400}", r"1.0001\pi\cdot10^{400}", True),
        (r"\pi\cdot10^{-400}", r"2\pi\cdot10^{-400}", False),
        ("2.5", r"2.5\cdot\frac{\sin\pi}{\sin\pi}", False),
    ]:
        found = compare(read_reference(reference), read_answer(answer), options=options)
        assert found.is_equal is equal, (reference, answer)
