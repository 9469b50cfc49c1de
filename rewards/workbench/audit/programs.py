r"""What is to be said about a row of programming tests before a model is trained on it.

Tests that cannot be read are found by reading them. With `run` they are run: programs that do
nothing must not pass them, and the row's own solution must.

Not covered: tests that a wrong program passes which does something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rewards.errors import InputError
from rewards.programs.own_solutions import SOLUTION_COLUMNS, own_solutions
from rewards.programs.task import RowTests, Task, read_task
from rewards.rules.program import Code
from rewards.verdict import Status, Verdict
from rewards.workbench.audit.references import Audited, Finding

_code = Code(solution_columns=())  # a row's solution is judged here, and not asked about itself

# What a function that does nothing returns, and what a program that does nothing prints.
_VALUES = ("None", "0", "1", "True", "[]", "''", "a[0] if a else None")
_PRINTED = ("", "print(0)", "print(1)", "print('YES')", "print('NO')", "print(open(0).read())")


def audit_tests(
    tests: object, row: Mapping[str, object], *, prompt: object = None, run: bool = False
) -> Audited:
    """What is to be said about one row's tests.

    Args:
        tests: the cell with the tests.
        row: all cells of the row; the columns that `code` reads are looked at.
        prompt: the row's prompt, which may hold the start of the program.
        run: whether to run the tests in the sandbox.

    Raises:
        WorkerError: the tests are to be run, and no sandbox can be started.
    """
    cells = {name: row[name] for name in _code.also_reads if row.get(name) is not None}
    try:
        task = read_task(RowTests(tests, cells=cells), prompt, _code.language)
    except InputError as error:
        return Audited({Finding.UNUSABLE_TESTS: str(error)})
    count = max(len(task.read.functions), len(task.read.prints), len(task.read.asserts))
    reads_as = f"{count} test{'s' if count != 1 else ''}"
    if not run:
        return Audited({}, reads_as)
    return Audited(_found_by_running(task, tests, row, cells, prompt), reads_as)


def _found_by_running(
    task: Task,
    tests: object,
    row: Mapping[str, object],
    cells: Mapping[str, object],
    prompt: object,
) -> dict[Finding, str]:
    """What runs show; nothing where the tests want a language without a toolchain here."""
    if not task.wanted.languages or "python" in task.wanted.languages:
        for source in trivial_programs(task):
            verdict = _judged(_fenced(source), tests, prompt, cells)
            if verdict.status is Status.BAD_REFERENCE:
                return {Finding.UNUSABLE_TESTS: verdict.reason}
            if verdict.score == 1:
                return {Finding.TRIVIAL_TESTS: f"passed by {source.splitlines()[-1].strip()!r}"}
    own = own_solutions(row, SOLUTION_COLUMNS, task=task, default=_code.language, prompt=prompt)
    if own:
        verdict = _judged(_fenced(own[0].source, own[0].language), tests, prompt, cells)
        if verdict.status is Status.BAD_REFERENCE:
            return {Finding.UNUSABLE_TESTS: verdict.reason}
        if verdict.score is not None and verdict.score < 1:
            return {Finding.REFUSES_SOLUTION: verdict.reason}
    return {}


def _judged(completion: str, tests: object, prompt: object, cells: Mapping[str, object]) -> Verdict:
    return _code.verify(completion, tests, prompt=prompt, completion_ids=None, **cells)


def trivial_programs(task: Task) -> Iterator[str]:
    """Programs that do nothing, in the shape that the tests want."""
    if task.read.prints:
        yield from (source or "pass" for source in _PRINTED)
        return
    for value in _VALUES:
        method = f"    def __getattr__(self, name):\n        return lambda *a, **k: {value}"
        functions = [
            f"class Solution:\n{method}",
            *(f"def {name}(*a, **k): return {value}" for name in sorted(task.wanted.names)),
        ]
        yield "\n".join(functions)


def _fenced(source: str, language: str = "python") -> str:
    ticks = "`" * (3 + source.count("```") * 3)
    return f"{ticks}{language}\n{source}\n{ticks}"
