"""What was read is never dropped: another part makes another answer."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from parts import changed

from rewards.answers import compare, read_answer, read_reference

ROOT = Path(__file__).resolve().parents[3]
spec = importlib.util.spec_from_file_location("measure", ROOT / "benchmarks/answers_measure.py")
measure = importlib.util.module_from_spec(spec)
spec.loader.exec_module(measure)

OWN = [
    r"5\text{ km}", r"9.8\,\mathrm{m/s^2}", r"3\mathbf{a}-2\mathbf{b}", r"\vec a", r"\mathbb{Z}_6",
    r"\mathbb{R}\setminus\{0\}", r"A\setminus B", r"p\land q", r"x\to x^2", r"(1,2]", r"[1,2)",
    r"1\to2\to3", r"x\equiv 3\pmod 7", r"2516_8", r"\log_2 5", r"\sqrt[3]{7}", r"a_1+a_2",
    r"\sum_{k=1}^{9} k^x", r"\int_0^1 f(x)\,dx", r"\binom{9}{3}", r"x=1, y=2", r"(1,2),(3,4)",
    r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\{x \mid x>3\}", r"x<2\text{ or }x>5",
    r"5\text{ if }x>1", r"n^2\text{ for all }n>1", r"7:30\text{ pm}", r"3:4:5", r"2025-01-31",
    r"\text{January 3, 2024}", r"20^\circ C", r"f(2)=3", r"x'=5", r"|x|=4", r"\overline{AB}=5",
    r"-5", r"\pm 5", r"50\%", r"1.5\times10^{8}", r"\lfloor x\rfloor", r"12!", r"3\frac12",
]  # fmt: skip

CONSTANT = re.compile(r"[cCkK]_\{?\d")

# The one place for what a changed part may leave equal, each with its reason.
FORGIVEN = [
    (lambda kind, old: kind == "end" and "infty" in old, "a closed end at infinity is careless"),
    (lambda kind, old: kind == "sign" and old[:1] == "0", "-0 is 0"),
    (lambda kind, old: kind == "sign" and "integer" in old, "a parameter that runs both ways"),
    (lambda kind, old: kind == "letter" and "real numbers" in old, "a parameter's name"),
    (lambda kind, old: kind == "letter" and "(" in old, "the letter of a function's argument"),
    (lambda kind, old: kind == "digit" and "^{0}" in old, "anything to the power 0 is 1"),
    (lambda kind, old: kind == "digit" and "i^" in old, "an equal step of a chain of equal values"),
    (lambda kind, old: kind == "digit" and r"\sin" in old, "the sine of the supplement"),
    (lambda kind, old: kind == "digit" and CONSTANT.search(old), "arbitrary constants are renamed"),
    (lambda kind, old: kind == "digit" and "mathbb{N}_" in old, "where a counting index starts"),
]


def kept(kind, old):
    return not any(applies(kind, old) for applies, _ in FORGIVEN)


def accepted_changes(text):
    reference = read_reference(text)
    if reference.unreadable:
        return []
    return [
        (text, new)
        for kind, new in changed(text.strip().strip("$"))
        if kept(kind, text.strip("$")) and compare(reference, read_answer(new)).is_equal
    ]


@pytest.mark.parametrize("text", OWN)
def test_a_changed_part_is_another_answer(text):
    assert list(changed(text))
    assert accepted_changes(text) == []


@pytest.mark.skipif(not measure.DATA.exists(), reason="the data is not here")
def test_a_changed_part_of_any_reference_is_another_answer():
    texts = {row["gold"] for row in measure.rows("golds")}
    found = [pair for text in sorted(texts) if len(text) < 100 for pair in accepted_changes(text)]
    assert found == []


# A part taken away, not changed: only what the last column names may be forgiven.
REMOVED = [
    (r"\mathbb{Z}_6", r"\mathbb{Z}", False),
    (r"\mathbb{R}_{>0}", r"\mathbb{R}", False),
    (r"3\mathbf{a}", "3", False),
    (r"3\vec{a}", "3a", False),
    (r"x\equiv 3\pmod 7", "3", False),
    (r"\log_2 5", r"\log 5", False),
    (r"\sqrt[3]{7}", r"\sqrt{7}", False),
    (r"a_1", "a", False),
    (r"5\text{ Zx}", "5", False),
    (r"5\text{ m/zork}", "5", False),
    (r"\overline{AB}", "AB", False),
    (r"x'", "x", False),
    (r"A\setminus B", "A", False),
    (r"p\land q", "p", False),
    (r"x=1,y=2", "x=1", False),
    (r"7:30\text{ pm}", r"7:30\text{ am}", False),
    (r"5\text{ km}", "5", True),  # the question names the unit
    (r"5\text{ apples}", "5", True),  # and the noun
    (r"50\%", "50", True),  # and the per cent
    (r"5\text{ if }x>1", "5", True),  # and the condition
    (r"n^2\text{ for all }n>1", "n^2", True),
    (r"x=5", "5", True),  # and the name
    (r"45^\circ", "45", True),  # and degrees
]  # fmt: skip


@pytest.mark.parametrize(("whole", "part", "forgiven"), REMOVED)
def test_a_part_taken_away(whole, part, forgiven):
    assert compare(read_reference(whole), read_answer(part)).is_equal is forgiven


@pytest.mark.parametrize(("whole", "part"), [(whole, part) for whole, part, f in REMOVED if not f])
def test_a_part_added(whole, part):
    assert not compare(read_reference(part), read_answer(whole)).is_equal
