"""SandboxFusion's API, as far as the clients of training frameworks use it.

`/run_code` runs a whole program, `/submit` judges a completion against the tests that come with the
request; no data sets are kept here. Unknown fields are ignored, a language that is not given is
Python, a failure of ours is an answer with the status `SandboxError`, and a full server answers
504, which is what verl's client tries again on. A kill has a `return_code`, too.

Not covered: `/run_jupyter`, files of other programs than Python's and of absolute names, languages
that the sandbox does not run (`bash`: no program may start others), and `custom_extract_logic`,
which is Python for the server to execute.

Source: SandboxFusion (July 2026) `sandbox/server/sandbox_api.py`, `online_judge_api.py`; verl 0.9.1
`verl/utils/reward_score/sandbox_fusion/utils.py`; sandbox_fusion 0.3.7 `models.py`.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rewards.errors import InputError
from rewards.serving.desk import Desk
from rewards.serving.programs import PYTEST
from rewards.serving.work_queue import LateError
from rewards.worker import JSON

# What this API calls a language, and what the sandbox does.
LANGUAGES: Mapping[str, str] = {
    "python": "python",
    "cpp": "cpp",
    "c": "c",
    "nodejs": "javascript",
    "java": "java",
    "rust": "rust",
    "go": "go",
}
_RUN: Mapping[str, str] = {**LANGUAGES, PYTEST: PYTEST}  # tests are run, and never tested
_INTERPRETED = ("python", PYTEST)
_KILLED = -int(getattr(signal, "SIGKILL", 9))
_LONGEST_S = 120.0
_MARGIN_S = 8.0  # verl's client waits for both limits and ten seconds


class RunCodeRequest(BaseModel):
    """A program, and what it reads."""

    model_config = ConfigDict(extra="ignore")

    code: str = Field(description="The source.")
    language: str = Field("python", description=f"One of {', '.join((*LANGUAGES, PYTEST))}.")
    stdin: str | None = Field(None, description="What it reads.")
    compile_timeout: float = Field(10, gt=0, le=_LONGEST_S, description="Seconds to compile.")
    run_timeout: float = Field(10, gt=0, le=_LONGEST_S, description="Seconds to run.")
    memory_limit_MB: int = Field(  # noqa: N815 - the API's own name
        -1, le=65_536, description="Megabytes; -1 for the server's own limit."
    )
    files: dict[str, str | None] = Field(
        {},
        description="What lies beside it, as base64 by relative name; none where null. Python's.",
    )
    fetch_files: list[str] = Field([], description="Names of files to read afterwards. Python's.")


class TestConfig(BaseModel):
    """How a completion is judged."""

    model_config = ConfigDict(extra="ignore")

    language: str | None = None
    compile_timeout: float | None = Field(default=None, gt=0, le=_LONGEST_S)
    run_timeout: float | None = Field(default=None, gt=0, le=_LONGEST_S)
    custom_extract_logic: str | None = None
    provided_data: list[dict[str, Any]] | dict[str, Any] | None = None
    extra: dict[str, Any] = {}


class DatasetRequest(BaseModel):
    """Rows that come with the request."""

    model_config = ConfigDict(extra="ignore")

    dataset: str = ""
    config: TestConfig = TestConfig()
    id: int | str | None = None
    offset: int = Field(0, ge=0)
    limit: int = Field(1_000_000, ge=0)


class SubmitRequest(DatasetRequest):
    """A completion, and its row."""

    completion: str


def routes(desk: Desk) -> APIRouter:
    """SandboxFusion's endpoints."""
    router = APIRouter(tags=["SandboxFusion"])

    @router.get("/v1/ping", summary="Whether the server answers")
    async def ping() -> str:
        return "pong"

    @router.post("/run_code", summary="Run a program")
    async def run_code(body: RunCodeRequest) -> dict[str, Any]:
        language = _language(body.language, _RUN)
        limits: dict[str, JSON] = {
            "wall_s": body.run_timeout,
            "compile_wall_s": body.compile_timeout,
            "memory_mb": body.memory_limit_MB if body.memory_limit_MB > 0 else None,
        }
        seconds = body.compile_timeout + body.run_timeout + _MARGIN_S
        files: dict[str, JSON] = {
            name: text for name, text in body.files.items() if text is not None
        }
        work = desk.perform(
            "run_program", body.code, body.stdin or "", language, limits, files, [*body.fetch_files]
        )
        try:
            found = await asyncio.wait_for(work, seconds)
        except (asyncio.TimeoutError, TimeoutError):
            raise LateError(f"not run within {seconds:g} s: the machine is busy") from None
        desk.metrics.count_program(found["status"])
        return run_answer(found, compiled=language not in _INTERPRETED)

    _add_tests(router, desk)
    _add_rows(router)
    return router


def _add_tests(router: APIRouter, desk: Desk) -> None:
    @router.post("/submit", summary="Judge a completion by the tests of its row")
    async def submit(body: SubmitRequest) -> dict[str, Any]:
        row = _row(body)
        if body.config.custom_extract_logic:
            raise InputError("`custom_extract_logic` is Python for the server to run; leave it out")
        seconds = body.config.run_timeout or 10.0
        options: dict[str, JSON] = {
            "language": _language(body.config.language or "python"),
            "wall_s": seconds,
        }
        found = await desk.perform("submit", body.completion, cast("JSON", row), options)
        verdict = found["verdict"]
        desk.metrics.count_verdicts("Code", [verdict])
        ours = verdict["status"] == "error"
        passed = verdict["score"] == 1.0
        return {
            "id": body.id if body.id is not None else row.get("id", 0),
            "accepted": passed,
            "extracted_code": verdict["extracted"] or "",
            "full_code": verdict["extracted"],
            "test_code": None,
            "tests": [
                {
                    "passed": passed,
                    "exec_info": {
                        "status": _SUBMITTED[passed] if not ours else "SandboxError",
                        "message": verdict["reason"],
                        "compile_result": None,
                        "run_result": None,
                        "executor_pod_name": None,
                        "files": {},
                    },
                    "test_info": None,
                }
            ],
            "extracted_type": "fenced" if verdict["extracted"] else "empty",
            "extra": {"verdict": verdict},
        }


def _add_rows(router: APIRouter) -> None:
    @router.get("/list_datasets", summary="The data sets of this server: none")
    async def list_datasets() -> list[str]:
        return []

    @router.post("/list_ids", summary="The ids of the rows that come with the request")
    async def list_ids(body: DatasetRequest) -> list[int | str]:
        return [_id(row, at) for at, row in _window(body)]

    @router.post("/get_prompts", summary="The prompts of the rows that come with the request")
    async def get_prompts(body: DatasetRequest) -> list[dict[str, Any]]:
        return [_prompt(row, at) for at, row in _window(body)]

    @router.post("/get_prompt_by_id", summary="One prompt of the rows that come with the request")
    async def get_prompt_by_id(body: DatasetRequest) -> dict[str, Any]:
        return _prompt(_row(body), 0)


_SUBMITTED = {True: "Success", False: "Failed"}


def run_answer(run: Mapping[str, Any], *, compiled: bool) -> dict[str, Any]:
    """The answer to `/run_code`, from how a program ended in the sandbox.

    >>> run = {"status": "time_limit", "stdout": "", "stderr": "", "return_code": None}
    >>> run |= {"reason": "late", "wall_s": 1.0, "files": {}, "not_fetched": {}}
    >>> answer = run_answer(run, compiled=False)
    >>> answer["status"], answer["run_result"]["status"], answer["run_result"]["return_code"]
    ('Failed', 'TimeLimitExceeded', None)
    """
    status = run["status"]
    whole = {"finished": "Success", "infra_error": "SandboxError"}.get(status, "Failed")
    said = [] if whole == "Success" else [run["reason"]]
    said += [f"not fetched: {name}: {why}" for name, why in run["not_fetched"].items()]
    answer: dict[str, Any] = {
        "status": whole,
        "message": "; ".join(said),
        "compile_result": None,
        "run_result": None,
        "executor_pod_name": None,
        "files": run["files"],
    }
    if status in {"infra_error", "bad_program"}:
        return answer
    if compiled:
        failed = status == "compile_error"
        answer["compile_result"] = {
            "status": "Finished",
            "execution_time": None,
            "return_code": int(failed),
            "stdout": "",
            "stderr": run["stderr"] or run["reason"] if failed else "",
        }
        if failed:
            return answer
    code = run["return_code"]
    late = status == "time_limit"
    if status == "compile_error":  # what Python's parser refuses, as the interpreter would end
        code = 1 if code is None else code
    elif code is None and not late:
        code = _KILLED
    answer["run_result"] = {
        "status": "TimeLimitExceeded" if late else "Finished",
        "execution_time": run["wall_s"],
        "return_code": None if late else code,
        "stdout": run["stdout"],
        "stderr": run["stderr"] or ("" if whole == "Success" else run["reason"]),
    }
    return answer


def _language(name: str, known: Mapping[str, str] = LANGUAGES) -> str:
    try:
        return known[name]
    except KeyError:
        raise InputError(
            f"no program in {name[:40]!r} is run here; there are {', '.join(known)}"
        ) from None


def _rows(config: TestConfig) -> list[dict[str, Any]]:
    given = config.provided_data
    if given is None:
        raise InputError("this server keeps no data sets; give the row as `config.provided_data`")
    return given if isinstance(given, list) else [given]


def _window(body: DatasetRequest) -> Sequence[tuple[int, dict[str, Any]]]:
    return [*enumerate(_rows(body.config))][body.offset : body.offset + body.limit]


def _row(body: DatasetRequest) -> dict[str, Any]:
    rows = _rows(body.config)
    if len(rows) == 1:
        return rows[0]
    found = [row for at, row in enumerate(rows) if str(_id(row, at)) == str(body.id)]
    if len(found) != 1:
        raise InputError(f"{len(found)} rows of `provided_data` have the id {body.id!r}")
    return found[0]


def _id(row: Mapping[str, Any], at: int) -> int | str:
    given = row.get("id", at)
    return given if isinstance(given, int | str) else str(given)


def _prompt(row: Mapping[str, Any], at: int) -> dict[str, Any]:
    text = next((row[name] for name in ("content", "prompt", "question") if row.get(name)), None)
    if text is None:
        raise InputError("a row has no `content`, `prompt` or `question`")
    labels = row.get("labels")
    return {
        "id": _id(row, at),
        "prompt": text,
        "labels": labels if isinstance(labels, Mapping) else {},
    }
