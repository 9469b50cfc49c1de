"""How the server answers: JSON in ASCII, and errors that say what was wrong.

Half a surrogate pair, which a model may well write, cannot be sent as UTF-8; as an escape it can.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from rewards.errors import InputError, MissingColumnError, RlvrError, WorkerError
from rewards.serving.catalogue import ForbiddenRewardError
from rewards.serving.work_queue import BusyError, LateError

RETRY_S = 1
_SHORTENED = 300
# What a client retries on when the server is full: verl's client for SandboxFusion on 504 alone,
# open-instruct's on 5xx alone; 429 is what the others and HTTP itself expect.
_BUSY_CODES: Mapping[str, int] = {
    "/run_code": 504,
    "/submit": 504,
    "/test_program": 503,
    "/test_program_stdio": 503,
}


class ASCIIResponse(JSONResponse):
    """JSON without a byte above 127; a NaN that came in goes out as Python writes it."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def error_answer(path: str, error: Exception) -> Response:
    """The answer to a request that ended in an error of ours."""
    if isinstance(error, BusyError):
        return refusal(_BUSY_CODES.get(path, 429), error, retry=True)
    if isinstance(error, LateError):
        return refusal(504, error, retry=True)
    if isinstance(error, ForbiddenRewardError):
        return refusal(403, error)
    if isinstance(error, InputError):
        return refusal(422, error)
    return refusal(503 if isinstance(error, WorkerError) else 500, error, retry=True)


def refusal(
    code: int,
    why: Exception | str,
    *,
    retry: bool = False,
    close: bool = False,
    details: Sequence[Mapping[str, object]] | None = None,
) -> Response:
    """An answer that says why there is none.

    Args:
        code: the HTTP status.
        why: the reason, in words.
        retry: the same request may do better later.
        close: the rest of the request is not read.
        details: what was wrong, place by place, instead of the words alone.
    """
    kind = type(why).__name__ if isinstance(why, RlvrError) else None
    content: dict[str, object] = {"detail": str(why) if details is None else [*details]}
    if isinstance(why, MissingColumnError):
        kind = "MissingColumnError"
    if kind is not None:
        content["kind"] = kind
    headers = {}
    if retry:
        headers["retry-after"] = str(RETRY_S)
    if close:
        headers["connection"] = "close"
    return ASCIIResponse(content, status_code=code, headers=headers)


def describe_flaws(errors: Sequence[Any]) -> list[dict[str, object]]:
    """What a model found wrong with a request, without what the client sent."""
    return [
        {
            "loc": [str(part)[:_SHORTENED] for part in error.get("loc", ())],
            "msg": str(error.get("msg", ""))[:_SHORTENED],
            "type": str(error.get("type", "")),
        }
        for error in errors
    ]
