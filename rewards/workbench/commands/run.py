"""`rlvr run`: a program against its tests, in the sandbox."""

from __future__ import annotations

import json as jsonlib
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from rewards.errors import DataFileError, InputError
from rewards.workbench.commands.options import BUILDS_KEPT, BuildCacheOption, keep_builds

EXIT_NOT_ACCEPTED = 1
EXIT_NOT_JUDGED = 2
_TAGS = {
    ".py": "python", ".c": "c", ".cpp": "cpp", ".cc": "cpp", ".cxx": "cpp", ".js": "javascript",
    ".mjs": "javascript", ".java": "java", ".rs": "rust", ".go": "go",
}  # fmt: skip


def run(  # noqa: PLR0913 - one option each
    program: Annotated[str, typer.Argument(help="The program: a file, or - for standard input.")],
    *,
    tests: Annotated[
        Path,
        typer.Option(help="The tests: JSON in any shape that datasets use, or assert source."),
    ],
    entry: Annotated[
        str | None,
        typer.Option(help="What the tests call, such as Solution().twoSum; wins over the file's."),
    ] = None,
    checker: Annotated[
        Path | None,
        typer.Option(help="Python that defines check(given, expected, answer): judges answers."),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="The program's language; by default its file's.")
    ] = None,
    modules: Annotated[
        str | None,
        typer.Option(help="Third-party modules that it may import, by comma; see rlvr doctor."),
    ] = None,
    wall_s: Annotated[float, typer.Option("--wall-s", help="Wall seconds for each run.")] = 10.0,
    cpu_s: Annotated[float, typer.Option("--cpu-s", help="CPU seconds for each run.")] = 5.0,
    memory_mb: Annotated[int, typer.Option("--memory-mb", help="Memory of each run.")] = 512,
    processes: Annotated[
        int, typer.Option(help="How many processes a Python program may be, itself among them.")
    ] = 1,
    build_cache: BuildCacheOption = BUILDS_KEPT,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Run a program against tests and say which it passes.

    The tests file is Python source or JSON, in any of these shapes:

    - assert add(1, 2) == 3 (source; each assert at its top is a test), or a JSON list of such lines

    - def check(candidate): assert candidate(1, 2) == 3 (HumanEval, LeetCode), with --entry

    - [{"args": [1, 2], "expected": 3}], with --entry

    - [{"stdin": "1 2", "expected": "3"}] for whole programs

    - {"inputs": [...], "outputs": [...]}, calls with "fn_name" and stdin without (APPS, TACO)

    - {"tests": ..., "entry_point": ..., "prompt": ..., "test_setup_code": ..., "checker": ...}

    Exit codes: 0 every test passed; 1 not; 2 bad input, a checker that
    fails, or a machine that cannot confine programs.

    For example:

        rlvr run add.py --tests tests.json --entry add
    """
    from rewards.programs.task import RowTests  # `--help` is quick
    from rewards.rules.program import Code
    from rewards.text.visible import visible

    keep_builds(build_cache)
    chosen = language or _TAGS.get(Path(program).suffix.lower(), "python")
    named = None if modules is None else tuple(n.strip() for n in modules.split(",") if n.strip())
    reward = Code(
        language=chosen,
        wall_s=wall_s,
        cpu_s=cpu_s,
        memory_mb=memory_mb,
        modules=named,
        processes=processes,
        partial=True,
    )
    row = RowTests(
        _about(program, _read(str(tests))),
        entry=entry,
        checker=_read(str(checker)) if checker else None,
    )
    found = reward.run_source(_read(program), row)
    if json:
        typer.echo(jsonlib.dumps(found, ensure_ascii=False, indent=2))
    else:
        for position, test in enumerate(found["tests"], 1):
            typer.echo(f"{position:4d}  {test['status']:<14} {visible(test['reason'])}")
        typer.echo(
            f"{found['status']}: {found['passed']} of {found['total']} tests, "
            f"{found['cpu_s']:.3f} CPU-s, {found['peak_mb']:.0f} MB"
        )
    if found["status"] == "infra_error":
        raise typer.Exit(EXIT_NOT_JUDGED)
    if found["status"] != "accepted":
        raise typer.Exit(EXIT_NOT_ACCEPTED)


def _about(program: str, tests: str) -> str:
    """Tests that import the program by its file's name, as they would beside it."""
    stem = Path(program).stem
    if not stem.isidentifier():
        return tests
    tests = re.sub(rf"(?m)^(\s*from\s+){stem}(\s+import\b)", r"\1solution\2", tests)
    return re.sub(rf"(?m)^(\s*import\s+){stem}\s*$", rf"\1solution as {stem}", tests)


def _read(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataFileError(f"{name}: is not UTF-8 at byte {error.start + 1}") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None
