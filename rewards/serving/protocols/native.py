"""`/verify` as the library is called: completions and columns in, verdicts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rewards.errors import InputError
from rewards.serving.desk import Desk
from rewards.serving.judging import Batch
from rewards.serving.protocols.nemo_gym import answer_rollout, is_rollout


class VerifyRequest(BaseModel):
    """One completion, or many as columns; or a rollout as NeMo-Gym sends it.

    `completions` are judged as `Reward.verdicts` judges them, `completion` as `Reward.verify`.
    """

    model_config = ConfigDict(extra="allow")

    reward: str | None = Field(
        None, description="A reward, with options as in `accuracy(tolerance=1e-3)`."
    )
    completion: Any = Field(None, description="One text, or chat messages.")
    reference: Any = Field(None, description="What is right, for one completion.")
    prompt: Any = Field(None, description="The prompt of one completion.")
    row: dict[str, Any] = Field({}, description="Further cells of its row, by column.")
    completions: list[Any] | None = Field(None, description="Many texts or lists of messages.")
    prompts: list[Any] | None = Field(None, description="A prompt for each.")
    completion_ids: list[Any] | None = Field(
        None, description="Token ids for each; of one completion, its own."
    )
    columns: dict[str, list[Any]] = Field(
        {}, description="Further cells, one for each completion, by column: `answer`, `tests`, …"
    )
    trainer_state: dict[str, Any] | None = Field(
        None, description="`global_step` and `max_steps`, for rewards that change with training."
    )


def routes(desk: Desk) -> APIRouter:
    """The endpoints of our own client."""
    router = APIRouter(tags=["rlvr"])

    @router.post("/verify", summary="Verdicts on one completion, on many, or on a rollout")
    async def verify(body: VerifyRequest, reward: str | None = None) -> dict[str, Any]:
        extra = body.model_extra or {}
        if is_rollout(extra):
            return await answer_rollout(desk, body.model_dump(exclude_unset=True), reward)
        offer = desk.offer(body.reward or reward)
        if body.completions is None and "completion" not in body.model_fields_set:
            raise InputError("give a `completion`, or `completions`")
        _check_read(body)
        if body.completions is None:
            batch = Batch(
                completions=[body.completion],
                prompts=[body.prompt],
                completion_ids=None if body.completion_ids is None else [body.completion_ids],
                references=[body.reference],
                columns={name: [cell] for name, cell in body.row.items()},
            )
            return {"verdict": (await desk.judge(offer, batch))[0]}
        batch = Batch(
            completions=body.completions,
            prompts=body.prompts,
            completion_ids=body.completion_ids,
            columns=body.columns,
            trainer_state=_state(body.trainer_state),
        )
        return {"verdicts": await desk.judge(offer, batch)}

    @router.get("/rewards", summary="The rewards that may be asked for")
    async def rewards() -> dict[str, list[str]]:
        return desk.listed()

    @router.get("/reward", summary="What a reward needs and reads")
    async def describe(reward: str) -> dict[str, Any]:
        return desk.offer(reward).describe()

    return router


_ONE = ("completion", "reference", "prompt", "row", "completion_ids")
_MANY = ("completions", "prompts", "columns", "completion_ids", "trainer_state")


def _check_read(body: VerifyRequest) -> None:
    """See that nothing was sent that would not be read: a verdict without it is another one.

    Raises:
        InputError: something was; the message says where it belongs.
    """
    known = _ONE if body.completions is None else _MANY
    sent = {**{name: getattr(body, name) for name in (*_ONE, *_MANY)}, **(body.model_extra or {})}
    unread = [
        name for name, given in sent.items() if name not in known and given not in (None, {}, [])
    ]
    if unread:
        form = "one `completion`" if body.completions is None else "`completions`"
        cells = "its cells in `row`" if body.completions is None else "lists of cells in `columns`"
        raise InputError(
            f"{', '.join(unread)[:200]}: not read for {form}; it takes {', '.join(known)}, {cells}"
        )


def _state(given: Mapping[str, Any] | None) -> dict[str, object] | None:
    """How far training is, as a trainer's state says it."""
    if given is None:
        return None
    numbers = {name: given.get(name) for name in ("global_step", "max_steps")}
    if not all(value is None or isinstance(value, int | float) for value in numbers.values()):
        raise InputError("trainer_state holds global_step and max_steps, as numbers")
    return numbers
