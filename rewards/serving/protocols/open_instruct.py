"""`/test_program` and `/test_program_stdio`: open-instruct's API for programs.

Each test is run in the sandbox and judged outside of it; the program never holds the results.
Tests may come packed, as base64 of zlib of a pickle of a text: that pickle is walked, never loaded.

Source: open-instruct, `open_instruct/code_utils/api.py`.
"""

from __future__ import annotations

import json
from typing import Any, cast

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rewards.errors import InputError, WorkerError
from rewards.programs.packed import is_packed, unpack
from rewards.serving.desk import Desk
from rewards.worker import JSON


class TestProgramRequest(BaseModel):
    """What open-instruct sends."""

    model_config = ConfigDict(extra="ignore")

    program: str = Field(description="Python source.")
    tests: list[Any] | str = Field(
        description='Asserts, or `{"input", "output"}` for whole programs; or that, packed.'
    )
    max_execution_time: float = Field(1.0, gt=0, le=60, description="Seconds of one test.")


def routes(desk: Desk) -> APIRouter:
    """open-instruct's endpoints."""
    router = APIRouter(tags=["open-instruct"])

    @router.post("/test_program", summary="Which asserts a program passes")
    async def test_program(body: TestProgramRequest) -> dict[str, Any]:
        tests = _unpacked(body.tests)
        if not all(isinstance(test, str) for test in tests):
            raise InputError("each test is Python source")
        return await _run(desk, body, tests)

    @router.post("/test_program_stdio", summary="Which inputs a program answers rightly")
    async def test_program_stdio(body: TestProgramRequest) -> dict[str, Any]:
        tests = _unpacked(body.tests)
        if not all(isinstance(test, dict) and {"input", "output"} <= test.keys() for test in tests):
            raise InputError('each test is {"input": text, "output": text}')
        cases = [{"stdin": test["input"], "expected": test["output"]} for test in tests]
        return await _run(desk, body, cases)

    return router


def _unpacked(tests: list[Any] | str) -> list[Any]:
    if isinstance(tests, str):
        text = unpack(tests) if is_packed(tests) else tests
        try:
            tests = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"the tests are a text that is no JSON: {error}") from None
    if not isinstance(tests, list) or not tests:
        raise InputError("the tests are no list with anything in it")
    return tests


async def _run(desk: Desk, body: TestProgramRequest, tests: list[Any]) -> dict[str, Any]:
    found = await desk.perform(
        "test_program", body.program, cast("JSON", tests), body.max_execution_time
    )
    if found["status"] == "infra_error":  # no results are better than zeros nobody earned
        raise WorkerError(f"the program could not be run: {found['reason']}")
    return {"results": found["results"], "runtimes": found["seconds"]}
