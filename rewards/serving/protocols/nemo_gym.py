"""`/verify` as NeMo-Gym's resources servers answer it: the rollout back, with its reward.

A rollout is an OpenAI response beside the columns of its row. One without a score gets a number,
which the protocol wants, and `mask_sample`, by which trainers leave it out.

Source: NeMo-Gym 0.4.0, `nemo_gym/base_resources_server.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rewards.errors import InputError
from rewards.serving.desk import Desk
from rewards.serving.judging import Batch

_RESPONSE, _PARAMETERS = "response", "responses_create_params"


def is_rollout(body: Mapping[str, Any]) -> bool:
    """Whether a request is NeMo-Gym's."""
    return _RESPONSE in body and _PARAMETERS in body


async def answer_rollout(desk: Desk, body: dict[str, Any], reward: str | None) -> dict[str, Any]:
    """The body of a request, and the verdict.

    Raises:
        InputError: the response is none of OpenAI's.
    """
    row = {name: cell for name, cell in body.items() if name not in {_RESPONSE, _PARAMETERS}}
    metadata = row.get("verifier_metadata")
    if isinstance(metadata, Mapping):
        row = {**metadata, **row}
    parameters = body[_PARAMETERS]
    batch = Batch(
        completions=[messages_of(body[_RESPONSE])],
        prompts=[parameters.get("input") if isinstance(parameters, Mapping) else None],
        columns={name: [cell] for name, cell in row.items()},
    )
    verdict = (await desk.judge(desk.offer(reward), batch))[0]
    said = {name: verdict[name] for name in ("status", "reason", "extracted", "expected")}
    masked = verdict["score"] is None
    return {**body, "reward": desk.number(verdict), **said, "mask_sample": masked}


def messages_of(response: object) -> list[dict[str, object]]:
    """The model's messages in an OpenAI response, each with the reasoning before it.

    >>> part = {"type": "output_text", "text": "4"}
    >>> messages_of({"output": [{"type": "message", "content": [part]}]})
    [{'role': 'assistant', 'content': '4'}]

    Raises:
        InputError: it has no output.
    """
    output = response.get("output") if isinstance(response, Mapping) else None
    if not isinstance(output, Sequence) or isinstance(output, str):
        raise InputError("the response has no list `output`, as OpenAI's responses have")
    messages: list[dict[str, object]] = []
    reasoning: list[str] = []
    for item in output:
        if not isinstance(item, Mapping):
            raise InputError("an item of the response's `output` is no object")
        if item.get("type") == "reasoning":
            reasoning += [*_texts(item.get("summary")), *_texts(item.get("content"))]
        elif item.get("type") == "message":
            content = item.get("content")
            text = content if isinstance(content, str) else "".join(_texts(content))
            message: dict[str, object] = {"role": "assistant", "content": text}
            if reasoning:
                message["reasoning_content"] = "\n".join(reasoning)
            messages.append(message)
            reasoning = []
    return messages


def _texts(parts: object) -> list[str]:
    if not isinstance(parts, Sequence) or isinstance(parts, str):
        return []
    return [str(part["text"]) for part in parts if isinstance(part, Mapping) and "text" in part]
