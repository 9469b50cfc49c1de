"""Kept rows in the forms that trainers read."""

from __future__ import annotations

import pytest

from rewards.errors import InputError
from rewards.workbench.selection.training_rows import (
    Form,
    find_training_flaw,
    holds_template,
    training_row,
)

ASKED = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "2+2?"}]
SAID = [{"role": "assistant", "content": "4"}]


@pytest.mark.parametrize(
    ("prompt", "completion", "messages"),
    [
        ("2+2?", "4", [*ASKED[1:], *SAID]),
        (ASKED, "4", [*ASKED, *SAID]),
        (ASKED, SAID, [*ASKED, *SAID]),
        (ASKED, {"content": "4"}, [*ASKED, *SAID]),
        (ASKED, "4<|im_end|>\n<|im_start|>user\nAnd 3+3?", [*ASKED, *SAID]),
        (
            [*ASKED, {"role": "assistant", "content": "<think>"}],
            "so</think>4",
            [*ASKED, {"role": "assistant", "content": "<think>so</think>4"}],
        ),
        (
            ASKED,
            [{"role": "assistant", "content": None, "tool_calls": [1]}, *SAID],
            [*ASKED, {"role": "assistant", "content": None, "tool_calls": [1]}, *SAID],
        ),
    ],
)
def test_chat(prompt, completion, messages):
    assert training_row(prompt, completion, Form.CHAT) == {"messages": messages}


@pytest.mark.parametrize(
    ("prompt", "completion", "expected"),
    [
        ("2+2=", "4</s>", {"prompt": "2+2=", "completion": "4"}),
        (ASKED, "4", {"prompt": ASKED, "completion": SAID}),
        ("2+2?", SAID, {"prompt": ASKED[1:], "completion": SAID}),
    ],
)
def test_prompt_and_completion_are_of_one_kind(prompt, completion, expected):
    assert training_row(prompt, completion, Form.PROMPT_COMPLETION) == expected


@pytest.mark.parametrize("prompt", [None, 3, [], [1], [{"content": "no role"}], {"role": "user"}])
def test_a_prompt_that_is_none(prompt):
    with pytest.raises(InputError, match="a prompt is a string or a list of chat messages"):
        training_row(prompt, "4", Form.CHAT)


@pytest.mark.parametrize("completion", [None, 3, "", " \u200b", "<|im_end|>", [], [1]])
def test_nothing_to_train_on(completion):
    assert find_training_flaw(completion)


def test_a_template_is_noticed():
    assert holds_template("<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n")
    assert not holds_template("Is 2 < 3?")
    assert not holds_template(ASKED)
