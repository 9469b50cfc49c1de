"""A worked solution says the same as a reference and as a completion: boxes have one reader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards import accuracy

_ANSWERS = (
    "1", "2", "-7", r"\frac{1}{2}", r"2\sqrt{3}", "x+1", r"\pi", "(1,2)", r"\{1,2\}", "0.25",
    r"[0,\infty)", r"\text{yes}", "x=3", r"12\text{ cm}", "B", r"\begin{pmatrix}1\\2\end{pmatrix}",
)  # fmt: skip
_BOXES = (
    r"\boxed{%s}", r"\fbox{%s}", r"\framebox{%s}", r"\framebox[2cm][c]{%s}", r"\boxed {%s}",
    r"$\boxed{%s}$", r"\(\boxed{%s}\)", r"$$\boxed{%s}$$", r"\boxed{\boxed{%s}}",
)  # fmt: skip
_BETWEEN = (
    ", ", "; ", " and ", ", and ", " or ", " et ", " ou ", " und ", " oder ", " y ", " e ", " o ",
    " и ", " или ", "和", "与", "或", "、", "，", " と ", " / ", " & ", r"\quad\text{and}\quad",
    r"\text{ or }",
    ", then ", ". Then ", " so ", " = ", " ", "\n", ". No wait: 2. ", " papers and ", r" et $x=$ ",
    " or perhaps ", "$, and $", " puis ", r" \approx ",
)  # fmt: skip
_LEADS = (
    "",
    "So ",
    "We add.\n\nTherefore the answer is ",
    "答案是",
    "x = ",
    r"$x=$ ",
    "#### Step 2\n",
)
_ENDS = ("", ".", "\n", " $", "%", r"\%", "。", " units.", "\n\n#### Check\nIt fits.")

_box = st.builds(
    lambda box, answer: box % answer, st.sampled_from(_BOXES), st.sampled_from(_ANSWERS)
)


@st.composite
def solutions(draw):
    """A solution with one box or more, and anything between them."""
    text = draw(st.sampled_from(_LEADS)) + draw(_box)
    for _ in range(draw(st.integers(0, 3))):
        text += draw(st.sampled_from(_BETWEEN)) + draw(_box)
    return text + draw(st.sampled_from(_ENDS))


@given(solutions())
@settings(max_examples=400, deadline=None)
def test_a_solution_equals_itself(solution):
    verdict = accuracy.verify(solution, solution)
    assert verdict.score == 1.0, verdict


@pytest.mark.parametrize(
    "solution",
    [
        r"So \boxed{1} et \boxed{2}.",
        r"So \boxed{1}, then \boxed{2}.",
        r"It is \framebox{4}.",
        r"It is \framebox[2cm]{4}.",
        r"It is \boxed 4",
        r"\boxed{1} papers and \boxed{2} bins",
        r"\boxed{50}\%",
        r"$x=\boxed{1}$ and $x=\boxed{2}$",
    ],
)
def test_solutions_that_two_readers_read_in_two_ways(solution):
    assert accuracy.verify(solution, solution).score == 1.0


@pytest.mark.parametrize(
    ("reference", "completion"),
    [
        (r"So \boxed{1}, then \boxed{2}.", r"\boxed{1}"),
        (r"So \boxed{1} et \boxed{2}.", r"\boxed{2}"),
        (r"\boxed{1} papers and \boxed{2} bins", r"\boxed{2}"),
        (r"\framebox{4}", r"\boxed{5}"),
        (r"\boxed 4", r"\boxed{5}"),
        ("4", r"\boxed{4} and \boxed{5}"),
        ("5", r"\boxed{4} wrong and \boxed{5}"),
        ("5", r"\boxed{5}, then \boxed{6}"),
    ],
)
def test_what_stays_wrong(reference, completion):
    assert accuracy.verify(completion, reference).score == 0.0
