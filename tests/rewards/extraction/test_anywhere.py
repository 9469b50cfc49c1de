"""Evaluation's lenient place: the last thing that can be an answer, and only where asked for."""

from time import process_time

import pytest

from rewards import Accuracy, Status, accuracy
from rewards.extraction.anywhere import answer_anywhere

anywhere = Accuracy(answer_in="anywhere")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # a claim with words behind it
        ("The answer is 42 because 6 times 7 is so. I checked 3 times.", "42"),
        ("The answer is 42. Let me know if you have 2 more questions.", "42"),
        ("Answer: (B), since water boils at 100 degrees.", "B"),
        # bold
        ("So it is **42**, after 3 steps.", "42"),
        ("We get **18 dollars** in the end.", "18 dollars"),
        ("**Step 1** and then the total: **Total: 7**", "7"),
        (r"It is \textbf{9} of 10.", "9"),
        # of the last sentence that holds any: formula, letter, number, number word
        ("First 6. Then 7. Six times seven is 42.", "42"),
        ("First compute 6*7.\n42", "42"),
        (r"Thus we find $x = \frac{1}{2}$. That is all.", r"x = \frac{1}{2}"),
        (r"Hence \(\sqrt{2}\) follows.", r"\sqrt{2}"),
        ("It drops to -42.", "-42"),
        ("The total is 1,000.", "1,000"),
        ("She pays $18.50 for it.", "$18.50"),
        ("That is 3/4 of it.", "3/4"),
        ("It grows by 12.5% a year.", "12.5%"),
        ("There are twenty-one of them.", "twenty-one"),
        ("So I choose option C.", "C"),
        ("Hence it must be (D).", "D"),
        # nothing that can be one
        ("", None),
        ("I do not know.", None),
        ("See above!", None),
    ],
)
def test_answer_anywhere(text, answer):
    assert answer_anywhere(text) == answer


@pytest.mark.parametrize(
    ("completion", "place", "score"),
    [
        (r"\boxed{42} after 3 steps", "box", 1),
        ("<answer>42</answer> after 3 steps", "answer_tag", 1),
        ("She makes 42. #### 42", "hashes", 1),
        ("The answer is 42.", "final_answer_phrase", 1),
        ("42", "bare", 1),
        ("The total is 42.", "anywhere", 1),
        (r"It is \boxed{42 then. So 41", "anywhere", 0),
        (r"\boxed{41}. But 42.", "box", 0),
    ],
)
def test_found_in(completion, place, score):
    verdict = anywhere.verify(completion, "42")
    assert (verdict.found_in, verdict.score) == (place, score)


def test_the_default_stays_strict():
    for text in ("Six times seven is 42.", "It is **42**, after 3 steps.", "It must be 42 then."):
        verdict = accuracy.verify(text, "42")
        assert (verdict.score, verdict.status) != (1, Status.CORRECT)
        assert verdict.found_in in {None, "bare"}


def test_unfinished_reasoning_has_no_answer_anywhere():
    assert anywhere.verify("<think>so 42", "42").status is Status.NO_ANSWER


@pytest.mark.parametrize(
    "text", ["1," * 50_000, "$" * 99_999, "**1" * 40_000, "the answer is " * 9999]
)
def test_hostile_text_takes_bounded_time(text):
    started = process_time()
    answer_anywhere(text)
    assert process_time() - started < 1.5
