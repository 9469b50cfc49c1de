# ruff: noqa: E501
"""Answers made to hurt: each is read and compared in little time and memory, in any thread."""

from __future__ import annotations

import sys
import threading
import time
import tracemalloc

import pytest

from rewards.answers import Equality, compare, read_answer, read_reference

BOMBS = {
    "power tower": "9^{9^{9^9}}",
    "taller tower": "10^{10^{10^{10}}}",
    "factorials": "((9!)!)!",
    "marks of factorial": "5" + "!" * 5_000,
    "binomial": r"\binom{10^9}{5\cdot10^8}",
    "parentheses": "(" * 300 + "1" + ")" * 300,
    "braces": "{" * 5_000 + "1" + "}" * 5_000,
    "digits": "9" * 200_000,
    "decimals": "0." + "3" * 200_000,
    "digits beyond the interpreter's limit": "7" * 4_400,
    "polynomial": "(x+y+z+1)^{60}",
    "numbers": ",".join(str(number) for number in range(5_000)),
    "terms": ",".join(f"x+{number}" for number in range(5_000)),
    "boxes": r"\boxed{1}" * 5_000,
    "unclosed boxes": r"\boxed{" * 3_000,
    "roots": r"\sqrt" * 5_000 + "2",
    "signs": "-" * 40_000 + "1",
    "exponents": "^".join(["2"] * 3_000),
    "fractions": r"\frac{1}{" * 2_000 + "2" + "}" * 2_000,
    "plus-minus": "+".join(rf"\pm {number}" for number in range(500)),
    "long sum": r"\sum_{k=1}^{10^9} k",
    "nested sums": r"\sum_{k=1}^{2000}\sum_{j=1}^{2000}\sum_{i=1}^{2000} ijk",
    "product": r"\prod_{k=1}^{2000} (1+\frac{1}{k^2+1})",
    "integrals": r"\int_0^1 " * 500 + "x",
    "text": r"\text{" * 3_000,
    "dollars": "$" * 40_000,
    "spaces": " " * 40_000 + "1",
    "commas": "," * 40_000,
    "exponent": "1e999999999",
    "long exponent": "6e13900",
    "subscripts": "x_{" * 3_000,
    "bars": "|" * 5_001,
    "exponentials": "e^{e^{e^{e^{e^{e}}}}}",
    "sine of a tower": r"\sin(10^{10^{10}})",
    "thousands": "1," + "000," * 9_000 + "000",
    "numeral": "1" * 3_000 + "_{36}",
    "calls": "f(" * 3_000,
    "cases": r"\begin{cases}" * 1_000,
    "units": "5 " + "cm " * 5_000,
    "ratio": ":".join(["1"] * 5_000),
    "chain": "=".join(["x"] * 5_000),
    "union": r"\cup".join(["(1,2)"] * 4_000),
    "power of a power": "(1+1/3)^{100000}",
    "logarithm of a power": r"\log_{36}(36^{216})",
    "stated": "the answer is " * 3_000,
    "choices": "A," * 20_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_defused_in_a_thread(name):
    bomb = BOMBS[name]
    seconds = []

    def run():
        before = time.thread_time()
        for reference, answer in ((bomb, bomb + " "), (bomb, bomb[:-1] + "1"), ("5", bomb)):
            compare(read_reference(reference), read_answer(answer))
        seconds.append(time.thread_time() - before)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seconds, "the comparison raised"
    assert seconds[0] < 8


def test_memory_stays_small():
    tracemalloc.start()
    for name in (
        "power tower",
        "factorials",
        "binomial",
        "digits",
        "numbers",
        "polynomial",
        "union",
    ):
        bomb = BOMBS[name]
        compare(read_reference("5"), read_answer(bomb))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000


def test_interpreter_limits_are_left_alone():
    limits = sys.getrecursionlimit(), sys.get_int_max_str_digits()
    for bomb in BOMBS.values():
        compare(read_reference(bomb), read_answer("5"))
    assert (sys.getrecursionlimit(), sys.get_int_max_str_digits()) == limits


def test_a_shallow_stack_is_enough():
    def deep(levels):
        if levels:
            return deep(levels - 1)
        return compare(read_reference("(" * 60 + "1" + ")" * 60), read_answer("2")).outcome

    assert deep(sys.getrecursionlimit() - 300) in set(Equality)


ADVERSARIAL = [
    "(", "((1)", "{", "\\frac", "\\frac{1}", "\\text{", "$", "-", "|", "1 ", "1,", "\\pm 1,", "x^", "x_{",
    "\\boxed{", "\\left(", "and ", "5 cm ", "\\{", "1:", "=", "\\begin{pmatrix}", "e", "!", "'", "for all ",
    "1 000 ", "1,000,", "\\sqrt[", "A,", "the answer is ", "**", "0.\\overline{",
]  # fmt: skip


def calls_made(text):
    count = 0

    def note(_frame, event, _arg):
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        compare(read_reference("5"), read_answer(text))
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_work_grows_no_faster_than_the_text(piece):
    once = calls_made(piece * 400 + "7")
    twice = calls_made(piece * 800 + "7")
    assert twice < 2.6 * once + 2_000


# Each took a second or more before arithmetic was charged for.
DEAR_PAIRS = [
    (r"\sum_{k=0}^{2000}\frac{1}{k!}", "e"),
    (r"\sum_{k=0}^{2000}\binom{2000}{k}x^k", "(1+x)^{2000}"),
    (r"\sum_{k=1}^{1500}\sin(kx)", r"\frac{\sin(750x)\sin(1501x/2)}{\sin(x/2)}"),
    (r"\sqrt[3]{2^{50000}+1}", "2^{50000/3}"),
    (r"\sum_{k=1}^{2000} k\sin(k)\cos(k)\tan(k)", "1"),
    (r"\sum_{i=1}^{100}\sum_{j=1}^{100}\frac{1}{i+j}", "5"),
    (r"\sum_{k=1}^{1500} i^k x^k", "0"),
    (", ".join(rf"\sqrt[3]{{{n}+\sin {n}}}" for n in range(40)), "1, " * 39 + "2"),
]


@pytest.mark.parametrize(("reference", "answer"), DEAR_PAIRS)
def test_arithmetic_is_charged_before_it_is_done(reference, answer):
    before = time.thread_time()
    found = compare(read_reference(reference), read_answer(answer))
    assert found.outcome is not Equality.EQUAL
    assert found == compare(read_reference(reference), read_answer(answer))
    assert time.thread_time() - before < 3


def test_what_is_affordable_is_still_decided():
    pairs = [
        (r"\sum_{k=0}^{100}\frac{1}{k!}", r"\sum_{k=0}^{100}\frac{100!/k!}{100!}", "equal"),
        (r"\binom{90}{45}\sqrt2", r"\frac{90!}{45!^2}\sqrt2", "equal"),
        (r"\cos(1)^{2000}", "0", "different"),
        (r"\sum_{k=1}^{100}\sin k", r"\frac{\sin 50\sin 50.5}{\sin 0.5}", "equal"),
        (r"(-1)^{\binom{400}{2}}\pi", r"\pi", "equal"),
    ]
    for reference, answer, outcome in pairs:
        assert compare(read_reference(reference), read_answer(answer)).outcome.value == outcome
