"""The verdicts of several rewards on the rows of a file: judged now, or read where they stand."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from rewards.errors import DataFileError, InputError
from rewards.named.spec import reward_named
from rewards.verdict import Status, Verdict
from rewards.workbench.rows.readers import open_rows
from rewards.workbench.rows.rows import parse_row
from rewards.workbench.scoring.completion_lists import unfold_named
from rewards.workbench.scoring.prepared_run import ScoreOptions
from rewards.workbench.scoring.reward_arguments import NamedReward
from rewards.workbench.scoring.row_columns import NamedColumns
from rewards.workbench.scoring.score import Progress, score_file
from rewards.workbench.scoring.written_verdicts import read_verdict


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """One row with a verdict of every reward.

    Attributes:
        line: its number in the file, from 1.
        row: its columns; none when it cannot be read.
        verdicts: by the rewards' names; a missing one is an error that says so.
    """

    line: int
    row: Mapping[str, object]
    verdicts: Mapping[str, Verdict]


def split_rewards(
    path: Path, rewards: Sequence[NamedReward], written: Sequence[str]
) -> tuple[list[str], list[NamedReward]]:
    """Which rewards have their verdicts in the file, and which have to be judged.

    A bare name that is a column of verdicts means these; `NAME=REWARD` always judges.

    Raises:
        InputError: there is no such reward, here or in the file.
    """
    read = [one.label for one in rewards if one.label == one.source and one.label in written]
    judge = [one for one in rewards if one.label not in read]
    for one in judge:
        _check_reward(one, path, written)
    return read, judge


def read_judged_rows(  # noqa: PLR0913 - the options of scoring and what to score
    path: Path,
    read: Sequence[str],
    judge: Sequence[NamedReward],
    *,
    workers: int | None,
    named: NamedColumns,
    on_progress: Callable[[Progress], None] | None,
    columns: dict[str, str | None],
) -> Generator[JudgedRow]:
    """The rows of a file in order; what has to be judged goes through a temporary file first.

    `columns` is told which columns judging reads for what.

    Raises:
        InputError: something in the options or the file cannot be used.
        KeyboardInterrupt: interrupted; nothing is left behind.
    """
    labels = [*read, *(one.label for one in judge)]
    with ExitStack() as stack:
        source = path
        if judge:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="rlvr-compare-")))
            source = folder / "judged.jsonl"
            columns |= _score(
                ScoreOptions(
                    input=path,
                    output=source,
                    rewards=[f"{one.label}={one.source}" for one in judge],
                    workers=workers,
                    named=named,
                ),
                on_progress,
            )
        lines = stack.enter_context(open_rows(path))
        rows = stack.enter_context(open_rows(source))
        for original, raw in zip_longest(lines, rows):
            if original is None or raw is None:
                raise DataFileError(f"{path}: changed while it was read; run the command again")
            parsed = parse_row(raw)
            row, flaw = ({}, parsed) if isinstance(parsed, str) else (parsed, "")
            for one in unfold_named(row, named.completion):
                verdicts = {label: _verdict(one, label, flaw) for label in labels}
                yield JudgedRow(original.line, one, verdicts)


def _check_reward(one: NamedReward, path: Path, written: Sequence[str]) -> None:
    try:
        reward_named(one.source)
    except InputError as error:
        if not written:
            raise
        held = ", ".join(written)
        raise InputError(f"{error}. {path} itself holds verdicts of: {held}") from None


def _score(
    options: ScoreOptions, on_progress: Callable[[Progress], None] | None
) -> Mapping[str, str | None]:
    try:
        return score_file(options, on_progress=on_progress).columns
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; nothing is written") from None
    except DataFileError as error:
        folder = options.output.parent
        if not str(error).startswith(str(folder)):
            raise
        raise DataFileError(
            f"{folder}: the verdicts cannot be kept here (is the disk full?); set TMPDIR to a "
            f"folder with room for about twice {options.input}"
        ) from None


def _verdict(row: Mapping[str, object], label: str, flaw: str) -> Verdict:
    found = read_verdict(row.get(label))
    if found is not None:
        return found
    return Verdict(None, Status.ERROR, reason=flaw or f"the row holds no verdict of {label}")
