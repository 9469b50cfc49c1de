"""Where an answer may stand, and every place in which it must not be found."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.extraction.phrase import after_answer_phrase
from rewards.extraction.places import ANSWER_PLACES, MARKED_PLACES, find_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 42.", "42"),
        ("the answer is: 42", "42"),
        ("So, the final answer is $\\frac{1}{2}$.", "$\\frac{1}{2}$"),
        ("Hence our answer is x = 3", "x = 3"),
        ("**Final Answer:** 42", "42"),
        ("**Final Answer**: **42**", "42"),
        ("## Final Answer\n\n$$42$$", "$$42$$"),
        ("✅ **Final Answer:** 42", "42"),
        ("We add.\n🎯 The answer is **42**.", "42"),
        ("## 🔹 Answer: 42", "42"),
        ("The final answer is:\n\n\\[\n42\n\\]\n", "\\[\n42\n\\]"),
        ("Final Answer: The final answer is $4$. I hope it is correct.", "$4$"),
        ("Therefore the answer is (C).", "(C)"),
        ("The answer is 41. The answer is 42.", "42"),
        ("2+2=4.\nAnswer: 4<|im_end|>", "4"),
        ("2+2=4. Answer: 4 <|im_start|>user", "4"),
        ("Final Answer: The number of points in the domain of $f(x)$ is 19.", "19"),
        ("Final answer: there are 5 ways", "there are 5 ways"),
        (
            "Final answer: the value could not be found but is 5",
            "the value could not be found but is 5",
        ),
        ("所以答案是5", "5"),
        ("综上所述，最终答案为：\\(42\\)。", "\\(42\\)"),
        ("故选B", "B"),
        ("答：42", "42"),
        ("答えは42です。", "42"),
        ("답은 42입니다.", "42"),
        ("정답: 42", "42"),
        ("Por lo tanto, la respuesta es 42.", "42"),
        ("La réponse est 42", "42"),
        ("A resposta é 42.", "42"),
        ("La risposta è 42.", "42"),
        ("Die Antwort lautet 42.", "42"),
        ("Ответ: 42", "42"),
        ("Đáp án là 42", "42"),
        ("उत्तर: 42", "42"),
        ("الجواب هو 42", "42"),
    ],
)
def test_closing_claims(text, answer):
    assert after_answer_phrase(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42",
        "The problem says the answer could be 42. I am not sure.",
        "I doubt that the answer is 42.",
        "Maybe the answer is 42.",
        "It is unlikely that the answer is 42.",
        "If the answer is 42 then x is even.",
        "The answer is not 42.",
        "The answer is 42?",
        "The answer is 42\nbut let me check again.",
        "The answer is 42.\n\nWait, that is wrong.",
        "答案不是5",
        "What is the answer? 42",
        "The answer is",
        "The answers are many",
    ],
)
def test_what_claims_nothing(text):
    assert after_answer_phrase(text) is None


@pytest.mark.parametrize(
    ("text", "places", "answer"),
    [
        (r"\boxed{1}. The answer is 2.", MARKED_PLACES, "1"),
        (r"\boxed{1}. The answer is 2.", ("final_answer_phrase", "box"), "2"),
        (r"<answer>3</answer> \boxed{1}", ("answer_tag", "box"), "3"),
        (r"<answer>so \boxed{3}</answer>", ("answer_tag",), "3"),
        (r"\boxed{We add up. The answer is 3.}", ("box",), "3"),
        (r"\boxed{3 apples and pears}", ("box",), "3 apples and pears"),
        ("<answer>The answer is 3.</answer>", ("answer_tag",), "3"),
        ("<answer> 3 </answer>", MARKED_PLACES, "3"),
        ("5+37=42\n#### 42", MARKED_PLACES, "42"),
        ("She makes 9 * 2 = 18 dollars. #### 18", MARKED_PLACES, "18"),
        ("She makes $18. #### $18 dollars\n", MARKED_PLACES, "$18 dollars"),
        ("##### 42!", MARKED_PLACES, "42"),
        ("#### 42\nand then some more words", MARKED_PLACES, "42"),
        ("#### 42\nHope this helps!", MARKED_PLACES, "42"),
        ("The answer is 42, which is 6 times 7.", MARKED_PLACES, "42"),
        ("The answer is 42 apples, not 41.", MARKED_PLACES, "42 apples"),
        ("42", MARKED_PLACES, "42"),
        ("$10^3 = 1000$", MARKED_PLACES, "$10^3 = 1000$"),
        ("Marc Bulger", MARKED_PLACES, "Marc Bulger"),
        ("a\nb\nso 42", ("last_line",), "so 42"),
        # nothing that states an answer on purpose
        ("so we get 42 in the end of it", MARKED_PLACES, None),
        ("I guess 42", MARKED_PLACES, None),
        ("not 42", MARKED_PLACES, None),
        ("42?", MARKED_PLACES, None),
        ("41\n42", MARKED_PLACES, None),
        ("#### 42\nWait, that is wrong.", MARKED_PLACES, None),
        ("#### 42\nIt should be 41.", MARKED_PLACES, None),
        ("#### 2. Add them\nWe add.", MARKED_PLACES, None),
        ("#### Step 2\nWe add them.", MARKED_PLACES, None),
        ("so we write the mark #### last, not first", MARKED_PLACES, None),
        ("The answer is 42, which is wrong.", ("final_answer_phrase",), "42, which is wrong"),
        ("The answer is 42, or rather not 41.", ("final_answer_phrase",), "42, or rather not 41"),
        ("The answer is 42.", ("box",), None),
        ("<answer>42</answer>", ("box",), None),
        # a place used badly ends the search
        (r"The answer is \boxed{42", MARKED_PLACES, None),
        (r"\boxed{}. The answer is 42.", MARKED_PLACES, None),
        (r"\boxed{ $ $ }", MARKED_PLACES, None),
        ("<answer>42", MARKED_PLACES, None),
        ("<answer></answer> The answer is 42.", MARKED_PLACES, None),
    ],
)
def test_find_answer(text, places, answer):
    found = find_answer(text, places)
    assert found.text == answer
    assert found.note


@pytest.mark.parametrize(
    "text",
    [
        "The answer is " * 50_000,
        "so, " * 200_000 + "the answer is 42",
        "答案是" * 100_000,
        "the answer is " + " " * 1_000_000,
        "*" * 1_000_000,
        "\n" * 1_000_000,
        "the " * 300_000,
        "I hope it is correct. " * 40_000,
        "<|im_end|>" * 100_000,
        ":" * 500_000 + "answer:" * 1000,
    ],
    ids=range(10),
)
@pytest.mark.usefixtures("no_collections")
def test_hostile_megabytes_take_bounded_time(text):
    started = process_time()
    find_answer(text, MARKED_PLACES)
    assert process_time() - started < 0.5


@given(
    st.text(max_size=300),
    st.lists(st.sampled_from(ANSWER_PLACES), min_size=1, unique=True),
)
def test_never_raises(text, places):
    found = find_answer(text, places)
    assert found.note
    assert found.text is None or found.text.strip()


@pytest.mark.parametrize(
    "leader",
    [
        "Suppose,",
        "Assume:",
        "The student said:",
        "He says that,",
        "One might think:",
        "I guess,",
        "It is false:",
        "It is not true that,",
        "Wrong:",
        "Incorrect:",
        "Not:",
        "If pigs fly,",
        "If pigs fly, then",
        "Unless I erred,",
        "Assuming pigs fly:",
        "Provided that pigs fly,",
        "If x = 1,",
    ],
)
def test_what_another_claims_is_no_claim(leader):
    assert after_answer_phrase(f"{leader} the answer is 42.") is None


@pytest.mark.parametrize(
    "leader",
    [
        "Therefore,",
        "Thinking again,",
        "When x = 1,",
        "Since 40 + 2 = 42,",
        "If we add them, we get 42, so",
        "If x = 1, then y = 41.",
        "There were 42 apples,",
    ],
)
def test_a_claim_behind_a_comma_stays_one(leader):
    assert after_answer_phrase(f"{leader} the answer is 42.") == "42"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("so <|begin_of_box|>42<|end_of_box|>", "42"),
        (r"so <|begin_of_box|>\boxed{42}<|end_of_box|>", "42"),
        (r"<|begin_of_box|>41<|end_of_box|> no: \boxed{42}", "42"),
        ("<|begin_of_box|>41<|end_of_box|> <|begin_of_box|>42<|end_of_box|>", "42"),
        ("so <|begin_of_box|>42", None),
        ("<|begin_of_box|>41<|end_of_box|> or <|begin_of_box|>42", None),
    ],
)
def test_special_tokens_for_a_box_are_a_box(text, answer):
    assert find_answer(text, MARKED_PLACES).text == answer


def test_a_cross_in_front_of_a_claim_takes_it_back():
    assert after_answer_phrase("❌ Final answer: 41") is None
