"""The whole job: a file of completions in, the same rows with verdicts out."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rewards.errors import DataFileError
from rewards.workbench.rows.rows import RowReader
from rewards.workbench.scoring.completion_lists import each_verdict
from rewards.workbench.scoring.dispatch import KeptWorkers, judge_here, judge_in_workers
from rewards.workbench.scoring.judge import JudgedChunk
from rewards.workbench.scoring.prepared_run import PreparedRun, ScoreOptions, prepare_run
from rewards.workbench.scoring.row_limits import Patience, expect_patience
from rewards.workbench.scoring.tally import Summary, Tally
from rewards.workbench.scoring.unfinished_output import PartialOutput
from rlvr_cpus import usable_cpus


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
