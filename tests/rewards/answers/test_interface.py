# ruff: noqa: E501
"""What callers rely on: options, explanations, readers' answers, imports."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from rewards.answers import (
    CompareOptions,
    Outcome,
    compare,
    read_answer,
    read_reference,
)


def outcome(reference, answer, **options):
    options = CompareOptions(**options)
    return compare(read_reference(reference), read_answer(answer), options=options).outcome.value


@pytest.mark.parametrize(
    ("reference", "answer", "options", "expected"),
    [
        ("1/3", "0.3333", {}, "different"),
        ("1/3", "0.3333", {"tolerance": 1e-3}, "equal"),
        ("1/3", "0.34", {"tolerance": 1e-3}, "different"),
        ("100", "101", {"tolerance": 0.02}, "equal"),
        ("3.14", "\\pi", {}, "different"),
        ("3.14", "\\pi", {"rounding": "reference digits"}, "equal"),
        ("3.14", "3.1", {"rounding": "reference digits"}, "different"),
        ("3.14", "3.1449", {"rounding": "reference digits"}, "equal"),
        ("\\pi", "3.14", {"rounding": "reference digits"}, "different"),
        ("5\\text{ cm}", "5", {}, "equal"),
        ("5\\text{ cm}", "5", {"units": "require"}, "different"),
        ("5\\text{ cm}", "50\\text{ mm}", {"units": "require"}, "equal"),
        ("5\\text{ cm}", "5\\text{ m}", {"units": "ignore"}, "equal"),
        ("1, 2", "2, 1", {}, "equal"),
        ("1, 2", "2, 1", {"list_order": "as given"}, "different"),
        ("\\{1, 2\\}", "\\{2, 1\\}", {"list_order": "as given"}, "equal"),
    ],
)
def test_options(reference, answer, options, expected):
    assert outcome(reference, answer, **options) == expected


@pytest.mark.parametrize(
    ("text", "kind", "normal"),
    [
        ("\\frac{2}{4}", "number", "1/2"),
        ("x=5", "equation", "x = 5"),
        ("x<5", "inequality", "x < 5"),
        ("(1,2)", "tuple or interval", "(1, 2)"),
        ("\\{2,1\\}", "set", "{1, 2}"),
        ("50\\%", "percentage", "50%"),
        ("5\\text{ cm}", "quantity", "5 cm"),
        ("B. 12", "choice", "B"),
        ("4:30 pm", "time", "16:30:00"),
        ("3:4", "ratio", "3:4"),
        ("\\text{a cat}", "text", "“cat”"),
        ("no solution", "word", "∅"),
        ("", "nothing", ""),
    ],
)
def test_readings(text, kind, normal):
    answer = read_answer(text)
    assert (answer.kind, answer.normal) == (kind, normal)


@pytest.mark.parametrize("text", ["", "   ", "$$", "\\boxed{}", "0/0", "41 = 42", "??", "5 = 4"])
def test_what_says_nothing_is_unreadable(text):
    assert read_reference(text).unreadable


@pytest.mark.parametrize(
    "text", ["f(2)=3", "\\log 100 = 2", "|A| = 5", "x = x + 1", "\\pi \\approx 3.14"]
)
def test_what_may_be_so_is_no_contradiction(text):
    assert read_reference(text).unreadable is None


def test_reasons_say_how_each_side_was_read():
    reason = compare(read_reference("\\frac12"), read_answer("0.6")).reason
    assert "number 1/2" in reason
    assert "number 3/5" in reason
    undecided = compare(read_reference("\\int_0^1 x\\,dx"), read_answer("1/2"))
    assert undecided.outcome is Outcome.UNDECIDED
    assert "integral" in undecided.reason


def test_threads_agree():
    pairs = [("\\sin^2 x", "1-\\cos^2 x"), ("\\sqrt{8}", "2\\sqrt2"), ("\\ln 8", "3\\ln 2")] * 8

    def judge(pair):
        return compare(read_reference(pair[0]), read_answer(pair[1])).outcome

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(judge, pairs)) == {Outcome.EQUAL}


def test_nothing_dear_is_imported():
    code = (
        "import sys, rewards.answers as a;"
        "a.compare(a.read_reference('x'), a.read_answer('\\\\sin y'));"
        "print([m for m in ('sympy', 'mpmath', 'math_verify', 'numpy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
