"""`/remote_rm`: what slime asks with `--rm-type remote_rm --rm-url URL --reward-key score`.

Source: slime 0.3.1, `slime/rollout/rm_hub/__init__.py`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rewards.serving.desk import Desk
from rewards.serving.judging import Batch


class RemoteRequest(BaseModel):
    """What slime sends."""

    model_config = ConfigDict(extra="ignore")

    prompt: Any = Field(None, description="The prompt, text or messages.")
    response: Any = Field(description="What the model wrote.")
    label: Any = Field(None, description="The reference.")


def routes(desk: Desk) -> APIRouter:
    """The endpoint."""
    router = APIRouter(tags=["slime"])

    @router.post("/remote_rm", summary="The verdict on a completion, with a number as its score")
    async def remote_rm(body: RemoteRequest, reward: str | None = None) -> dict[str, Any]:
        batch = Batch(
            completions=[body.response],
            prompts=[body.prompt],
            references=[body.label],
            columns={},
        )
        verdict = (await desk.judge(desk.offer(reward), batch))[0]
        return {**verdict, "score": desk.number(verdict), "unscored": verdict["score"] is None}

    return router
