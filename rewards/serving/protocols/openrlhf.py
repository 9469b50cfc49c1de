"""`/get_reward`: what OpenRLHF asks a reward server.

`query` is prompt and completion as the tokenizer decoded them, special tokens included; the prompt
is cut off, so that nothing it says counts as the answer; a text that does not hold its prompt is
not judged. The protocol has numbers alone: what has no score gets the server's number for that, and
`unscored` is the share of those.

Source: OpenRLHF 0.11.2, `openrlhf/utils/agent.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rewards.adapters.openrlhf import completion_of
from rewards.errors import InputError
from rewards.serving.desk import Desk
from rewards.serving.judging import Batch
from rewards.verdict import Status, Verdict


class RewardRequest(BaseModel):
    """What OpenRLHF sends."""

    model_config = ConfigDict(extra="ignore")

    query: list[str] = Field(description="Prompt and completion, one text each.")
    prompts: list[str] = Field(description="The prompts, each held by its text of `query`.")
    labels: list[Any] = Field(description="The references.")


def routes(desk: Desk) -> APIRouter:
    """OpenRLHF's endpoint."""
    router = APIRouter(tags=["OpenRLHF"])

    @router.post("/get_reward", summary="Rewards of completions")
    async def get_reward(body: RewardRequest, reward: str | None = None) -> dict[str, Any]:
        if len(body.prompts) != len(body.query):
            raise InputError(f"{len(body.prompts)} prompts for {len(body.query)} queries")
        if len(body.labels) != len(body.query):
            raise InputError(f"{len(body.labels)} labels for {len(body.query)} queries")
        texts = [completion_of(*pair) for pair in zip(body.query, body.prompts, strict=True)]
        usable = [at for at, text in enumerate(texts) if text is not None]
        batch = Batch(
            completions=[texts[at] for at in usable],
            prompts=[body.prompts[at] for at in usable],
            references=[body.labels[at] for at in usable],
            columns={},
        )
        found = iter(await desk.judge(desk.offer(reward), batch))
        verdicts = [next(found) if text is not None else _NO_PROMPT for text in texts]
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


_NO_PROMPT = Verdict(None, Status.ERROR, reason="the query does not hold its prompt").to_dict()
