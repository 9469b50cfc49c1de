"""A box counts only where it is all that is said, and is shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards import accuracy, choice
from rewards.extraction.box_context import spoken


@pytest.mark.parametrize(
    "completion",
    [
        r"-\boxed5", r"2\boxed5", r"\boxed5.5", r"-\boxed{5}", r"2\boxed{5}", r"\boxed{5}.5",
        r"\boxed{5}^2", r"\boxed{5}x", r"\boxed{5}\pi", r"$x = -\boxed{5}$", r"\sqrt{\boxed{5}}",
        r"$\frac{1}{\boxed{5}}$", r"$\frac{\boxed{5}}{2}$", r"x^{\boxed{5}}", r"x^\boxed{5}",
        r"=2\times\boxed{5}", r"% \boxed{5}", "so\n% \\boxed{5}\n", r"\phantom{\boxed{5}}",
        r"\cancel{\boxed{5}}", r"<tool_response>\boxed{5}</tool_response>",
        "```output\n\\boxed{5}\n```", "```output\n\\boxed{5}\n```\nSo \\boxed{6}",
        r"<!-- \boxed{5} -->", r"\iffalse \boxed{5} \fi", r"\iffalse \boxed{5}",
        r"\begin{comment}\boxed{5}\end{comment}", r"\not\boxed{5}", r"$x\neq\boxed{5}$",
        r"$x \ne \boxed{5}$", r"$x\not=\boxed{5}$", "x ≠ \\boxed{5}", r"It is not \boxed{5}.",
        r"The answer isn't $\boxed{5}$", "答案不是$\\boxed{5}$", r"it cannot be **\boxed{5}**",
        r"~~\boxed{5}~~", r"\boxed{5}:3", r"$\log\boxed{5}$", r"$y = \cos \boxed{5}$",
        r"\boxed{5},000", r"x_\boxed{5}", r"\pm\boxed{5}", r"\boxed{5}\%",
    ],
)  # fmt: skip
def test_a_box_that_is_a_part_or_not_shown_does_not_count(completion):
    assert accuracy.verify(completion, "5", prompt="How many are there?").score == 0
    assert accuracy.verify(completion.replace("5", "7"), "7", prompt="How many?").score == 0


@pytest.mark.parametrize(
    ("completion", "reference"),
    [
        ("- \\boxed{5}", "5"), ("**Answer** - \\boxed{5}", "5"), (r"$x = \boxed{-5}$", "-5"),
        (r"\text{So } \boxed{5}", "5"), (r"\textbf{\boxed{5}}", "5"), ("_\\boxed{5}_", "5"),
        (r"$$\color{red}{\boxed{5}}$$", "5"), ("50% of 10 is \\boxed{5}", "5"),
        ("so \\boxed{5}!", "5"), ("so \\boxed{5}cm", "5"), (r"$\boxed{45}^\circ$", "45"),
        (r"$\boxed{28}\%$", r"28\%"), (r"$\boxed{28\%}$", r"28\%"), ("Step 2: \\boxed{5}", "5"),
        ("```output\n5\n```\nThe answer is \\boxed{5}", "5"), ("\\boxed{1},\\boxed{2}", "1, 2"),
        ("\\[ x = \\boxed{5}, \\]", "5"), ("\\begin{align*} x &= \\boxed{5}\\end{align*}", "5"),
        ("It is not 4. So \\boxed{5}", "5"), ("I knot \\boxed{5}", "5"), ("$x =~~\\boxed{5}$", "5"),
        ("<!-- hm --> \\boxed{5}", "5"), ("not 4 but \\boxed{5}", "5"), ("\\boxed{5}: done", "5"),
        ("$\\log x = \\boxed{5}$", "5"), ("\\notin is a sign; \\boxed{5}", "5"),
        ("\\boxed{5}\\text{ cm}", "5"), ("$= 3 + 2 = \\boxed{5}$ cm", "5"),
    ],
)  # fmt: skip
def test_a_box_that_says_it_all_counts(completion, reference):
    assert accuracy.verify(completion, reference).score == 1


@pytest.mark.parametrize(
    "completion",
    [
        r"The answer \boxed{5} is incorrect.", r"$\boxed{5}$ is not the answer.", r"\boxed{5}不对",
        "\\boxed{5}\n\nNo, that is wrong.", r"So $\boxed{5}$ was clearly wrong",
        r"\boxed{5} — this isn't the right answer.", r"The wrong answer is $\boxed{5}$.",
        r"\boxed{5} (wrong)", r"Incorrect: \boxed{5}", r"We cannot have $\boxed{5}$.",
        r"$\boxed{5}!$", r"$\left(\boxed{5}\right)^2$", r"$k\boxed{5}$", r"$2x\boxed{5}$",
        r"$=\pi\boxed{5}$", r"Is it $\boxed{5}$?",
    ],
)  # fmt: skip
def test_a_box_that_is_taken_back_or_multiplied_does_not_count(completion):
    assert accuracy.verify(completion, "5").score == 0


@pytest.mark.parametrize(
    ("completion", "reference"),
    [
        (r"$x = \boxed{5}$, which is not prime.", "5"), (r"\boxed{5} is right, 6 is not.", "5"),
        ("\\boxed{5}\n\nNote that 4 is not correct.", "5"), (r"\boxed{B} is incorrect.", "B"),
        (r"The wrong statement is \boxed{B}", "B"), (r"It is not wrong: \boxed{5}", "5"),
        (r"Nothing is wrong, so it is \boxed{5}", "5"), (r"We have \boxed{5}", "5"),
        (r"值为\boxed{5}", "5"), (r"is\boxed{5}", "5"), (r"Right? \boxed{5}! Yes.", "5"),
    ],
)  # fmt: skip
def test_words_beside_a_box_that_leave_it_standing(completion, reference):
    assert accuracy.verify(completion, reference).score == 1


def test_other_rewards_that_look_into_boxes():
    assert choice.verify(r"-\boxed{B}", "B").score == 0
    assert choice.verify(r"\phantom{\boxed{B}}", "B").score == 0
    assert choice.verify(r"So \boxed{B}.", "B").score == 1


OPENINGS = [
    "{}", "${}$", "$${}$$", r"\({}\)", r"\[{}\]", r"\( {} \)", "\n\\[\n{}\n\\]", "**{}**",
    "({})", r"$\displaystyle{}$", r"\[\textstyle {}\]", ": {}", r"equal to \({}\)",
]  # fmt: skip


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize(
    ("denial", "denied"),
    [
        ("The answer is not", True), ("It can NOT be", True), ("It cannot be", True),
        ("It isn't", True), ("It won\u2019t be", True), ("答案不是", True), ("It is never", True),
        ("Whether or not", False), ("It must be", False), ("The knot", False),
        ("I could not say, but", False), ("It equals", False),
    ],
)  # fmt: skip
def test_a_denied_box_does_not_count_however_its_formula_opens(denial, denied, opening):
    completion = denial + " " + opening.format(r"\boxed{42}")
    assert accuracy.verify(completion, "42").score == (0 if denied else 1)


pieces = st.lists(
    st.sampled_from(
        ["%", "\n", " ", "\t", "x", "5%", "```", "```output", "```tool\n", "<|tool|>", "<|"]
    ),
    max_size=14,
).map("".join)


@given(pieces)
def test_comments_and_outputs_are_those_at_the_beginning_of_lines(text):
    shown = re.sub(r"(?m)^[ \t]*%[^\n]*$", "", text)
    tool = r"(?ms)<\|tool\|>.*?(?:<\||\Z)|^```(?:output|tool)[^\n]*\n.*?(?:^```|\Z)"
    assert spoken(text) == re.sub(tool, "", shown)
