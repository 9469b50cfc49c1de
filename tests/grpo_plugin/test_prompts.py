"""Questions and answers become prompts and solutions, whatever the columns are called."""

from __future__ import annotations

import pytest

datasets = pytest.importorskip("datasets")

from grpo_plugin import R1_ZERO, R1_ZERO_BOXED, to_prompts  # noqa: E402
from grpo_plugin.errors import DatasetError  # noqa: E402

GSM8K = {"question": "What is 70 + 2?", "answer": "70 + 2 = 72\n#### 72"}
MATH = {"problem": "What is $6 \\cdot 7$?", "solution": "It is \\boxed{42}.", "level": "Level 1"}
MATH_500 = MATH | {"answer": "42"}


@pytest.fixture(autouse=True)
def no_bars():
    datasets.disable_progress_bars()


def test_gsm8k_becomes_a_conversation():
    (row,) = to_prompts([GSM8K])
    assert row == {
        "prompt": [
            {"role": "system", "content": R1_ZERO_BOXED},
            {"role": "user", "content": GSM8K["question"]},
        ],
        "solution": GSM8K["answer"],
    }


def test_math_keeps_its_other_columns():
    (row,) = to_prompts([MATH], system=None)
    assert row["prompt"] == [{"role": "user", "content": MATH["problem"]}]
    assert row["solution"] == MATH["solution"]
    assert row["level"] == "Level 1"
    assert "problem" not in row


def test_a_final_answer_is_preferred_and_the_worked_solution_kept():
    (row,) = to_prompts([MATH_500])
    assert row["solution"] == "42"
    assert row["worked_solution"] == MATH["solution"]


def test_columns_can_be_named():
    (row,) = to_prompts([MATH_500], question_column="level", answer_column="solution")
    assert row["prompt"][-1]["content"] == "Level 1"
    assert row["solution"] == MATH["solution"]
    assert row["answer"] == "42"


def test_plain_prompts_follow_table_1():
    (row,) = to_prompts([GSM8K], plain=True, system=R1_ZERO)
    assert row["prompt"] == f"{R1_ZERO} User: What is 70 + 2? Assistant:"


def test_the_template_is_the_papers():
    assert R1_ZERO.startswith("A conversation between User and Assistant. The user asks a question")
    assert R1_ZERO.endswith(
        "i.e., <think> reasoning process here </think> <answer> answer here </answer>."
    )
    assert "\\boxed{answer}" in R1_ZERO_BOXED


def test_messages_get_the_instruction_unless_they_bring_their_own():
    user = {"role": "user", "content": "2+2?"}
    own = {"role": "system", "content": "Be brief."}
    rows = [{"prompt": [user], "answer": "4"}, {"prompt": [own, user], "answer": "4"}]
    first, second = to_prompts(rows)
    assert [m["content"] for m in first["prompt"]] == [R1_ZERO_BOXED, "2+2?"]
    assert second["prompt"] == [own, user]


@pytest.mark.parametrize("kind", ["dataset", "stream", "stream without a schema", "splits"])
def test_every_kind_of_dataset(kind):
    made = datasets.Dataset.from_list([GSM8K | {"id": 7}])
    if kind == "stream":
        made = made.to_iterable_dataset()
    elif kind == "stream without a schema":
        made = datasets.IterableDataset.from_generator(lambda: iter([GSM8K | {"id": 7}]))
    elif kind == "splits":
        made = datasets.DatasetDict(train=made, test=made)
    done = to_prompts(made)
    assert type(done) is type(made)
    row = next(iter(done["test"] if kind == "splits" else done))
    assert set(row) == {"prompt", "solution", "id"}


def test_rows_of_a_list_need_not_fill_every_column():
    rows = [{"question": "2+2?", "answer": "4"}, {"question": "Write f.", "tests": "f() == 1"}]
    first, second = to_prompts(rows)
    assert (first["solution"], first["tests"]) == ("4", None)
    assert (second["solution"], second["tests"]) == (None, "f() == 1")


def test_a_missing_column_lists_those_seen():
    with pytest.raises(DatasetError, match=r"no column holds the question.*seen: frage, answer"):
        to_prompts([{"frage": "2+2?", "answer": "4"}])
    with pytest.raises(DatasetError, match=r"no column holds the answer.*seen: question, antwort"):
        to_prompts([{"question": "2+2?", "antwort": "4"}])
    with pytest.raises(DatasetError, match=r"answer_column='final' names a column that is not"):
        to_prompts([GSM8K], answer_column="final")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([3], "row 0 is a int"),
        ([{"question": 3, "answer": "3"}], "'question' holds a int"),
        ([{"question": None, "answer": "3"}], "'question' holds nothing"),
    ],
)
def test_unusable_rows_say_why(rows, message):
    with pytest.raises(DatasetError, match=message):
        to_prompts(rows)


def test_plain_text_cannot_be_made_of_messages():
    with pytest.raises(DatasetError, match="plain=True needs text"):
        to_prompts([{"prompt": [{"role": "user", "content": "2+2?"}], "answer": "4"}], plain=True)
