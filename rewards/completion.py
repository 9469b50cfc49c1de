"""The text of a completion, whichever way the trainer or the file holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rewards.errors import InputError
from rewards.extraction.boxes import ends_in_tag, leaves_open
from rewards.extraction.turns import begun_turn

Message: TypeAlias = Mapping[str, object]
Completion: TypeAlias = str | Sequence[Message]
"""What the model wrote for one prompt: a string, or a list of chat messages."""

# Where servers and chat templates put the reasoning when they take it out of the content:
# vLLM and SGLang `reasoning_content`, newer vLLM `reasoning`, some templates `thinking`.
_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
_REASONING_PARTS = ("thinking", "reasoning")


@dataclass(frozen=True, slots=True)
class CompletionText:
    """The text of a completion.

    Attributes:
        text: everything the model wrote, a separate reasoning field included as a `<think>` block.
        has_reasoning_field: the reasoning came in a field of its own, so the `<think>` tags in
            `text` are ours and not the model's.
    """

    text: str
    has_reasoning_field: bool = False


def completion_text(completion: object) -> CompletionText:
    """Read a completion: a string, a chat message, or a list of chat messages.

    Of several messages (tool calls between them) the last one by the assistant counts: that is
    where the model answers. Content may be a string, `None`, or a list of parts.

    >>> completion_text([{"role": "assistant", "content": "4", "reasoning_content": "2+2"}]).text
    '<think>2+2</think>4'

    Raises:
        InputError: the completion is neither text nor messages.
    """
    if isinstance(completion, str):
        return CompletionText(completion)
    if isinstance(completion, Mapping):
        completion = [completion]
    if isinstance(completion, Sequence) and not isinstance(completion, bytes):
        messages = [_checked_message(message) for message in completion]
        written = [m for m in messages if m.get("role", "assistant") == "assistant"]
        return _message_text(written[-1]) if written else CompletionText("")
    raise InputError(
        f"a completion is a string or a list of chat messages, not {type(completion).__name__}"
    )


def opens_think_block(prompt: object, tag: str = "think") -> bool:
    r"""Whether a prompt already opened the reasoning, so that the completion starts inside it.

    Chat templates of reasoning models often end with `<think>`; the model then never writes the
    opening tag itself. So does a prompt that already began the reasoning in the assistant's turn.
    Only what the prompt shows can be detected: a chat template that adds the tag while rendering
    leaves no trace in a list of messages.

    >>> opens_think_block("User: 2+2?\nAssistant: <think>\n")
    True
    >>> opens_think_block("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    False
    """
    if isinstance(prompt, str):
        if tag.lower() not in prompt.lower():  # the usual case
            return False
        begun = begun_turn(prompt)
        if begun is None:  # nothing shows whose words these are: only its very end speaks
            return ends_in_tag(prompt, tag)
        return leaves_open(begun, tag)
    if isinstance(prompt, Sequence) and prompt and isinstance(prompt[-1], Mapping):
        last = prompt[-1]
        if last.get("role") != "assistant":
            return False
        try:
            return leaves_open(_message_text(last).text, tag)
        except InputError:
            return False
    return False


def _checked_message(message: object) -> Message:
    if not isinstance(message, Mapping):
        raise InputError(
            "a completion given as a list must hold chat messages such as "
            f'{{"role": "assistant", "content": "…"}}, not {type(message).__name__}'
        )
    return message


def _message_text(message: Message) -> CompletionText:
    content, reasoning = _content_text(message.get("content"))
    for field in _REASONING_FIELDS:
        value = message.get(field)
        if isinstance(value, str) and value:
            reasoning = value
            break
    if reasoning is None:
        return CompletionText(content)
    return CompletionText(f"<think>{reasoning}</think>{content}", has_reasoning_field=True)


def _content_text(content: object) -> tuple[str, str | None]:
    """The text and the reasoning of a message's content."""
    if content is None:  # a message that only calls tools
        return "", None
    if isinstance(content, str):
        return content, None
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        raise InputError(
            "a message's content is a string or a list of parts, not " + type(content).__name__
        )
    texts: list[str] = []
    reasoning: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping):
            kind = part.get("type", "text")
            kept = reasoning if kind in _REASONING_PARTS else texts
            value = part.get(kind) if kind in _REASONING_PARTS else part.get("text")
            if isinstance(value, str):
                kept.append(value)
    return "".join(texts), "".join(reasoning) if reasoning else None
