"""The text of a completion, whichever way the trainer or the file holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rewards.errors import InputError
from rewards.extraction.tags import ends_in_tag, leaves_open
from rewards.extraction.turns import begun_turn

Message: TypeAlias = Mapping[str, object]
Completion: TypeAlias = str | Sequence[Message]
"""What the model wrote for one prompt: a string, or a list of chat messages."""

# Where servers and chat templates put the reasoning when they take it out of the content:
# vLLM and SGLang `reasoning_content`, newer vLLM `reasoning`, some templates `thinking`.
_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")
_REASONING_PARTS = ("thinking", "reasoning")
# What makes an object a message; one that only calls tools may have no content.
_MESSAGE_FIELDS = ("role", "content", "tool_calls", "function_call", *_REASONING_FIELDS)
# What a reply is wrapped in: OpenAI's batch files (`response`, `body`), its chat completions and
# completions (`choices`, `message`), vLLM's `RequestOutput`.
_WRAPPERS = ("response", "body", "choices", "message", "outputs")
_LAYERS = 5
# Completions (OpenAI, vLLM), text-generation pipelines, ShareGPT without a speaker.
_TEXTS = ("text", "generated_text", "value")
_SHAREGPT_ROLES = {
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "human": "user",
}


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
    """Read a completion: a string, a chat message, a list of chat messages, or a server's reply.

    Of several messages (tool calls between them) the last one by the assistant counts: that is
    where the model answers. Content may be a string, `None`, or a list of parts. What servers and
    other tools write is taken apart: OpenAI's `choices`, in a batch's `body` or not, vLLM's
    `outputs`, ShareGPT's `from` and `value`, and objects with one `text`, `generated_text` or
    `value`. An object of any other kind is refused: it would be scored as an empty text.

    >>> completion_text([{"role": "assistant", "content": "4", "reasoning_content": "2+2"}]).text
    '<think>2+2</think>4'
    >>> completion_text({"choices": [{"message": {"role": "assistant", "content": "4"}}]}).text
    '4'

    Raises:
        InputError: the completion is neither text nor messages, or holds several completions.
    """
    if isinstance(completion, str):
        return CompletionText(completion)
    if isinstance(completion, Mapping):
        completion = [_unwrapped(completion)]
    if isinstance(completion, Sequence) and not isinstance(completion, bytes):
        if len(completion) == 1 and isinstance(completion[0], Mapping):
            completion = [_unwrapped(completion[0])]
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
    speaker = message.get("from")
    if isinstance(speaker, str) and "value" in message:
        role = _SHAREGPT_ROLES.get(speaker.lower(), speaker)
        return {"role": role, "content": message["value"]}
    if not any(field in message for field in _MESSAGE_FIELDS):
        keys = ", ".join(str(key)[:40] for key in list(message)[:12]) or "none"
        raise InputError(
            f"a completion is text or chat messages, not an object with the keys {keys}; name the "
            "column or the path that holds the text"
        )
    return message


def _unwrapped(reply: Message) -> Message:
    """The message in what a server or another tool wrote; what is no such thing, as it is."""
    for _ in range(_LAYERS):
        if any(field in reply for field in ("role", "content")):
            return reply
        inner: object = None
        for name in _WRAPPERS:
            if name in reply:
                inner = _only_one(reply[name], name)
                break
        if isinstance(inner, Mapping):
            reply = inner
            continue
        texts = [reply[name] for name in _TEXTS if name in reply and "from" not in reply]
        if len(texts) == 1 and isinstance(texts[0], str):
            return {"role": "assistant", "content": texts[0]}
        return reply
    return reply


def _only_one(inner: object, name: str) -> object:
    if not isinstance(inner, Sequence) or isinstance(inner, str | bytes):
        return inner
    if len(inner) != 1:
        raise InputError(
            f"a completion with {len(inner)} {name} is not one; write a list of their texts, or a "
            "row for each"
        )
    return inner[0]


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
