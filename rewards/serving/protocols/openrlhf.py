"""`/get_reward`: what OpenRLHF asks a reward server.

`query` is prompt and completion as the tokenizer decoded them, special tokens included; the prompt
is cut off, so that nothing it says counts as the answer; a text that does not hold its prompt is
not judged. The protocol has numbers alone: what has
no score gets the server's number for that, and `unscored` is the share of those.

Source: OpenRLHF 0.11.2, `openrlhf/utils/agent.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rewards.errors import InputError
from rewards.serving.desk import Desk
from rewards.serving.judging import Batch


class RewardRequest(BaseModel):
    """What OpenRLHF sends."""

    model_config = ConfigDict(extra="ignore")

    query: list[str] = Field(description="Prompt and completion, one text each.")
    prompts: list[str] = Field(description="The prompts, which begin the texts of `query`.")
    labels: list[Any] = Field(description="The references.")


def routes(desk: Desk) -> APIRouter:
    """OpenRLHF's endpoint."""
    router = APIRouter(tags=["OpenRLHF"])

    @router.post("/get_reward", summary="Rewards of completions")
    async def get_reward(body: RewardRequest, reward: str | None = None) -> dict[str, Any]:
        if len(body.prompts) != len(body.query):
            raise InputError(f"{len(body.prompts)} prompts for {len(body.query)} queries")
        batch = Batch(
            completions=[_cut(*pair) for pair in zip(body.query, body.prompts, strict=True)],
            prompts=body.prompts,
            references=body.labels,
            columns={},
        )
        verdicts = await desk.judge(desk.offer(reward), batch)
        numbers = [desk.number(verdict) for verdict in verdicts]
        return {
            "rewards": numbers,
            "scores": numbers,
            "extra_logs": {"unscored": _share(one["score"] is None for one in verdicts)},
            "verdicts": verdicts,
        }

    return router


def _share(flags: Iterable[bool]) -> float:
    found = [*flags]
    return sum(found) / len(found) if found else 0.0


def _cut(query: str, prompt: str) -> str:
    """What the model wrote.

    >>> _cut("2+2?4<|im_end|>", "2+2?")
    '4<|im_end|>'
    """
    if not query.startswith(prompt):
        raise InputError("a text of `query` does not begin with its prompt, so what is the answer?")
    return query[len(prompt) :]
