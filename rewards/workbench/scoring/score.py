"""The whole job: a file of completions in, the same rows with verdicts out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from rewards.errors import DataFileError, InputError
from rewards.extras import version_of
from rewards.named.own_code import is_file_path, source_file
from rewards.named.spec import own_code_in, reward_named
from rewards.reward import Reward
from rewards.workbench.rows.input_files import check_apart, describe_input
from rewards.workbench.rows.joined_rows import read_joined
from rewards.workbench.rows.output_file import check_place
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import RowReader
from rewards.workbench.scoring.completion_lists import each_verdict
from rewards.workbench.scoring.dispatch import KeptWorkers, judge_here, judge_in_workers
from rewards.workbench.scoring.judge import JudgedChunk
from rewards.workbench.scoring.reward_arguments import NamedReward, read_reward_arguments
from rewards.workbench.scoring.row_columns import Columns, NamedColumns, choose_columns, paths_of
from rewards.workbench.scoring.row_limits import Patience, RowLimits, expect_patience
from rewards.workbench.scoring.row_parts import Job
from rewards.workbench.scoring.tally import Summary, Tally
from rewards.workbench.scoring.unfinished_output import OutputPlan, PartialOutput, partial_path
from rewards.workbench.scoring.verdict_cache import CacheFullError, check_cache, describe_code
from rewards.workbench.scoring.warning_signs import warning_signs
from rlvr_cpus import usable_cpus


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """What to score, with what, and where to.

    Attributes:
        input: a file or folder of rows, in any format that `open_rows` knows.
        output: where the rows and verdicts go; packed when the name ends in `.gz`, `.zst` or
            `.parquet`.
        rewards: each a name, `module:object`, or `NAME=` before either.
        workers: worker processes; `None` for one per usable CPU, 0 to judge in this process.
        named: columns that the user named.
        limits: what a user's own reward may use for one row, in worker processes.
        cache: a file in which verdicts are remembered from run to run; `None` for none.
        references: a file with what the rows lack, by their ids; `None` for none.
        join_on: the columns with the ids; see `read_joined`.
        flat: write verdicts to parquet as one column a field.
        overwrite: replace a finished output, and drop an unfinished one that does not match.
        ray: the address of a Ray cluster whose nodes judge, or `local`; `None` for none.
    """

    input: Path
    output: Path
    rewards: Sequence[str]
    workers: int | None = None
    named: NamedColumns = field(default_factory=NamedColumns)
    limits: RowLimits = field(default_factory=RowLimits)
    cache: Path | None = None
    references: Path | None = None
    join_on: str | None = None
    flat: bool = False
    overwrite: bool = False
    ray: str | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        rows: rows in the output so far, those of earlier runs included.
        resumed_rows: how many of them are from earlier runs.
        position_bytes: about where in the input the last of these rows ends.
        size_bytes: how long it is.
        tally: the counts so far.
    """

    rows: int
    resumed_rows: int
    position_bytes: int
    size_bytes: int
    tally: Tally


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class PreparedRun:
    """A run whose options and input have been looked at.

    Attributes:
        options: what it does.
        job: what its workers are told.
        columns: the columns in use.
        plan: what its output is made from.
        opened: opens its input.
    """

    options: ScoreOptions
    job: Job
    columns: Columns
    plan: OutputPlan
    opened: Callable[[Path], RowReader] = open_rows

    @property
    def labels(self) -> list[str]:
        """The names of its rewards."""
        return [label for label, _ in self.job["rewards"]]

    def summarise(self, tally: Tally, *, resumed_rows: int, notes: Sequence[str] = ()) -> Summary:
        """How it ended."""
        references = self.columns.references_seen
        columns = {
            "completion": self.columns.completion,
            "prompt": self.columns.prompt,
            "reference": references[0] if references else None,
            "tests": self.columns.tests_seen[0] if self.columns.tests_seen else None,
        }
        return Summary(
            input=self.options.input,
            output=self.options.output,
            tally=tally,
            resumed_rows=resumed_rows,
            columns=columns,
            notes=(*self.columns.notes, *notes),
            signs=warning_signs(tally, columns),
        )


def score_file(options: ScoreOptions, *, on_progress: OnProgress | None = None) -> Summary:
    """Score a file; continue where an interrupted run with the same options ended.

    Memory does not grow with the file. The output is the same, byte for byte, however often the
    run was interrupted and however many workers it had.

    Args:
        options: what to do.
        on_progress: called at the start and after each chunk of rows.

    Raises:
        InputError: something in the options or the file cannot be used.
        WorkerError: no worker process can be started.
        KeyboardInterrupt: interrupted; its message says how to continue.
    """
    return finish_run(prepare_run(options), on_progress=on_progress)


def prepare_run(options: ScoreOptions) -> PreparedRun:
    """Look at the options and at the head of the input.

    Raises:
        InputError: something in them cannot be used.
    """
    named_rewards = read_reward_arguments(options.rewards)
    rewards = [(named.label, reward_named(named.source)) for named in named_rewards]
    check_place(options.output)
    if options.flat and options.output.suffix.lower() != ".parquet":
        raise InputError(f"{options.output}: --flat is for parquet; end the name in .parquet")
    for written in (options.output, partial_path(options.output)):
        check_apart(options.input, written)
    joined = None
    if options.references is not None:
        joined = read_joined(options.input, options.references, options.join_on)
    opened = joined.open if joined is not None else open_rows
    columns = choose_columns(
        options.input,
        [(label, reward if isinstance(reward, Reward) else None) for label, reward in rewards],
        options.named,
        opened,
    )
    job: Job = {
        "rewards": [(named.label, named.source) for named in named_rewards],
        "completion": columns.completion,
        "prompt": columns.prompt,
        "reference": columns.reference,
        "search_path": str(Path.cwd()),
        "several": columns.several,
        "others": list(columns.other_completions),
        "tests": options.named.tests,
        "paths": [
            *paths_of(
                [
                    *vars(options.named).values(),
                    *(reward.column for _, reward in rewards if isinstance(reward, Reward)),
                ]
            )
        ],
    }
    if options.cache is not None:
        try:
            job |= {"cache": check_cache(options.cache), "code": describe_code()}
        except CacheFullError as error:
            columns = replace(columns, notes=(*columns.notes, str(error)))
    plan = _describe_run(options, named_rewards, columns)
    if joined is not None:
        by = {"column": joined.by, "other column": joined.by_other}
        plan = {**plan, "references": {**describe_input(joined.path), **by}}
    return PreparedRun(options=options, job=job, columns=columns, plan=plan, opened=opened)


def finish_run(
    run: PreparedRun,
    *,
    on_progress: OnProgress | None = None,
    before_rename: Callable[[Path, Summary], None] | None = None,
    kept: KeptWorkers | None = None,
) -> Summary:
    """Score what is left of a run, and put its output in place.

    Args:
        run: what `prepare_run` made of the options.
        on_progress: called at the start and after each chunk of rows.
        before_rename: called with the finished file before it is renamed to the output.
        kept: worker processes that outlive the run.

    Raises:
        InputError, WorkerError, KeyboardInterrupt: as `score_file` does.
    """
    options = run.options
    with (
        PartialOutput(options.output, run.plan, overwrite=options.overwrite) as partial,
        run.opened(options.input) as reader,
    ):
        patience = expect_patience(run.job, options.limits)
        tally = _count_written(partial, run, patience)
        resumed = reader.skip(partial.rows_done)
        if resumed != partial.rows_done:
            raise DataFileError(
                f"{partial.path}: holds more rows than {options.input}; start afresh with "
                "--overwrite"
            )

        def note_finished(finished: Path, notes: tuple[str, ...]) -> None:
            if before_rename is not None:
                before_rename(finished, run.summarise(tally, resumed_rows=resumed, notes=notes))

        try:
            with closing(_write_rest(_judge(run, reader, patience, kept), partial, tally)) as steps:
                for _ in steps:
                    if on_progress is not None:
                        on_progress(_measure(reader, partial, tally, resumed_rows=resumed))
            notes = partial.finish(before=note_finished, flat=options.flat)
        except KeyboardInterrupt:
            state = "nothing is written yet"
            if partial.rows_done:
                state = f"{partial.rows_done:,} rows are kept in {partial.path}"
            message = f"interrupted; {state}: run the same command again to continue"
            raise KeyboardInterrupt(message) from None
    return run.summarise(tally, resumed_rows=resumed, notes=notes)


def _judge(
    run: PreparedRun, reader: RowReader, patience: Patience, kept: KeptWorkers | None
) -> Generator[JudgedChunk]:
    options = run.options
    if options.ray is not None:
        from rewards.workbench.scoring.ray_blocks import judge_on_ray  # only where it is asked for

        return judge_on_ray(
            run.job, reader, address=options.ray, limits=options.limits, patience=patience
        )
    workers = usable_cpus() if options.workers is None else options.workers
    if not workers:
        return judge_here(run.job, reader)
    return judge_in_workers(
        run.job, reader, workers=workers, limits=options.limits, patience=patience, kept=kept
    )


def _write_rest(
    chunks: Generator[JudgedChunk], partial: PartialOutput, tally: Tally
) -> Generator[None]:
    """Judge, write and count the rows that are left; yields at the start and after each chunk."""
    with closing(chunks):
        yield
        for chunk in chunks:
            partial.append(chunk["lines"])
            tally.merge(Tally.from_dict(chunk["tally"]))
            yield


def _measure(
    reader: RowReader, partial: PartialOutput, tally: Tally, *, resumed_rows: int
) -> Progress:
    return Progress(
        rows=partial.rows_done,
        resumed_rows=resumed_rows,
        position_bytes=reader.locate(partial.rows_done),
        size_bytes=reader.size_bytes,
        tally=tally,
    )


def _describe_run(
    options: ScoreOptions, rewards: Sequence[NamedReward], columns: Columns
) -> OutputPlan:
    """What the output depends on: an unfinished one is continued only when all of it is equal."""
    own_code = [path for one in rewards for path in own_code_in(one.source)]
    limits = {
        "row timeout (s)": options.limits.timeout_s,
        "row memory (MB)": options.limits.memory_mb,
    }
    return {
        "input": describe_input(options.input),
        "run": {
            "rewards": ", ".join(f"{one.label}={one.source}" for one in rewards),
            "completion column": columns.completion,
            "prompt column": columns.prompt,
            "reference column": columns.reference,
            **({"completions in a row": "several"} if columns.several else {}),
            **(
                {"other completion columns": ", ".join(columns.other_completions)}
                if columns.other_completions
                else {}
            ),
            **({"tests column": options.named.tests} if options.named.tests else {}),
            **({"columns of verdicts": "flat"} if options.flat else {}),
            **(limits if own_code else {}),
        },
        "code": {
            "rlvr": version_of("rlvr"),
            **{path: _digest_source(path) for path in own_code},
        },
    }


def _digest_source(source: str) -> str | None:
    """A hash of the module that holds a user's reward."""
    if is_file_path(source):
        file = source_file(source, Path.cwd())
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    spec = find_spec(source.partition(":")[0])
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        return None
    return hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()[:16]


def _count_written(partial: PartialOutput, run: PreparedRun, patience: Patience) -> Tally:
    """The counts of the rows that earlier runs wrote, for the tally and for patience."""
    tally = Tally.of(run.labels)
    if partial.rows_done:
        # The verdicts end each line. Their names cannot stand inside a JSON string like this:
        # quotes are escaped there.
        name = json.dumps(run.labels[0], ensure_ascii=False)
        marks = [f"{name}: {opening}".encode() for opening in "{["]
        for number, line in enumerate(partial.written_lines(), 1):
            start = max(line.rfind(mark) for mark in marks)
            try:
                results = json.loads(b"{" + line[start:])
                tally.add(results)
                columns = [each_verdict(results[label]) for label in run.labels]
                for verdicts in zip(*columns, strict=True):
                    patience.count(dict(zip(run.labels, verdicts, strict=True)))
            except (ValueError, KeyError, TypeError, AttributeError):
                raise DataFileError(
                    f"{partial.path}:{number}: is no line of an rlvr output; start afresh with "
                    "--overwrite"
                ) from None
    return tally
