"""Scoring several files, each into a folder under its own name.

Beside the outputs a hidden folder `.rlvr` keeps, for each finished one, a small file with the plan
it was made from, its size and time, and its counts. A second run skips what an equal plan made,
goes on with what is half finished, and refuses an output that was made from something else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rewards.errors import DataFileError, InputError
from rewards.workbench.rows.output_file import reported
from rewards.workbench.rows.regular_file import open_regular_for_writing
from rewards.workbench.scoring.dispatch import KeptWorkers
from rewards.workbench.scoring.prepared_run import PreparedRun, ScoreOptions, prepare_run
from rewards.workbench.scoring.score import OnProgress, Progress, finish_run
from rewards.workbench.scoring.tally import Summary, Tally
from rewards.workbench.scoring.unfinished_output import (
    describe_difference,
    header_path,
    partial_path,
    sums_path,
)
from rewards.workbench.scoring.warning_signs import warning_signs

RECORDS = ".rlvr"
"""The folder of records, in the folder of the outputs."""


@dataclass(frozen=True, kw_only=True)
class ShardsSummary:
    """How a run over several files ended.

    Attributes:
        output_dir: the folder with the outputs.
        files: how each file ended; one that an earlier run finished has all its rows resumed.
        tally: the counts over all of them.
    """

    output_dir: Path
    files: tuple[Summary, ...]
    tally: Tally

    @property
    def resumed_rows(self) -> int:
        """How many rows earlier runs had already scored."""
        return sum(one.resumed_rows for one in self.files)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know, each sentence once."""
        return tuple(dict.fromkeys(note for one in self.files for note in one.notes))

    @property
    def signs(self) -> tuple[str, ...]:
        """Causes that may stand behind nearly all rows of all files, one sentence each."""
        return warning_signs(self.tally, self.files[0].columns if self.files else {})

    def to_dict(self) -> dict[str, object]:
        """The summary as plain JSON, for `--json`."""
        return {
            "output_dir": str(self.output_dir),
            "resumed_rows": self.resumed_rows,
            "notes": list(self.notes),
            "signs": list(self.signs),
            **self.tally.describe(),
            "files": [one.to_dict() for one in self.files],
        }


def place_outputs(inputs: Sequence[Path], output_dir: Path) -> list[Path]:
    """Where each input's rows go: a file of its name, or `NAME.jsonl` for a folder.

    Raises:
        InputError: two would go to the same place, or lie in the folder of the outputs.
    """
    taken: dict[str, Path] = {}
    for path in inputs:
        where = path.resolve()
        if output_dir.resolve() in {where, where.parent if path.is_file() else where}:
            raise InputError(
                f"{path}: is or lies in the folder of the outputs; choose another --output-dir, or "
                "leave it out"
            )
        name = f"{where.name}.jsonl" if path.is_dir() else path.name
        if name in taken:
            raise InputError(
                f"{taken[name]} and {path} would both be scored into {output_dir / name}; rename "
                "one, or score them into two folders"
            )
        taken[name] = path
    return [output_dir / name for name in taken]


def score_shards(
    options: ScoreOptions,
    inputs: Sequence[Path],
    output_dir: Path,
    *,
    on_progress: OnProgress | None = None,
) -> ShardsSummary:
    """Score several files, one after the other; on a Ray cluster, many at a time.

    All of them are looked at before the first row is judged, so that one without the right columns
    is found at once.

    Args:
        options: what to do with each; its own input and output do not matter.
        inputs: files or folders of rows.
        output_dir: the folder of the outputs, made where it is not there.
        on_progress: called with the progress over all files.

    Raises:
        InputError: something in the options or a file cannot be used, or an output was made from
            something else.
        WorkerError: no worker process can be started.
        KeyboardInterrupt: interrupted; its message says how to continue.
    """
    outputs = place_outputs(inputs, output_dir)
    with _made_folder(output_dir):
        runs = [
            prepare_run(replace(options, input=source, output=output))
            for source, output in zip(inputs, outputs, strict=True)
        ]
        finished = [_read_finished(run) for run in runs]
    done = {at: summary for at, summary in enumerate(finished) if summary is not None}
    if options.ray is not None:
        _finish_on_nodes(options.ray, runs, done, output_dir, on_progress)
    with closing(KeptWorkers()) as kept:
        for at, run in enumerate(runs):
            if at not in done:
                base = _measure(runs, done)
                done[at] = finish_shard(run, kept, on_progress=_over(base, on_progress))
    summaries = tuple(done[at] for at in range(len(runs)))
    return ShardsSummary(output_dir=output_dir, files=summaries, tally=_measure(runs, done).tally)


def _finish_on_nodes(
    address: str,
    runs: Sequence[PreparedRun],
    done: dict[int, Summary],
    output_dir: Path,
    on_progress: OnProgress | None,
) -> None:
    """Let nodes finish whole files where they can; what they finished is added to `done`."""
    from rewards.workbench.scoring.ray_shards import finish_on_nodes  # only where it is asked for

    left = {at: run for at, run in enumerate(runs) if at not in done}
    steps = finish_on_nodes(left, finish_shard, address=address, marks=output_dir / RECORDS)
    try:
        with closing(steps):
            for at, summary in steps:
                done[at] = summary
                if on_progress is not None:
                    on_progress(_measure(runs, done))
    except KeyboardInterrupt:
        message = (
            f"interrupted; {len(done)} of {len(runs)} files are finished and the rows of others "
            "kept: run the same command again to continue"
        )
        raise KeyboardInterrupt(message) from None


def finish_shard(
    run: PreparedRun, kept: KeptWorkers, *, on_progress: OnProgress | None = None
) -> Summary:
    """Score what is left of one file, and note that it is finished.

    Raises:
        InputError, WorkerError, KeyboardInterrupt: as `score_file` does.
    """
    return _read_finished(run) or finish_run(
        run,
        on_progress=on_progress,
        before_rename=lambda file, summary: _write_record(run, file, summary),
        kept=kept,
    )


def _measure(runs: Sequence[PreparedRun], done: Mapping[int, Summary]) -> Progress:
    """The progress when these files are finished and no others begun."""
    tally = Tally.of(runs[0].labels if runs else [])
    for at in sorted(done):
        tally.merge(done[at].tally)
    return Progress(
        rows=tally.rows,
        resumed_rows=sum(one.resumed_rows for one in done.values()),
        position_bytes=sum(_size(runs[at]) for at in done),
        size_bytes=sum(map(_size, runs)),
        tally=tally,
    )


def _over(base: Progress, on_progress: OnProgress | None) -> OnProgress | None:
    """The progress within a file, told as that over all files."""
    if on_progress is None:
        return None

    def listen(progress: Progress) -> None:
        tally = Tally.from_dict(base.tally.to_dict())
        tally.merge(progress.tally)
        on_progress(
            Progress(
                rows=base.rows + progress.rows,
                resumed_rows=base.resumed_rows + progress.resumed_rows,
                position_bytes=base.position_bytes + progress.position_bytes,
                size_bytes=base.size_bytes,
                tally=tally,
            )
        )

    return listen


def _read_finished(run: PreparedRun) -> Summary | None:
    """How the run ended when it was made before; `None` when it was not, or is to be made again.

    Raises:
        DataFileError: there is an output that something else made.
    """
    output = run.options.output
    if not output.exists():
        return None
    try:
        record = json.loads(_record_path(output).read_text(encoding="utf-8"))
        same = record["output"] == _stamp(output)
        difference = describe_difference(record["plan"], run.plan)
        tally = Tally.from_dict(record["tally"])
        notes = tuple(map(str, record["notes"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        same, difference = False, ""
    if same and not difference:
        _drop_leftovers(run)
        summary = run.summarise(tally, resumed_rows=tally.rows)
        return replace(summary, notes=notes)
    if run.options.overwrite:
        return None
    why = difference or f"{_record_path(output)} does not say that this command made it"
    raise DataFileError(
        f"{output}: already exists; {why}; choose another --output-dir, or replace it with "
        "--overwrite"
    )


def _drop_leftovers(run: PreparedRun) -> None:
    """Remove the unfinished rows of an output that is finished: killed in its very last moment."""
    header = header_path(run.options.output)
    with suppress(OSError, ValueError):
        if not describe_difference(json.loads(header.read_text(encoding="utf-8")), run.plan):
            partial_path(run.options.output).unlink(missing_ok=True)
            sums_path(run.options.output).unlink(missing_ok=True)
            header.unlink()


def _write_record(run: PreparedRun, finished: Path, summary: Summary) -> None:
    """Note what the output is, before it takes its place.

    Killed in between, the next run finds an output of another size or time, or none.
    """
    path = _record_path(run.options.output)
    record = {
        "plan": run.plan,
        "output": _stamp(finished),
        "tally": summary.tally.to_dict(),
        "notes": list(summary.notes),
    }
    with reported(path):
        path.parent.mkdir(exist_ok=True)
        new = path.with_name(path.name + ".new")
        with open_regular_for_writing(new) as file:
            file.write(json.dumps(record, indent=1).encode())
        new.replace(path)


def _record_path(output: Path) -> Path:
    return output.parent / RECORDS / f"{output.name}.json"


def _stamp(path: Path) -> dict[str, int]:
    status = path.stat()
    return {"size": status.st_size, "modification time (ns)": status.st_mtime_ns}


def _size(run: PreparedRun) -> int:
    size = run.plan["input"]["size"]
    return size if isinstance(size, int) else 0


@contextmanager
def _made_folder(path: Path) -> Iterator[None]:
    """The folder of the outputs; removed again when nothing comes of it."""
    made = not path.exists()
    if not made and not path.is_dir():
        raise DataFileError(f"{path}: is no folder; choose another --output-dir")
    with reported(path):
        path.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if made:
            with suppress(OSError):
                path.rmdir()
        raise
