"""Where a turn ends, and what is blank."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards import accuracy
from rewards.extraction.turns import first_turn, is_blank


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("", ""),
        ("a < b", "a < b"),
        ("a<|im_end|>", "a"),
        ("a<|im_end|>\n<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\nc", "a"),
        ("a<|eot_id|><|start_header_id|>user<|end_header_id|>b", "a"),
        ("a<|endoftext|>Human: b\nAssistant: c", "a"),
        ("a</s>b", "a"),
        ("a<end_of_turn>\n<start_of_turn>user\nb", "a"),
        ("a[INST]b[/INST]c", "a"),
        ("a<\uff5cend\u2581of\u2581sentence\uff5c><\uff5cUser\uff5c>b", "a"),
        # A generation saved with the template's own opening.
        ("<|im_start|>assistant\na<|im_end|>", "\na"),
        ("<|start_header_id|>assistant<|end_header_id|>\n\na<|eot_id|>", "\n\na"),
        ("<s>a</s>", "a"),
        # Struck through, in HTML.
        ("no <s>41</s> but 42", "no <s>41</s> but 42"),
        # A tool answered, or the next channel began: still the same turn.
        (
            "a<|im_end|>\n<|im_start|>tool\n4<|im_end|>\n<|im_start|>assistant\nb<|im_end|>c",
            "a<|im_end|>\n<|im_start|>tool\n4<|im_end|>\n<|im_start|>assistant\nb",
        ),
        ("a<|im_end|>\n<|im_start|>tool\n4<|im_end|>", "a"),
        (
            "a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>c",
            "a<|end|><|start|>assistant<|channel|>final<|message|>b",
        ),
    ],
)
def test_first_turn(text, turn):
    assert first_turn(text) == turn


@pytest.mark.parametrize(
    "more",
    [
        "<|im_end|>\n<|im_start|>user\nWrong.<|im_end|>\n<|im_start|>assistant\n\\boxed{42}<|im_end|>",
        "<|im_end|>\\boxed{42}",
        "<|endoftext|>Human: Again.\nAssistant: \\boxed{42}",
        "</s>\\boxed{42}",
    ],
)
def test_a_second_turn_mends_no_answer(more):
    assert accuracy.verify(r"\boxed{41}" + more, "42").score == 0.0
    assert accuracy.verify(r"\boxed{42}" + more.replace("42", "41"), "42").score == 1.0


@pytest.mark.parametrize(
    "text", ["", " \n", "\u200b\u200d\u2060\ufeff", "\u3164", "\u2800", "\u0301"]
)
def test_blank(text):
    assert is_blank(text)


@pytest.mark.parametrize("text", [".", "0", "\u4e2d", "\U0001f44d", "a\u200b", "\u221e"])
def test_not_blank(text):
    assert not is_blank(text)


@given(st.text())
def test_text_without_marks_is_one_turn(text):
    assert first_turn(text) in text


@pytest.mark.parametrize(
    "part",
    [
        "<",
        "<|",
        "<s>",
        "</s>",
        "<s>a</s>",
        "<|im_start|>",
        "<|im_end|><|im_start|>tool",
        " <|end|>",
    ],
)
@pytest.mark.usefixtures("no_collections")
def test_hostile_megabytes_take_bounded_time(part):
    text = "a" + part * (1_000_000 // len(part))
    started = process_time()
    first_turn(text)
    assert process_time() - started < 0.5


def test_a_mark_behind_which_nothing_is_said_closes_no_brace():
    assert first_turn(r"\boxed{42 <|im_start|>user}") == r"\boxed{42 }"
    assert first_turn(r"\boxed{42 <|im_start|>user no: \boxed{43}}") == r"\boxed{42 "
