"""The reward for programs: the program among a completion's blocks, run against the row's tests.

Not covered: anything about safety; that is `sandbox`, which is imported only when a program is run.
Finding the program is `rewards.programs.choice`, reading the tests `rewards.programs.row_tests`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from rewards.columns import Role, without_arrays
from rewards.errors import InputError, WorkerError
from rewards.extraction.code_blocks import (
    Block,
    TooManyFencesError,
    find_blocks,
    hide_tags_in_programs,
    show_tags,
)
from rewards.extraction.stated import UNFINISHED
from rewards.programs.choice import Chosen, choose_program
from rewards.programs.facts import ALSO_READS
from rewards.programs.json_keys import with_number_keys
from rewards.programs.kept_rows import made_of, remembered
from rewards.programs.languages import Kind, Named, family
from rewards.programs.own_solutions import (
    BEGINNINGS,
    BODY,
    SOLUTION_COLUMNS,
    Program,
    own_solutions,
)
from rewards.programs.program_tests import ProgramTests
from rewards.programs.row_faults import RowFault, fault_of_row, is_worth_asking
from rewards.programs.row_tests import FAMILY_NAMES
from rewards.programs.run_verdicts import no_program, of_another_language, verdict_on
from rewards.programs.sandbox_tests import sandbox_tests
from rewards.programs.sandboxes import sandbox_with
from rewards.programs.task import RowTests, Task, read_task
from rewards.reward import Reward
from rewards.sample import Sample
from rewards.verdict import Stage, Status, Verdict
from rlvr_cpus import cpus_per_rank

if TYPE_CHECKING:
    from sandbox import Executor, Limits, Outcome, Sandbox
    from sandbox.cases import Tests

_STAGES_MAX = 40


@dataclass(frozen=True, kw_only=True)
class Code(Reward):
    """1 when the program passes every test, else 0; with `partial`, the share it passes.

    The program is chosen among the fenced blocks after the reasoning: by language, by what the
    tests call, by what can be a whole program (see `rewards.programs.choice`); a completion
    without a fence is a program where all of it compiles. The tests come in any shape that
    `rewards.programs.row_tests` knows; the columns of `also_reads` are read beside them, as is a
    prompt that is Python itself.

    Where such a prompt ends in a function without a body (HumanEval), a program may continue it:
    a block, or a completion without any, whose first line is indented is run as prompt + program.
    `verify` takes cells of those columns by name: `code.verify(text, tests, entry_point="add")`.

    What a program chooses never leaves it without a score: a language that the row does not ask
    for, an odd value or an answer that a checker cannot take are worth 0. Where a row holds a
    solution of its own, and a program runs out of time or lacks a module, that solution is run
    too, once a row: one that is too slow makes the row `bad_reference`, one that needs a module
    which is not to be had here makes it `not_applicable`, whatever program asked.

    Attributes:
        partial: score the share of tests passed instead of all or nothing; of assert source, each
            assert at its top, or at the top of its `check(candidate)`, is a test.
        language: what programs are written in when neither row nor fence says so.
        needs_fence: a completion without any fenced block is no program.
        wall_s, cpu_s, memory_mb: limits of one test, where the row states none.
        total_s: CPU seconds for all the tests of one program.
        time_scale: what a row's own time limit is multiplied by.
        in_process: judge asserts in the program's own process where a function of another language
            takes or returns what a judge cannot hold (structures of C); a program can then forge
            them, and is wrong without this.
        tolerance: allowed difference between printed numbers, or returned ones, where the row
            states none.
        modules: third-party modules that Python programs may import, where they are installed;
            by default those that people expect (numpy, pandas, sympy, …).
        processes: how many a Python program may be at a time, itself among them: with more than
            one, `subprocess` and `multiprocessing` work (where there are namespaces).
        solution_columns: where a row may hold solutions of its own; none: they are never run.
        workers: programs run at the same time; by default one per usable CPU.
        allow_degraded: layers of confinement that may be missing, see `sandbox.Sandbox`.
        executor: what runs the programs instead of this machine, such as `sandbox.RayPool`; it has
            workers, modules and layers of its own.
    """

    name: str = "code"
    partial: bool = False
    language: str = "python"
    needs_fence: bool = False
    wall_s: float = 10.0
    cpu_s: float = 5.0
    memory_mb: int = 512
    total_s: float = 60.0
    time_scale: float = 1.0
    tolerance: float = 0.0
    in_process: bool = False
    modules: tuple[str, ...] | None = None
    processes: int = 1
    solution_columns: tuple[str, ...] = SOLUTION_COLUMNS
    workers: int | None = None
    allow_degraded: frozenset[str] = frozenset()
    executor: Executor | None = field(default=None, repr=False)

    role: ClassVar[Role] = Role.TESTS

    @property
    def also_reads(self) -> tuple[str, ...]:  # type: ignore[override]  # an option names columns
        """The columns that are looked at beside the tests."""
        return (*ALSO_READS, *FAMILY_NAMES, *self._of_solutions)

    @property
    def _of_solutions(self) -> tuple[str, ...]:
        return (*self.solution_columns, *BEGINNINGS) if self.solution_columns else ()

    def __post_init__(self) -> None:
        for name in ("wall_s", "cpu_s", "memory_mb", "total_s", "time_scale", "processes"):
            if getattr(self, name) <= 0:
                raise InputError(f"Code({name}={getattr(self, name)!r}): it must be positive")
        for name in ("modules", "solution_columns"):
            names = getattr(self, name)
            if isinstance(names, str):
                raise InputError(f"Code({name}={names!r}): give a list of names")
            if names is not None:  # a list, as the command line has it, has no hash
                object.__setattr__(self, name, tuple(names))
        if self.language != "python":
            from sandbox import BadTestsError  # only where it is asked for
            from sandbox.languages import language_named

            try:
                language_named(self.language)
            except BadTestsError as error:
                raise InputError(f"Code(language={self.language!r}): {error}") from None

    def judge(self, sample: Sample) -> Verdict:
        """Run one completion's program.

        Raises:
            WorkerError: no sandbox could be started on this machine.
        """
        found = _blocks(sample)
        if isinstance(found, Verdict):
            return found
        answer, blocks = found
        if not blocks and not self._may_be_bare(answer, sample.prompt):
            return Verdict(0.0, Status.NO_ANSWER, reason=_NO_BLOCK)
        apart = self._of_solutions
        cells = {name: cell for name, cell in sample.row.items() if name not in apart}
        row = RowTests(sample.reference, cells=cells)
        try:
            task = self._remembered(row, sample.prompt)
        except InputError as error:
            return Verdict(None, Status.BAD_REFERENCE, reason=str(error))
        if task.asked is not None and task.asked.kind is Kind.FOREIGN:
            reason = f"the row asks for {task.asked.language}, which the sandbox does not run"
            return Verdict(None, Status.NOT_APPLICABLE, reason=reason)
        if not blocks:
            return self._run_bare(answer, task, sample)
        chosen = choose_program(blocks, task.wanted)
        if chosen is None:
            return Verdict(0.0, Status.NO_ANSWER, reason=no_program(blocks))
        if chosen.language.kind is Kind.FOREIGN:
            return of_another_language(chosen, "which nothing here runs")
        is_python = family(self._language(chosen, task)) == "python"
        if is_python and task.read.stub and BODY.match(chosen.source):
            chosen = replace(chosen, source=task.read.stub + chosen.source)
        languages = task.wanted.languages
        if chosen.language.kind is Kind.RUNS and languages and (
            family(chosen.language.language) not in languages
        ):  # fmt: skip
            return of_another_language(chosen, "where the tests want another language")
        return self._run(chosen, task, sample)

    def judge_many(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Judge samples, as many at a time as there are workers, in order."""
        if len(samples) < 2:
            return [self._judge_safely(sample) for sample in samples]
        from concurrent.futures import ThreadPoolExecutor  # dear to import

        here = self.workers or cpus_per_rank()
        count = min(len(samples), here if self.executor is None else self.executor.capacity)
        with ThreadPoolExecutor(count, thread_name_prefix="code-reward") as pool:
            return list(pool.map(self._judge_safely, samples))

    def stages(self, sample: Sample) -> list[Stage]:
        """The program that was taken, and how each of its tests ended."""
        seen: list[Outcome] = []

        class Watched(Code):
            def _verdict(self, outcome: Outcome, source: str) -> Verdict:
                seen.append(outcome)
                return super()._verdict(outcome, source)

        options = {field.name: getattr(self, field.name) for field in fields(self)}
        Watched(**{**options, "partial": True}).judge(sample)  # every test, not to the first fault
        tests = seen[-1].tests if seen else ()
        shown = [
            Stage(f"test {number}", f"{test.status.value}: {test.reason}".rstrip(": "))
            for number, test in enumerate(tests[:_STAGES_MAX], 1)
        ]
        left = len(tests) - len(shown)
        more = [Stage("tests", f"and {left} more")] if left else []
        return [*super().stages(sample), *shown, *more]

    def warm_up(self) -> None:
        """Start the sandbox now rather than in the first training step.

        Raises:
            WorkerError: no sandbox can be started on this machine.
        """
        from sandbox import SandboxError

        try:
            self._box()
        except SandboxError as error:
            raise WorkerError(str(error)) from error

    def _may_be_bare(self, answer: str, prompt: object) -> bool:
        """Whether text without a fence may be a program, or continue a Python prompt."""
        if isinstance(prompt, str) and BODY.match(answer) is not None:
            return True
        return not self.needs_fence and _BARE.match(answer) is not None

    def _run_bare(self, answer: str, task: Task, sample: Sample) -> Verdict:
        """Run a completion without a fence: prompt and body together, or a program that compiles.

        Whether it compiles is found out in the sandbox.
        """
        stub = task.read.stub
        continues = bool(stub) and BODY.match(answer) is not None
        speaks = not task.wanted.languages or "python" in task.wanted.languages
        if not continues and (self.needs_fence or not speaks or _BARE.match(answer) is None):
            return Verdict(0.0, Status.NO_ANSWER, extracted=answer, reason=_NO_BLOCK)
        source = stub + answer if continues else answer
        verdict = self._run(Chosen(source, "", Named(Kind.RUNS, "python")), task, sample)
        if not continues and verdict.status is Status.WRONG and "compile_error" in verdict.reason:
            return replace(verdict, status=Status.NO_ANSWER, reason=_NO_BLOCK)
        return verdict

    def _language(self, chosen: Chosen, task: Task) -> str:
        """What to run a program as: its tag says, then the row, then the option."""
        asked = task.asked.language if task.asked is not None else ""
        if chosen.language.kind is Kind.RUNS:
            said = chosen.language.language
            # A row's C++17 is more exact than a fence's cpp.
            return asked if asked and said == family(asked) else said
        return asked or self.language

    def _run(self, chosen: Chosen, task: Task, sample: Sample) -> Verdict:
        from sandbox import (  # only where programs are run
            BadTestsError,
            MissingToolchainError,
            SandboxError,
        )

        started = perf_counter()
        source, language = chosen.source, self._language(chosen, task)
        try:
            outcome = self._outcome(Program(source, language), task, fail_fast=not self.partial)
        except (InputError, BadTestsError) as error:
            return Verdict(None, Status.BAD_REFERENCE, extracted=source, reason=str(error))
        except MissingToolchainError as error:
            if task.asked is not None or family(language) == family(self.language):
                return Verdict(None, Status.NOT_APPLICABLE, extracted=source, reason=str(error))
            return of_another_language(chosen, f"which the row does not ask for: {error}")
        except SandboxError as error:
            raise WorkerError(str(error)) from error
        verdict = self._verdict(outcome, source)
        notes = [verdict.reason, chosen.note, _PUBLIC_ONLY if task.read.public_only else ""]
        reason = "; ".join(filter(None, notes))
        if verdict.score is not None and is_worth_asking(outcome):
            fault = self._fault_of(sample, task)
            if fault is not None:
                reason = f"{fault.reason}; the program: {reason}"
                verdict = replace(verdict, score=None, status=fault.status)
        return replace(verdict, reason=reason, seconds=perf_counter() - started)

    def _fault_of(self, sample: Sample, task: Task) -> RowFault | None:
        """What the row's own solutions say against it, where it has any."""
        # A column with one of these names may be that of the completions: none answers for its row.
        cells = {
            name: cell
            for name, cell in sample.row.items()
            if not (isinstance(cell, str) and cell == sample.completion)
        }
        solutions = own_solutions(
            cells, self.solution_columns, task=task, default=self.language, prompt=sample.prompt
        )

        def run(solution: Program) -> Outcome:
            return self._outcome(solution, task, fail_fast=True)

        tests = without_arrays([sample.reference, sorted(sample.row.items())])
        return fault_of_row((self, sample.prompt, tests), solutions, run)

    def _outcome(self, program: Program, task: Task, *, fail_fast: bool) -> Outcome:
        """How a program meets a row's tests: under the better of two readings, if it has two."""
        outcomes = []
        for tests in self._made(task):
            outcome = self._box().run(
                program.source, tests, language=program.language,
                limits=self._limits(task.read), fail_fast=fail_fast,
            )  # fmt: skip
            outcomes.append(outcome)
            if outcome.passed == outcome.total:
                break
        return max(outcomes, key=lambda outcome: outcome.passed)

    def run_source(self, source: str, row: RowTests) -> dict[str, Any]:
        """The outcome of a program given as it is, as plain JSON values.

        Raises:
            InputError: the tests cannot be used, or the language has no toolchain here.
            WorkerError: no sandbox could be started on this machine.
        """
        from sandbox import BadTestsError, MissingToolchainError, SandboxError

        try:
            task = read_task(replace(row, language=self.language), None, self.language)
            read = task.read
            if read.stub and BODY.match(source):
                source = read.stub + source
            outcome = self._outcome(Program(source, self.language), task, fail_fast=False)
        except (BadTestsError, MissingToolchainError) as error:
            raise InputError(str(error)) from error
        except SandboxError as error:
            raise WorkerError(str(error)) from error
        shown = asdict(outcome) | {"passed": outcome.passed, "total": outcome.total}
        shown["status"] = outcome.status.value
        for test in shown["tests"]:
            test["status"] = test["status"].value
        return shown

    def _box(self) -> Sandbox:
        return sandbox_with(self.workers, self.allow_degraded, self.modules, self.executor)

    def _limits(self, read: ProgramTests) -> Limits:
        """Limits of a test: the row's own where it states them."""
        from sandbox import Limits

        cpu_s, wall_s, memory_mb = self.cpu_s, self.wall_s, float(self.memory_mb)
        if read.facts.time_s is not None:
            cpu_s = read.facts.time_s * self.time_scale
            wall_s = max(cpu_s * self.wall_s / self.cpu_s, 1.0)
        if read.facts.memory_mb is not None:
            memory_mb = max(read.facts.memory_mb, _MEMORY_MIN_MB)
        total_s = max(self.total_s, cpu_s)
        return Limits(
            wall_s=wall_s, cpu_s=cpu_s, memory_mb=int(memory_mb), total_s=total_s,
            processes=self.processes,
        )  # fmt: skip

    def _remembered(self, row: RowTests, prompt: object) -> Task:
        """The row read, once for the completions of a group where it is made of text.

        Raises:
            InputError: its tests cannot be used.
        """
        key = (self, row.tests, prompt, *sorted(row.cells.items()))
        return remembered(key, lambda: read_task(row, prompt, self.language))

    def _made(self, task: Task) -> tuple[Tests, ...]:
        """The tests as the sandbox takes them; what was made for a row's task serves again.

        They are given twice where keys of arguments may be texts or numbers.
        """

        def make() -> tuple[Tests, ...]:
            readings = (task.read, with_number_keys(task.read))
            return tuple(
                sandbox_tests(read, tolerance=self.tolerance, in_process=self.in_process)
                for read in readings
                if read is not None
            )

        return made_of(task, make)

    def _verdict(self, outcome: Outcome, source: str) -> Verdict:
        return verdict_on(outcome, source, partial=self.partial)


_PUBLIC_ONLY = "judged by the public samples alone: the row has no others"
_MEMORY_MIN_MB = 64
_NO_BLOCK = "no closed code block after the reasoning"


def _blocks(sample: Sample) -> tuple[str, list[Block]] | Verdict:
    """What stands after the reasoning with its code blocks; or the verdict where there is none."""
    try:
        # A program may hold the text `</think>`, which ends no reasoning.
        hidden = hide_tags_in_programs(sample.completion)
        answer = sample._replace(completion=hidden).answer_part()
        if answer is None:
            return Verdict(0.0, Status.NO_ANSWER, reason=UNFINISHED)
        answer = show_tags(answer)
        return answer, find_blocks(answer)
    except TooManyFencesError as flood:
        return Verdict(0.0, Status.BAD_FORMAT, reason=str(flood))


# What the first line of a Python program may look like; prose seldom does.
_BARE = re.compile(
    r"\s*(?:#|\"\"\"|'''|@\w|(?:def|class|import|from|for|while|if|with|try|async|print)\b"
    r"|[A-Za-z_][\w., ]{0,80}\s?=[^=])"
)


code = Code()
