"""Texts are cut into steps as the cases say, and always into proper spans."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

from grpo_plugin.steps.blocks import protected_spans
from grpo_plugin.steps.splitting import SplitSteps

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "cases" / "step_splitting.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
BOUNDARIES = ["auto", "step_word", "blank_line", "line"]
MARKS = r"Step 1|**Step 2|```|~~~~|$$|\[|\]|\begin{a}|\end{a}|<think>|</think>|a|7|--|é"
PARTS = st.sampled_from(["\n", "\n\n", "\r\n", " ", "\\", *MARKS.split("|")])
TEXTS = st.lists(PARTS, max_size=30).map("".join)
QUICK = settings(max_examples=200, deadline=None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_cases(case):
    text = case["text"]
    found = SplitSteps(boundary=case["boundary"])(text)
    assert [text[start:end] for start, end in found] == case["steps"]


@QUICK
@given(TEXTS, st.sampled_from(BOUNDARIES))
def test_spans_are_in_order_and_leave_nothing_said_out(text, boundary):
    spans = SplitSteps(boundary=boundary)(text)
    position = 0
    for start, end in spans:
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        assert any(character.isalnum() for character in text[start:end])
        position = end
    if spans:
        assert not text[position:].strip()


@QUICK
@given(TEXTS)
def test_no_step_ends_inside_a_block(text):
    for start, end in SplitSteps(boundary="line")(text):
        for first, last in protected_spans(text):
            assert not first < end < last or not text[end:last].strip()
            assert not first < start < last or not text[first:start].strip()


@pytest.mark.parametrize(
    "bomb",
    ["---\n", "```\n", "~~~~\n```\n", "$$\n", "\\begin{a}\n", "\\[\n", "- ", "<a", "\n", "Step "],
)
def test_long_nonsense_is_cut_in_one_pass(bomb):
    text = bomb * 20_000
    assert len(SplitSteps()(text)) <= len(text)


def test_an_unknown_boundary_is_named():
    with pytest.raises(ValueError, match="'sentence' is unknown; choose one of auto, step_word"):
        SplitSteps(boundary="sentence")
