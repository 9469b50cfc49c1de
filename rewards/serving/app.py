"""The application: every protocol behind one doorkeeper, its processes started with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from rewards.errors import RlvrError
from rewards.extras import version_of
from rewards.serving.answers import ASCIIResponse, describe_flaws, error_answer, refusal
from rewards.serving.catalogue import Catalogue
from rewards.serving.desk import Desk
from rewards.serving.doorkeeper import Doorkeeper
from rewards.serving.judging import Judges
from rewards.serving.metrics import Metrics
from rewards.serving.options import ServeOptions
from rewards.serving.protocols import native, open_instruct, openrlhf, sandbox_fusion, slime

_PAGES = ("/docs", "/openapi.json", "/redoc")
_DESCRIPTION = (
    "Verdicts of rule-based rewards, and programs run in a sandbox. Every endpoint takes "
    "`?timeout_s=`: the seconds after which an answer is of no use."
)


def make_app(options: ServeOptions) -> ASGIApp:
    """The application of a reward server.

    Raises:
        InputError: one of the operator's rewards does not exist.
    """
    catalogue = Catalogue(options.named)
    catalogue.find(options.default_reward)
    judges = Judges(options, catalogue)
    metrics = Metrics(judges.queue)
    desk = Desk(options, catalogue, judges, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(judges.start)
        yield
        await asyncio.to_thread(judges.close)

    app = FastAPI(
        title="rlvr serve",
        version=version_of("rlvr") or "0",
        description=_DESCRIPTION,
        default_response_class=ASCIIResponse,
        lifespan=lifespan,
    )
    for protocol in (native, openrlhf, slime, sandbox_fusion, open_instruct):
        app.include_router(protocol.routes(desk))
    _add_own_endpoints(app, judges, metrics)
    _add_errors(app)
    endpoints = frozenset((*app.openapi()["paths"], *_PAGES))
    return cast("ASGIApp", Doorkeeper(app, options, metrics, endpoints))


def _add_own_endpoints(app: FastAPI, judges: Judges, metrics: Metrics) -> None:
    @app.get("/health", tags=["server"], summary="Whether the server answers, and its queue")
    async def health() -> dict[str, object]:
        return {"status": "ok", "workers": judges.queue.threads, "rows": judges.queue.rows}

    @app.get("/metrics", tags=["server"], summary="Counts in Prometheus' format")
    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_errors(app: FastAPI) -> None:
    async def ours(request: Request, error: Exception) -> Response:
        return error_answer(request.url.path, error)

    async def misshapen(_: Request, error: Exception) -> Response:
        flaws = error.errors() if isinstance(error, RequestValidationError) else []
        return refusal(422, "the request does not fit", details=describe_flaws(flaws))

    async def plain(_: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 500
        return refusal(code, str(error.detail) if isinstance(error, HTTPException) else "")

    async def unforeseen(_: Request, error: Exception) -> Response:
        return refusal(500, f"a fault of the server: {type(error).__name__}", retry=True)

    app.add_exception_handler(RlvrError, ours)
    app.add_exception_handler(RequestValidationError, misshapen)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, unforeseen)
