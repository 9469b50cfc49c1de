"""The text of a completion, in every shape trainers, servers and files give it."""

import pytest

from rewards.completion import CompletionText, completion_text, opens_think_block
from rewards.errors import InputError


@pytest.mark.parametrize(
    ("completion", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ([], ""),
        ([{"role": "assistant", "content": "a"}], "a"),
        ({"role": "assistant", "content": "a"}, "a"),
        ([{"content": "no role"}], "no role"),
        ([{"role": "assistant", "content": None}], ""),
        ([{"role": "assistant"}], ""),
        ([{"role": "user", "content": "only the user"}], ""),
        (
            [
                {"role": "assistant", "content": "first", "tool_calls": []},
                {"role": "tool", "content": "result"},
                {"role": "assistant", "content": "last"},
            ],
            "last",
        ),
        ([{"role": "assistant", "content": "a"}, {"role": "tool", "content": "b"}], "a"),
        (
            [
                {
                    "role": "assistant",
                    "content": [
                        {"type": "text", "text": "a"},
                        "b",
                        {"type": "image", "url": "x"},
                        {"text": "c"},
                        None,
                    ],
                }
            ],
            "abc",
        ),
        (({"role": "assistant", "content": "tuple"},), "tuple"),
    ],
)
def test_text(completion, text):
    assert completion_text(completion) == CompletionText(text)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_in_a_field_of_its_own(field):
    message = {"role": "assistant", "content": "4", field: "2+2"}
    assert completion_text([message]) == CompletionText("<think>2+2</think>4", True)


def test_reasoning_in_a_part():
    parts = [{"type": "thinking", "thinking": "2+2"}, {"type": "text", "text": "4"}]
    written = completion_text([{"role": "assistant", "content": parts}])
    assert written == CompletionText("<think>2+2</think>4", True)


@pytest.mark.parametrize("value", [None, "", 5, ["x"]])
def test_a_reasoning_field_without_text_is_none(value):
    message = {"role": "assistant", "content": "4", "reasoning_content": value}
    assert completion_text([message]) == CompletionText("4")


@pytest.mark.parametrize(
    ("completion", "named"),
    [
        (None, "NoneType"),
        (5, "int"),
        (b"x", "bytes"),
        (["a"], "chat messages"),
        ([None], "NoneType"),
        ([{"content": 5}], "int"),
        ([{"content": {"text": "x"}}], "dict"),
        ([{"content": b"x"}], "bytes"),
    ],
)
def test_what_is_no_completion(completion, named):
    with pytest.raises(InputError, match=named):
        completion_text(completion)


@pytest.mark.parametrize(
    ("prompt", "opened"),
    [
        ("2+2? <think>", True),
        ("2+2? <think>\n\n", True),
        ("2+2? <think> hm", False),
        ("<think>a</think>", False),
        ("", False),
        (None, False),
        ([], False),
        ([{"role": "user", "content": "<think>"}], False),
        ([{"role": "assistant", "content": "<think>\n"}], True),
        ([{"role": "assistant", "content": None}], False),
        (["<think>"], False),
        (5, False),
    ],
)
def test_opened_by_the_prompt(prompt, opened):
    assert opens_think_block(prompt) is opened


def test_other_tag():
    assert opens_think_block("go <reason>", "reason")
    assert not opens_think_block("go <think>", "reason")


@pytest.mark.parametrize("role", ["user", "tool", "system"])
def test_a_single_message_of_somebody_else_is_no_completion(role):
    assert completion_text({"role": role, "content": "4"}).text == ""
    assert completion_text({"content": "4"}).text == "4"


@pytest.mark.parametrize(
    "cell",
    [
        {"role": "assistant", "content": "4"},
        {"content": "4"},
        {"text": "4"},
        {"generated_text": "4"},
        {"value": "4"},
        {"choices": [{"message": {"role": "assistant", "content": "4"}}]},
        {"choices": [{"text": "4", "index": 0}]},
        [{"message": {"role": "assistant", "content": "4"}, "finish_reason": "stop"}],
        {"status_code": 200, "body": {"choices": [{"message": {"content": "4"}}]}},
        {"id": "1", "response": {"body": {"choices": [{"message": {"content": "4"}}]}}},
        {"request_id": "0", "prompt": "2+2", "outputs": [{"text": "4", "token_ids": [19]}]},
        [{"text": "4", "token_ids": [19]}],
        [{"from": "human", "value": "2+2"}, {"from": "gpt", "value": "4"}],
        {"message": {"role": "assistant", "content": [{"type": "text", "text": "4"}]}},
    ],
)
def test_what_servers_and_tools_write_is_taken_apart(cell):
    assert completion_text(cell).text == "4"


@pytest.mark.parametrize(
    "cell",
    [
        {},
        {"answer": "4"},
        {"status_code": 500, "error": "overloaded"},
        {"choices": []},
        {"choices": [{"text": "4"}, {"text": "5"}]},
        [{"text": "4"}, {"text": "5"}],
        {"text": "4", "value": "5"},
        {"text": {"a": 1}},
        [{"answer": "4"}],
    ],
)
def test_an_object_of_another_kind_is_refused_and_never_an_empty_text(cell):
    with pytest.raises(InputError):
        completion_text(cell)


def test_a_message_that_only_calls_tools_is_an_empty_text():
    assert completion_text([{"role": "assistant", "tool_calls": [{"id": "1"}]}]).text == ""
