"""The reward for programs: the last code block, run against the row's tests in the sandbox.

Not covered: anything about safety; that is `sandbox`, which this module alone imports, and only
when a program is run.
"""

from __future__ import annotations

import atexit
import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from rewards.columns import Role
from rewards.errors import InputError, WorkerError
from rewards.extraction.boxes import CodeBlock, last_code_block
from rewards.extraction.stated import UNFINISHED
from rewards.programs.assert_parts import split_asserts
from rewards.programs.row_tests import ProgramTests, Row, lacks_entry, read_tests
from rewards.reward import Reward, Sample
from rewards.verdict import Status, Verdict
from rlvr_cpus import cpus_per_rank

if TYPE_CHECKING:
    from sandbox import Limits, Outcome, Sandbox
    from sandbox.cases import Tests

_REASONS_MAX = 4
_ENTRY_COLUMNS = ("entry_point", "fn_name", "func_name")
_SETUP_COLUMNS = ("test_setup_code", "test_setup", "setup_code")
_NO_ENTRY = (
    "nothing names what to call: give its name (Solution().twoSum) as `entry_point`, a column or a "
    "key beside the tests, or with --entry"
)


@dataclass(frozen=True, slots=True)
class RowTests:
    """A tests cell with what other columns of its row say about it."""

    tests: object
    entry: str | None = None
    setup: str | None = None
    language: str | None = None
    checker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Code(Reward):
    """1 when the program passes every test, else 0; with `partial`, the share it passes.

    The program is the last fenced block after the reasoning. The tests come in any shape that
    `rewards.programs.row_tests` knows; columns `entry_point`, `fn_name`, `test_setup_code`,
    `checker` and `language` are read beside them, and so is a prompt that is Python itself.

    Where such a prompt ends in a function without a body (HumanEval), a program may continue it:
    a block, or a completion without any, whose first line is indented is run as prompt + program.
    `verify` takes cells of those columns by name: `code.verify(text, tests, entry_point="add")`.

    Attributes:
        partial: score the share of tests passed instead of all or nothing; of assert source, each
            assert at its top, or at the top of its `check(candidate)`, is a test.
        language: what programs are written in when neither row nor fence says so.
        wall_s, cpu_s, memory_mb: limits of one run (a stdin test is a run).
        tolerance: allowed difference between printed numbers, or returned ones.
        workers: programs run at the same time; by default one per usable CPU.
        allow_degraded: layers of confinement that may be missing, see `sandbox.Sandbox`.
    """

    name: str = "code"
    partial: bool = False
    language: str = "python"
    wall_s: float = 10.0
    cpu_s: float = 5.0
    memory_mb: int = 512
    tolerance: float = 0.0
    workers: int | None = None
    allow_degraded: frozenset[str] = frozenset()

    role: ClassVar[Role] = Role.TESTS
    also_reads: ClassVar[tuple[str, ...]] = (
        *_ENTRY_COLUMNS, *_SETUP_COLUMNS, "checker", "language",
    )  # fmt: skip

    def __post_init__(self) -> None:
        for name in ("wall_s", "cpu_s", "memory_mb"):
            if getattr(self, name) <= 0:
                raise InputError(f"Code({name}={getattr(self, name)!r}): it must be positive")
        if self.language != "python":
            from sandbox import BadTestsError  # noqa: PLC0415 - only where it is asked for
            from sandbox.languages import language_named  # noqa: PLC0415

            try:
                language_named(self.language)
            except BadTestsError as error:
                raise InputError(f"Code(language={self.language!r}): {error}") from None

    def judge(self, sample: Sample) -> Verdict:
        """Run one completion's program.

        Raises:
            WorkerError: no sandbox could be started on this machine.
        """
        answer = sample.answer_part()
        if answer is None:
            return Verdict(0.0, Status.NO_ANSWER, reason=UNFINISHED)
        block = last_code_block(answer)
        if block is None or not block.source.strip():
            # A completion that goes on where a Python prompt stops needs no fence.
            may_continue = isinstance(sample.prompt, str) and _BODY.match(answer) is not None
            if block is not None or not may_continue:
                return Verdict(0.0, Status.NO_ANSWER, reason=_NO_BLOCK)
        said = sample.row
        row = RowTests(
            sample.reference,
            entry=_text(said, _ENTRY_COLUMNS),
            setup=_text(said, _SETUP_COLUMNS),
            language=_text(said, ("language",)),
            checker=_text(said, ("checker",)),
        )
        return self._run(block or answer, row, sample.prompt)

    def judge_many(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Judge samples, as many at a time as there are workers, in order."""
        if len(samples) < 2:
            return [self._judge_safely(sample) for sample in samples]
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - dear to import

        count = min(len(samples), self.workers or cpus_per_rank())
        with ThreadPoolExecutor(count, thread_name_prefix="code-reward") as pool:
            return list(pool.map(self._judge_safely, samples))

    def warm_up(self) -> None:
        """Start the sandbox now rather than in the first training step.

        Raises:
            WorkerError: no sandbox can be started on this machine.
        """
        from sandbox import SandboxError  # noqa: PLC0415

        try:
            _sandbox(self.workers, self.allow_degraded)
        except SandboxError as error:
            raise WorkerError(str(error)) from error

    def _run(self, block: CodeBlock | str, row: RowTests, prompt: object) -> Verdict:
        """Run a block, or a text without one that may continue the prompt."""
        from sandbox import (  # noqa: PLC0415 - only where programs are run
            BadTestsError,
            MissingToolchainError,
            SandboxError,
        )

        started = perf_counter()
        source, tag = (block, "") if isinstance(block, str) else (block.source, block.language)
        try:
            tests, language, stub = self._tests(row, prompt, tag)
        except (InputError, BadTestsError) as error:
            return Verdict(None, Status.BAD_REFERENCE, extracted=source, reason=str(error))
        if stub and _BODY.match(source):
            source = stub + source
        elif isinstance(block, str):
            return Verdict(0.0, Status.NO_ANSWER, extracted=source, reason=_NO_BLOCK)
        if language is None:
            reason = f"a {tag} block where the tests want another language"
            return Verdict(0.0, Status.BAD_FORMAT, extracted=source, reason=reason)
        try:
            box = _sandbox(self.workers, self.allow_degraded)
            outcome = box.run(
                source,
                tests,
                language=language,
                limits=self._limits(),
                fail_fast=not self.partial,
            )
        except BadTestsError as error:
            return Verdict(None, Status.BAD_REFERENCE, extracted=source, reason=str(error))
        except MissingToolchainError as error:
            return Verdict(None, Status.NOT_APPLICABLE, extracted=source, reason=str(error))
        except SandboxError as error:
            raise WorkerError(str(error)) from error
        return replace(self._verdict(outcome, source), seconds=perf_counter() - started)

    def run_source(self, source: str, row: RowTests) -> dict[str, Any]:
        """The outcome of a program given as it is, as plain JSON values.

        Raises:
            InputError: the tests cannot be used, or the language has no toolchain here.
            WorkerError: no sandbox could be started on this machine.
        """
        from sandbox import BadTestsError, MissingToolchainError, SandboxError  # noqa: PLC0415

        try:
            tests, _, stub = self._tests(replace(row, language=self.language), None, "")
            if stub and _BODY.match(source):
                source = stub + source
            box = _sandbox(self.workers, self.allow_degraded)
            outcome = box.run(source, tests, language=self.language, limits=self._limits())
        except (BadTestsError, MissingToolchainError) as error:
            raise InputError(str(error)) from error
        except SandboxError as error:
            raise WorkerError(str(error)) from error
        shown = asdict(outcome) | {"passed": outcome.passed, "total": outcome.total}
        shown["status"] = outcome.status.value
        for test in shown["tests"]:
            test["status"] = test["status"].value
        return shown

    def _limits(self) -> Limits:
        from sandbox import Limits  # noqa: PLC0415

        return Limits(wall_s=self.wall_s, cpu_s=self.cpu_s, memory_mb=self.memory_mb)

    def _tests(self, row: RowTests, prompt: object, tag: str) -> tuple[Tests, str | None, str]:
        """The tests, the language (`None`: it is not the block's) and the stub to continue."""
        from sandbox import BadTestsError  # noqa: PLC0415
        from sandbox.languages import PYTHON_NAMES, language_named  # noqa: PLC0415

        spoken: str | None = None
        if tag:
            try:
                language_named(tag)
                spoken = "python" if tag in PYTHON_NAMES else tag
            except BadTestsError:  # a tag such as "text" says nothing
                spoken = None
        wanted = (row.language or "").strip().lower() or None
        is_python = (wanted or self.language) in PYTHON_NAMES
        read = read_tests(
            row.tests,
            Row(
                entry=row.entry,
                prompt=prompt if is_python else None,
                setup=row.setup,
                checker=row.checker,
            ),
        )
        if wanted is None and read.prints:
            wanted = spoken
        wanted = wanted or self.language
        language: str | None = wanted
        if spoken is not None and language_named(spoken) is not language_named(wanted):
            language = None
        return self._sandbox_tests(read), language, read.stub if is_python else ""

    def _sandbox_tests(self, read: ProgramTests) -> Tests:
        from sandbox import (  # noqa: PLC0415
            AssertTests,
            Case,
            Comparison,
            FunctionTests,
            StdinTests,
        )

        if read.asserts:
            if not read.entry and any(lacks_entry(test) for test in read.asserts):
                raise InputError(f"the tests define check(candidate), but {_NO_ENTRY}")
            parts = split_asserts(read.asserts[0]) if self._counts_parts(read) else read.asserts
            return AssertTests(
                parts, entry=read.entry, prelude=read.prelude, parts=len(parts) > len(read.asserts)
            )
        if read.prints:
            prints = [Case(stdin=case.stdin, expected=case.expected) for case in read.prints]
            return StdinTests(prints, tolerance=self.tolerance, checker=read.checker)
        if not read.entry:
            raise InputError(f"these are cases of a function, but {_NO_ENTRY}")
        calls = [
            Case(args=case.args, kwargs=case.kwargs, expected=case.expected)
            for case in read.functions
        ]
        comparison = Comparison(tolerance=self.tolerance)
        return FunctionTests(
            read.entry, calls, comparison=comparison, prelude=read.prelude, checker=read.checker
        )

    def _counts_parts(self, read: ProgramTests) -> bool:
        return self.partial and len(read.asserts) == 1

    def _verdict(self, outcome: Outcome, source: str) -> Verdict:
        from sandbox import Status as Ended  # noqa: PLC0415

        failed = [
            f"test {position}: {test.status.value}: {test.reason}"
            for position, test in enumerate(outcome.tests, 1)
            if test.status is not Ended.ACCEPTED and test.reason != "not reached"
        ]
        count = f"{outcome.passed} of {outcome.total} tests passed"
        reason = "; ".join([count, *failed[:_REASONS_MAX]])
        expected = f"{outcome.total} tests"
        ours = [test.reason for test in outcome.tests if test.status is Ended.INFRA_ERROR]
        if outcome.status is Ended.INFRA_ERROR or (ours and self.partial):
            why = outcome.reason if outcome.status is Ended.INFRA_ERROR else ours[0]
            return Verdict(None, Status.ERROR, extracted=source, reason=why)
        score = outcome.passed / outcome.total if self.partial else 0.0
        if outcome.status is Ended.ACCEPTED:
            score, status = 1.0, Status.CORRECT
        else:
            timed_out = outcome.status is Ended.TIME_LIMIT
            status = Status.TIMEOUT if timed_out else Status.WRONG
        return Verdict(score, status, extracted=source, expected=expected, reason=reason)


@dataclass(frozen=True)
class SandboxTrial:
    """What a sandbox that was started for a look says of itself.

    Attributes:
        layers: each layer of confinement; `None` where it is active, else why it is not.
        required: the layers without which no program is run, unless `allow_degraded` names them.
        works: whether a program ran as it should, with every layer that is required.
        reason: why it did not.
    """

    layers: Mapping[str, str | None]
    required: tuple[str, ...]
    works: bool
    reason: str = ""


def try_sandbox() -> SandboxTrial:
    """Start a sandbox with one worker, run a program in it and close it again.

    Raises:
        WorkerError: none can be started on this platform, whatever may be missing.
    """
    from sandbox import Case, Sandbox, SandboxError, StdinTests  # noqa: PLC0415
    from sandbox.box import REQUIRED  # noqa: PLC0415

    lacks = ""
    try:
        box = Sandbox(workers=1)
    except SandboxError as error:
        lacks = str(error)
        try:
            box = Sandbox(workers=1, allow_degraded=REQUIRED)
        except SandboxError:
            raise WorkerError(lacks) from error
    with box:
        outcome = box.run("print(6 * 7)", StdinTests([Case(stdin="", expected="42")]))
        report = box.report()
    active, missing = report["active"], report["unavailable"]
    layers: dict[str, str | None] = dict.fromkeys(active) if isinstance(active, list) else {}
    layers |= missing if isinstance(missing, dict) else {}
    works = not lacks and outcome.passed == outcome.total
    return SandboxTrial(layers, REQUIRED, works, lacks or outcome.reason)


def _text(said: Mapping[str, object], names: Sequence[str]) -> str | None:
    values = (said.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value.strip()), None)


_NO_BLOCK = "no closed code block after the reasoning"
_BODY = re.compile(r"(?:\s*\n)?[ \t]+\S")  # the first line that is not empty is indented


_lock = threading.Lock()
_sandboxes: dict[tuple[int | None, frozenset[str]], tuple[int, Sandbox]] = {}


def _sandbox(workers: int | None, allowed: frozenset[str]) -> Sandbox:
    """This process's sandbox; made at the first use, and anew after a fork."""
    from sandbox import Sandbox  # noqa: PLC0415

    key = (workers, allowed)
    with _lock:
        kept = _sandboxes.get(key)
        if kept is None or kept[0] != os.getpid():
            box = Sandbox(workers=workers, allow_degraded=allowed)
            if kept is None:
                atexit.register(box.close)
            _sandboxes[key] = kept = (os.getpid(), box)
        return kept[1]


code = Code()
