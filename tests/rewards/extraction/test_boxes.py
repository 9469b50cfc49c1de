"""What the finders of `rewards.extraction` find, and what they must not find."""

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.extraction.boxes import closing_brace, last_boxed, names_box
from rewards.extraction.code_blocks import TooManyFencesError, find_blocks
from rewards.extraction.hashes import after_hashes
from rewards.extraction.tags import after_reasoning, last_tagged


@pytest.mark.parametrize(
    ("text", "box"),
    [
        (r"\boxed{42}", "42"),
        (r"\fbox{42}", "42"),
        (r"\boxed {42}", "42"),
        (r"\boxed 5 is it", "5"),
        ("\\boxed\n{42}", "42"),
        (r"first \boxed{41}, then \boxed{42}", "42"),
        (r"\fbox{41} but \boxed{42}", "42"),
        (r"\boxed{41} but \fbox{42}", "42"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1,2\}}", r"\{1,2\}"),
        (r"\boxed{a \\ {b}}", r"a \\ {b}"),
        (r"\boxed{}", ""),
        (r"\boxed{\boxed{42}}", r"\boxed{42}"),
        (r"\boxed{x = \boxed{1} + 2}", r"x = \boxed{1} + 2"),
        (r"\\boxed{42}", "42"),
        ("no box", None),
        (r"\boxed{42", None),
        (r"\boxed{41} and so \boxed{42", None),
        (r"\boxed{4{2}", None),
        (r"write \boxed around it", "around"),
        ("", None),
    ],
)
def test_last_box(text, box):
    assert last_boxed(text) == box


@pytest.mark.parametrize(
    ("text", "box"),
    [
        (r"\boxed{1}, \boxed{2}", "1, 2"),
        (r"$\boxed{1}$, $\boxed{2}$ and $\boxed{3}$", "1, 2, 3"),
        (r"\boxed{1} and \boxed{2}", "1, 2"),
        (r"\boxed{1} or \boxed{2}", "1 or 2"),
        (r"\boxed{1}\quad\text{and}\quad\boxed{2}", "1, 2"),
        (r"\boxed{1}\text{ or }\boxed{2}", "1 or 2"),
        (r"\(\boxed{1}\) and \(\boxed{2}\)", "1, 2"),
        (r"\boxed{1}，\boxed{2}", "1, 2"),
        (r"\boxed{1}和\boxed{2}", "1, 2"),
        (r"\boxed{1} or alternatively \boxed{2}", "1 or 2"),
        (r"\boxed{1}, maybe \boxed{2}", "1 or 2"),
        (r"\boxed{1} perhaps, \boxed{2}", "1 or 2"),
        (r"\boxed{1} / \boxed{2}", "1 or 2"),
        (r"\boxed{4} and \boxed{4}", "4"),
        (r"\boxed{1} \boxed{2}", "2"),
        (r"\boxed{1}. \boxed{2}", "2"),
        (r"\boxed{1}, no: \boxed{2}", "2"),
        (r"\boxed{1} = \boxed{2}", "2"),
        (r"\boxed{1}, " + " " * 200 + r"\boxed{2}", "2"),
    ],
)
def test_boxes_in_a_row(text, box):
    assert last_boxed(text) == box


@pytest.mark.parametrize(
    ("text", "opened", "answer"),
    [
        ("plain", False, "plain"),
        ("<think>a</think>b", False, "b"),
        ("a</think>b", True, "b"),
        ("a</think>b", False, "b"),
        ("a", True, None),
        ("<think>a", False, None),
        ("<think>a</think>", False, ""),
        ("<think>a</think>b</think>c", False, "c"),
        ("<think>a</think>b<think>c</think>d", False, "d"),
        ("<think>a</think>b<think>c", False, "b"),
    ],
)
def test_after_reasoning(text, opened, answer):
    assert after_reasoning(text, opened=opened) == answer


@pytest.mark.parametrize(
    "text",
    [
        r"<THINK>\boxed{42}</THINK> no idea",
        r"<think >\boxed{42}</think > no idea",
        "<think>\\boxed{42}</\nthink> no idea",
        r"< think>\boxed{42}</ think> no idea",
    ],
)
def test_a_misspelt_tag_hides_no_answer(text):
    assert after_reasoning(text) == " no idea"


def test_other_reasoning_tags():
    assert after_reasoning("<reasoning>a</reasoning>b", tag="reasoning") == "b"
    assert after_reasoning("<think>a</think>b", tag="reasoning") == "<think>a</think>b"


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("<answer>42</answer>", "42"),
        ("<answer>41</answer><answer>42</answer>", "42"),
        ("<answer><answer>42</answer>", "42"),
        ("<answer>42", None),
        ("42</answer>", None),
        ("</answer>42<answer>", None),
        ("<answer>41</answer> <answer>42", None),
        ("<Answer>42</Answer>", None),
        ("", None),
    ],
)
def test_last_tag(text, inside):
    assert last_tagged(text) == inside


def test_hashes():
    assert after_hashes("5\n#### 42") == "42"
    assert after_hashes("5\n#### 41\n  #### 42\nmore") == "42"
    assert after_hashes("5\n#### 41\n  #### 42\nmore than 40") is None
    assert after_hashes("see #### 42") == "42"
    assert after_hashes("see #### 42 is the mark") is None
    assert after_hashes("####") is None


def test_named_boxes():
    assert names_box(r"\boxed{")
    assert names_box(r"\fbox {1}")
    assert not names_box(r"in a \boxed way")
    assert not names_box("boxed{1}")


def sources(text):
    return [block.source for block in find_blocks(text)]


def test_code_blocks():
    assert sources("```py\na\n```\n```py\nb\n```") == ["a\n", "b\n"]
    assert sources("~~~\na\n~~~") == ["a\n"]
    assert sources("````\n```\nx\n```\n````") == ["```\nx\n```\n"]
    assert sources("```py\nnever closed") == []
    assert sources("") == []


@pytest.mark.parametrize(
    "tag", ["<think>", "<THINK >", "< think >", "<think id=1>", "<\u200bthink>", "<think\u2060>"]
)
def test_reasoning_opened_by_an_odd_tag_is_reasoning(tag):
    assert after_reasoning(f"{tag}maybe 41") is None
    assert after_reasoning(f"{tag}maybe 41</think> 42") == " 42"
    assert after_reasoning(f"{tag}maybe 41<think/> 42") == " 42"


@pytest.mark.parametrize(
    "text",
    [
        r"\boxed{" * 3_000,
        r"\boxed{1} " * 5_000,
        r"\boxed{1}, " * 5_000,
        r"\boxed{" * 5_000 + "1" + "}" * 5_000,
        r"\boxed" * 50_000,
        r"\boxed{" + "{" * 500_000,
        r"\boxed{" * 3_000 + r"\boxed{1}, " * 3_000,
        r"\boxed " * 50_000,
        r"\boxed" + " " * 1_000_000,
        "\\boxed{1}" + " ," * 500_000,
        r"\boxed{" + r"\{" * 400_000 + "}",
        "<think>" * 100_000,
        "</think>" * 100_000,
        "<answer>" * 100_000,
        "####" * 200_000,
        "\n####" * 200_000,
        "```\n" * 200_000,
        " " * 1_000_000 + "```",
    ],
    ids=range(18),
)
@pytest.mark.usefixtures("no_collections")
def test_hostile_megabytes_take_bounded_time(text):
    started = process_time()
    last_boxed(text)
    names_box(text)
    last_tagged(text)
    after_hashes(text)
    after_reasoning(text)
    with suppress(TooManyFencesError):
        find_blocks(text)
    assert process_time() - started < 1.5


@given(st.text(alphabet=r"\boxed{}fbox ,and$12<think>/answer#" + "\n", max_size=200))
def test_never_raises_and_finds_only_what_is_there(text):
    box = last_boxed(text)
    assert box is None or all(part in text for part in box.replace(" or ", ", ").split(", "))
    for found in (last_tagged(text), after_hashes(text), after_reasoning(text)):
        assert found is None or found in text
    assert closing_brace(text, 0) < len(text)


_PIECES = (
    "\\boxed{", "\\fbox{", "\\framebox[2cm]{", "\\boxed 5", "\\boxed7", "}", "{", "\\{", "\\}",
    "\\\\", " ", "\n", ", ", " and ", "1", "x", "\\approx ", "$", "a" * 40, " " * 45, "b" * 70,
)  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=24).map("".join))
def test_a_lone_box_is_read_like_one_of_several(text):
    """The word "box" behind it makes the reader look for others: that finds no other answer."""
    assert last_boxed(text + "\n\n.") == last_boxed(text + "\n\n. A box")


def test_a_bare_box_behind_a_braced_one_is_the_last():
    assert last_boxed(r"$\boxed{1}$ was wrong, so $\boxed5$") == "5"


def test_a_box_around_several_boxes_is_the_answer():
    assert last_boxed(r"\boxed{\boxed{41}\boxed{42}}") == r"\boxed{41}\boxed{42}"
    assert last_boxed(r"\boxed{41} so {\boxed{42}}") == "42"


def test_digits_right_behind_a_box_were_meant_to_be_inside():
    assert last_boxed(r"\boxed{14{,}916,}916}") is None
    assert last_boxed(r"\boxed{4}2") is None
    assert last_boxed(r"\boxed{4} 2") == "4"


def test_a_last_box_that_opens_with_a_rough_value_belongs_to_the_one_before():
    assert last_boxed(r"\boxed{\sqrt2}, about \boxed{\approx 1.41}") == r"\sqrt2 \approx 1.41"
    assert last_boxed(r"\boxed{3}. In all \boxed{\approx 7.07}") == r"\approx 7.07"
    assert last_boxed(r"\boxed{\approx 1.41}") == r"\approx 1.41"
