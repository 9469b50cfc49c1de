"""Programs that clients send to be run: what a worker process does with them.

Not covered: safety; that is `sandbox`, which this module alone of the server imports, in a worker
process and when a program is run.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from rewards.columns import COLUMN_ALIASES, Role
from rewards.errors import InputError
from rewards.programs.sandboxes import sandbox_with
from rewards.programs.task import RowTests
from rewards.rules.program import Code
from rewards.verdict import Status

_MEMORY_MB = 2048
_OUTPUT_MB = 8.0
_TOTAL_S = 300.0


PYTEST = "pytest"
"""A language of SandboxFusion's: the program is a file of tests that pytest runs."""

# A module's version is looked for beside it, where nobody may look.
_RUN_TESTS = """
import sys
import pluggy
import pytest
try:
    pluggy.__version__
except ImportError:
    pluggy.__version__ = "?"
sys.exit(pytest.main(["-p", "no:cacheprovider", {name!r}]))
"""


def run_program(  # noqa: PLR0913, PLR0917 - what a client sends, as a task's arguments
    code: str,
    stdin: str,
    language: str,
    limits: Mapping[str, float | None],
    files: Mapping[str, str],
    fetched: list[str],
) -> dict[str, Any]:
    """How a program ended, what it printed, and what was in its files.

    Args:
        code: its source.
        stdin: what it reads.
        language: as the sandbox calls it, or `pytest`.
        limits: `wall_s` (CPU seconds too), `compile_wall_s`, `memory_mb` or `None`.
        files: what lies beside it, as base64 by relative name.
        fetched: names of the files to read afterwards.

    Raises:
        InputError: the language has no toolchain here, or files cannot be given or fetched so.
        SandboxError: no sandbox can be started.
    """
    from sandbox import BadFilesError, BadTestsError, Limits, MissingToolchainError

    beside = {name: _decoded(name, text) for name, text in files.items()}
    if language == PYTEST:
        code, beside = _tested(code, beside)
        language = "python"
    try:
        run = sandbox_with(None, frozenset(), None).run_program(
            code,
            stdin=stdin,
            files=beside,
            fetch_files=fetched,
            language=language,
            limits=Limits(
                wall_s=limits["wall_s"] or 10.0,
                cpu_s=limits["wall_s"] or 10.0,
                memory_mb=int(limits["memory_mb"] or _MEMORY_MB),
                output_mb=_OUTPUT_MB,
                compile_wall_s=limits["compile_wall_s"] or 10.0,
            ),
        )
    except (BadFilesError, BadTestsError, MissingToolchainError) as error:
        raise InputError(str(error)) from error
    return {
        **{name: getattr(run, name) for name in _SHOWN},
        "status": run.status.value,
        "files": {name: b64encode(content).decode() for name, content in run.files.items()},
        "not_fetched": dict(run.not_fetched),
    }


def _decoded(name: str, text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise InputError(f"`files`: {name[:100]!r} is not base64: {error}") from error


def _tested(code: str, files: Mapping[str, bytes]) -> tuple[str, dict[str, bytes]]:
    """A program that has pytest run this code, and its files."""
    from sandbox.modules import missing

    if missing([PYTEST]):
        raise InputError("no program in 'pytest' is run here: pip install pytest beside the server")
    name = "test_program.py"
    while name in files:
        name = f"test_{name}"
    return _RUN_TESTS.format(name=name), {**files, name: code.encode("utf-8", "replace")}


_SHOWN = ("stdout", "stderr", "return_code", "reason", "wall_s", "cpu_s", "peak_mb")


def submit(
    completion: str, row: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, object]:
    """The verdict on the program in a completion, by the tests of its row.

    Raises:
        InputError: the row has no tests, or none that can be read.
    """
    labels = row.get("labels")
    cells = {**(labels if isinstance(labels, Mapping) else {}), **row}
    tests = next((cells[name] for name in COLUMN_ALIASES[Role.TESTS] if cells.get(name)), None)
    reward = Code(
        language=options["language"], wall_s=options["wall_s"], cpu_s=options["wall_s"],
        total_s=_TOTAL_S,
    )  # fmt: skip
    if tests is None:
        raise InputError(f"the row has no tests; names: {', '.join(COLUMN_ALIASES[Role.TESTS])}")
    named = {name: cells[name] for name in reward.also_reads if name in cells}
    prompt = cells.get("content", cells.get("prompt"))
    verdict = reward.verify(completion, _parsed(tests), prompt=prompt, **named)
    if verdict.score is None and verdict.status.value in {"bad_reference", "not_applicable"}:
        raise InputError(verdict.reason)
    ours = verdict.status is Status.ERROR
    return {"status": "infra_error" if ours else "judged", "verdict": verdict.to_dict()}


def _parsed(tests: object) -> object:
    """Tests that came as JSON in a text, as the databases of that API hold them."""
    if isinstance(tests, str) and tests.lstrip()[:1] in {"[", "{"}:
        try:
            return json.loads(tests)
        except ValueError:  # source that begins with a bracket
            return tests
    return tests


def test_program(code: str, tests: list[Any], limit_s: float) -> dict[str, object]:
    """Which tests a program passes, 1 or 0 each, and how long each took.

    Raises:
        InputError: the tests cannot be used.
        WorkerError: no sandbox can be started.
    """
    reward = Code(wall_s=limit_s, cpu_s=limit_s, total_s=_TOTAL_S)
    outcome = reward.run_source(code, RowTests(tests))
    ended = outcome["tests"]
    if any(test["status"] == "infra_error" for test in ended):
        return {"status": "infra_error", "reason": outcome["reason"]}
    passed = [int(test["status"] == "accepted") for test in ended]
    seconds = [test["wall_s"] for test in ended]
    if len(tests) == 1:  # an only source may be of many asserts, each of them a test
        passed, seconds = [int(all(passed))], [sum(seconds)]
    return {"status": outcome["status"], "results": passed, "seconds": seconds}
