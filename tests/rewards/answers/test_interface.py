# ruff: noqa: E501
"""What callers rely on: options, explanations, readers' answers, imports."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from rewards.answers import (
    CompareOptions,
    Equality,
    compare,
    read_answer,
    read_reference,
)


def test_a_solution_without_an_answer_is_no_reference():
    read = read_reference(
        "Let $a=1$. We have $b=2a$. Then $c=a+b$. The rest is left to the reader."
    )
    assert read.unreadable == "it is a worked solution that marks no answer"
    for text in ("If $a=1$, then $b=2$.", "Let x be 3. Therefore y = 4. Then z = 5. So z = 5."):
        assert read_reference(text).unreadable is None


def test_what_was_mended_is_said():
    assert read_reference(r"\frac{1}{2}}").describe() == "the number 1/2 (a brace was too many)"
    assert read_answer(r"\frac{1}{2}").describe() == "the number 1/2"
    assert read_answer("\x0crac12").describe() == (
        "the number 1/2 (a control character stood for the start of a command)"
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
        ("100", "101", {"tolerance": 0.02}, "different"),
        ("100", "100.5", {"tolerance": 0.02}, "different"),
        ("100000", "100001", {"tolerance": 1e-3}, "different"),
        ("\\{1, 100\\}", "\\{1, 101\\}", {"tolerance": 0.02}, "different"),
        ("100", "101", {"tolerance": 0.02, "integers": "tolerance"}, "equal"),
        ("100", "101", {"tolerance": 0.02, "integers": "counts exact"}, "different"),
        ("100", "100.5", {"tolerance": 0.02, "integers": "counts exact"}, "equal"),
        ("100 km", "101 km", {"tolerance": 0.02, "integers": "counts exact"}, "equal"),
        ("100 km", "103 km", {"tolerance": 0.02, "integers": "counts exact"}, "different"),
        ("100 ways", "101 ways", {"tolerance": 0.02, "integers": "counts exact"}, "different"),
        ("0.77c", "0.769c", {"tolerance": 0.01}, "different"),
        ("0.77c", "0.769c", {"tolerance": 0.01, "formulas": "tolerance"}, "equal"),
        ("0.77c", "0.75c", {"tolerance": 0.01, "formulas": "tolerance"}, "different"),
        ("0.77c", "0.769d", {"tolerance": 0.01, "formulas": "tolerance"}, "different"),
        (
            "1.5x^2+x",
            "1.5x^2+1.001x+0.001",
            {"tolerance": 0.01, "formulas": "tolerance"},
            "different",
        ),
        ("2x+1", "2x+1.001", {"tolerance": 0.01, "formulas": "tolerance"}, "equal"),
        ("0.5, 0.7", "0.702, 0.499", {"tolerance": 0.01}, "equal"),
        ("0.5, 0.7", "0.702, 0.702", {"tolerance": 0.01}, "different"),
        ("82.4\\%", "82.19\\%", {"tolerance": 0.01}, "equal"),
        ("0.5", "-0.5", {"tolerance": 0.9}, "different"),
        ("3.14", "\\pi", {"rounding": "exact"}, "different"),
        ("3.14", "3.1449", {"rounding": "exact"}, "different"),
        ("50", "50\\%", {"added_percent": "refuse"}, "different"),
        ("0.5", "50\\%", {"added_percent": "refuse"}, "equal"),
        ("0.5", "0.5\\%", {"added_percent": "forgive"}, "equal"),
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
    assert undecided.outcome is Equality.UNDECIDED
    assert "integral" in undecided.reason


def test_threads_agree():
    pairs = [("\\sin^2 x", "1-\\cos^2 x"), ("\\sqrt{8}", "2\\sqrt2"), ("\\ln 8", "3\\ln 2")] * 8

    def judge(pair):
        return compare(read_reference(pair[0]), read_answer(pair[1])).outcome

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(judge, pairs)) == {Equality.EQUAL}


def test_nothing_dear_is_imported():
    code = (
        "import sys, rewards.answers as a;"
        "a.compare(a.read_reference('x'), a.read_answer('\\\\sin y'));"
        "print([m for m in ('sympy', 'mpmath', 'math_verify', 'numpy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
