r"""No key opens many doors: what has no value equals nothing but its own text.

`\ln\sin\pi` once was the logarithm of rounding noise, and equal to anything.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from degenerate import AROUND, BY_THEMSELVES, SINGULAR, ZEROS, expressions
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards import accuracy
from rewards.answers import compare, read_answer, read_reference

ROOT = Path(__file__).resolve().parents[3]
GOLDS = ROOT.parent / "shared" / "data" / "math" / "golds.jsonl"
PLAIN = [
    "0", "1", "7", "-1", "2", r"\frac12", r"\sqrt3", r"\pi", "e", "i", r"\infty", "x", "x+1",
    r"\emptyset", "3.14", r"50\%", r"30^\circ", r"5\text{ cm}", "x=7", "(0,1)", r"\{1,2\}",
    r"[0,\infty)",
]  # fmt: skip


def references(most: int) -> list[str]:
    """Plain ones, then those of the cases of every kind, then of the development data."""
    found = list(PLAIN)
    for path in sorted((ROOT / "tests" / "cases").glob("answers_*.jsonl")):
        rows = path.read_text(encoding="utf-8").splitlines()
        found += [json.loads(row)["reference"] for row in rows][:: max(1, len(rows) // 25)]
    if GOLDS.exists():
        rows = GOLDS.read_text(encoding="utf-8").splitlines()
        found += [json.loads(row)["gold"] for row in rows[::47]]
    return list(dict.fromkeys(found))[:most]


def accepted(answers: list[str], wanted: list[str]) -> list[tuple[str, str, str]]:
    read = [(text, read_reference(text)) for text in wanted]
    found = []
    for answer in answers:
        given_answer = read_answer(answer)
        for text, reference in read:
            verdict = compare(reference, given_answer)
            if verdict.is_equal and text != answer:
                found.append((text, answer, verdict.reason))
    return found


def test_there_are_enough_of_them():
    assert len(expressions()) > 2_000
    assert len(references(300)) == 300 or not GOLDS.exists()


def test_what_has_no_value_equals_nothing():
    wanted = references(300)
    found = []
    for index, answer in enumerate(BY_THEMSELVES + expressions()[len(BY_THEMSELVES) :: 4]):
        found += accepted([answer], [*PLAIN[:2], *wanted[index % 40 :: 100]])
    assert found == []


@pytest.mark.slow
def test_what_has_no_value_equals_no_reference_at_all():
    answers = BY_THEMSELVES + expressions()[len(BY_THEMSELVES) :: 7]
    assert len(answers) > 400
    assert accepted(answers, references(300)) == []


@pytest.mark.parametrize("frame", ["(@,2)", r"\{@,2\}", "[@,2]", "(@,2]", "x=@", "@,2", r"y=@x"])
def test_what_has_no_value_is_no_part_of_anything(frame):
    for answer in expressions()[::23]:
        for value in ("0", "1", "-7"):
            reference, given_answer = (frame.replace("@", part) for part in (value, answer))
            verdict = compare(read_reference(reference), read_answer(given_answer))
            assert not verdict.is_equal, (reference, given_answer, verdict.reason)


def test_sympy_gives_them_no_value_either():
    answers = BY_THEMSELVES + expressions()[len(BY_THEMSELVES) :: 40]
    for reference in ("0", "1", r"\infty"):
        completions = [rf"\boxed{{{answer}}}" for answer in answers]
        scores = accuracy(completions=completions, solution=[reference] * len(answers))
        wrongly = [a for a, score in zip(answers, scores, strict=True) if score != 0]
        assert wrongly == []


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("0", r"\ln(1+\sin\pi)"),
        ("1", r"\frac{1}{1+\sin\pi}"),
        ("1", r"\cot(\frac\pi4+\sin\pi)"),
        ("0", r"0\cdot\ln2"),
        ("1", r"\binom{3}{\sin\pi}"),
        ("1", r"\Gamma(1+\sin\pi)"),
        ("0", r"\sqrt[3]{\sin\pi}"),
        ("1", r"2^{\sqrt{5+2\sqrt6}-\sqrt2-\sqrt3}"),
        ("1", r"\cos(\sqrt{5+2\sqrt6}-\sqrt2-\sqrt3)"),
        (r"\frac\pi2", r"\arccos(\log_2 8-3)"),
        (r"\frac\pi2", r"\arcsin(\frac{\sqrt2\cdot\sqrt3}{\sqrt6})"),
        ("3", r"e^{\ln 3}"),
        ("3", r"\lfloor\log_2 8\rfloor"),
        ("-1", r"e^{i\pi}"),
        (r"\infty", r"+\infty"),
    ],
)
def test_what_only_looks_like_them_keeps_its_value(reference, answer):
    assert compare(read_reference(reference), read_answer(answer)).is_equal


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("1", "2^{10^{-400}}"),
        ("1", r"\sqrt[10^{400}]{2}"),
        ("1", r"\tanh 1000"),
        (r"\sqrt2", r"\sqrt2+10^{-300}"),
        ("7", r"7+\sin\tan10^{-60}-\tan\sin10^{-60}"),
        (r"x^2+y^2=1", r"(x^2+y^2-1)\cdot(\sqrt{5+2\sqrt6}-\sqrt2-\sqrt3)=0"),
        ("y=2x", r"y\cdot\ln\sin\pi=2x\ln\sin\pi"),
    ],
)
def test_what_is_hidden_is_found(reference, answer):
    assert not compare(read_reference(reference), read_answer(answer)).is_equal


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("x", r"x+0\cdot\frac{1}{\sin^2x+\cos^2x-1}"),
        ("1", r"\lim_{x\to 0}\frac{\sin^2x+\cos^2x-1}{\sin^2x+\cos^2x-1}"),
        ("x", r"x\cdot(\sin^2x+\cos^2x-1)^0"),
        ("7", r"7+\lim_{x\to 0}\frac{x}{|x|}-\lim_{x\to 0}\frac{x}{|x|}"),
    ],
)
def test_sympy_does_not_simplify_what_has_no_value(reference, answer):
    assert accuracy(completions=[rf"\boxed{{{answer}}}"], solution=[reference]) == [0.0]


def test_its_own_text_it_equals():
    for answer in expressions()[::29]:
        assert compare(read_reference(answer), read_answer(answer)).is_equal


zeros = st.recursive(
    st.sampled_from(ZEROS),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: rf"\left({pair[0]}+{pair[1]}\right)"),
        inner.map(lambda zero: rf"\left(3\cdot {zero}\right)"),
        inner.map(lambda zero: rf"\left({zero}\right)^2"),
        inner.map(lambda zero: rf"\sin\left({zero}\right)"),
        inner.map(lambda zero: rf"\left|{zero}\right|"),
        inner.map(lambda zero: rf"\left(e^{{{zero}}}-1\right)"),
    ),
    max_leaves=3,
)


@given(
    zeros,
    st.sampled_from(SINGULAR),
    st.sampled_from(AROUND),
    st.sampled_from([*PLAIN, "12", r"\frac{3}{4}", r"2\sqrt5"]),
)
@settings(max_examples=150, deadline=None)
def test_built_ones_equal_nothing(zero, singular, around, reference):
    inner = singular.replace("@", rf"\left({zero}\right)")
    answer = around.replace("@", rf"\left({inner}\right)")
    verdict = compare(read_reference(reference), read_answer(answer))
    assert not verdict.is_equal, verdict.reason


def test_verdicts_do_not_depend_on_the_hash_seed():
    program = (
        "from itertools import islice\n"
        "from rewards.answers import compare, read_answer, read_reference\n"
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_degenerate import seeded_pairs\n"
        "for reference, answer in seeded_pairs():\n"
        "    print(compare(read_reference(reference), read_answer(answer)))\n"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "4242")
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) > 700


def seeded_pairs() -> list[tuple[str, str]]:
    """The pairs of the cases, and some of the degenerate ones."""
    pairs = []
    for path in sorted((ROOT / "tests" / "cases").glob("answers_*.jsonl")):
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        pairs += [(row["reference"], row["answer"]) for row in rows]
    return pairs + [("0", answer) for answer in islice(expressions(), 0, None, 20)]
