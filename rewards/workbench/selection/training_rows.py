"""A kept row in the form that a trainer for supervised fine-tuning reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from rewards.completion import completion_text
from rewards.errors import InputError
from rewards.extraction.turns import first_turn, is_blank


class Form(str, Enum):
    """What a kept row is written as.

    `CHAT`: `{"messages": [...]}`, the prompt's messages and then the completion's.
    `PROMPT_COMPLETION`: `{"prompt": ..., "completion": ...}`, both text, or both messages when
    either is. TRL's `SFTTrainer` reads both and trains on the completion alone in the second.
    `ROWS`: the row as it stands, verdicts included.

    In the first two a completion given as text ends where its turn ends (see
    `rewards.extraction.turns`): end marks and turns that the model made up were not judged, and
    the trainer adds its own mark. A column `tools` is passed on, as the chat template shows it.
    """

    CHAT = "chat"
    ROWS = "rows"
    PROMPT_COMPLETION = "prompt-completion"


def training_row(prompt: object, completion: object, form: Form) -> dict[str, object]:
    """The row to train on.

    >>> training_row("2+2?", "4<|im_end|>", Form.CHAT)["messages"][1]
    {'role': 'assistant', 'content': '4'}
    >>> training_row("2+2=", "4", Form.PROMPT_COMPLETION)
    {'prompt': '2+2=', 'completion': '4'}

    Raises:
        InputError: the prompt is neither text nor messages.
    """
    if form is Form.PROMPT_COMPLETION:
        if isinstance(prompt, str) and isinstance(completion, str):
            return {"prompt": prompt, "completion": first_turn(completion)}
        return {"prompt": prompt_messages(prompt), "completion": _completion_messages(completion)}
    before, said = prompt_messages(prompt), _completion_messages(completion)
    opened = before[-1].get("content") if before and before[-1].get("role") == "assistant" else None
    begun = said[0].get("content") if said else None
    if isinstance(opened, str) and isinstance(begun, str):
        # The prompt ends with the start of the answer: one message, not two in a row.
        before, said = before[:-1], [{**said[0], "content": opened + begun}, *said[1:]]
    return {"messages": [*before, *said]}


def prompt_messages(prompt: object) -> list[dict[str, object]]:
    """A prompt as chat messages.

    >>> prompt_messages("2+2?")
    [{'role': 'user', 'content': '2+2?'}]

    Raises:
        InputError: the prompt is neither text nor messages.
    """
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    if (
        isinstance(prompt, Sequence)
        and prompt
        and all(isinstance(message, Mapping) and "role" in message for message in prompt)
    ):
        return [dict(message) for message in prompt]
    raise InputError("a prompt is a string or a list of chat messages with a role each")


def find_training_flaw(completion: object) -> str:
    """Why nobody can train on a completion, in words, or "".

    >>> find_training_flaw(" "), find_training_flaw(None)
    ('the completion is blank', 'the row holds no completion')
    """
    if completion is None:
        return "the row holds no completion"
    try:
        text = completion_text(completion).text
    except InputError as error:
        return str(error)
    return "the completion is blank" if is_blank(first_turn(text)) else ""


def holds_template(prompt: object) -> bool:
    """Whether a prompt is text that a chat template has already been applied to."""
    return isinstance(prompt, str) and first_turn(prompt) != prompt


def _completion_messages(completion: object) -> list[dict[str, object]]:
    if isinstance(completion, str):
        return [{"role": "assistant", "content": first_turn(completion)}]
    messages = [completion] if isinstance(completion, Mapping) else completion
    if not isinstance(messages, Sequence):  # rows like this are never kept
        raise InputError("a completion is a string or a list of chat messages")
    return [{"role": "assistant", **message} for message in messages]
